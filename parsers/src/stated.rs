//! Reads a line in the format that is stated for it.

use std::borrow::Cow;

use crate::syslog::shape;
#[rustfmt::skip]
use crate::{
    Context, Format, LogEvent,
    access,
    apache_error,
    app,
    auditd,
    cef,
    cisco_asa,
    content,
    detect,
    elb,
    filterlog,
    haproxy,
    iptables,
    json,
    leef,
    line_parser,
    ltsv,
    nginx_error,
    pan_os,
    plain,
    push,
    squid,
    syslog,
    winevent,
};

/// Reads `line` in `format`; see [`format::parse`](crate::format::parse).
pub(crate) fn read<'a>(format: Format, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    if detect::coloured::is(line)
        && let Some(plain) = detect::coloured::without_colours(line)
    {
        return read(format, &plain, cx).into_owned();
    }
    match format {
        Format::Auto => detect::read(line, cx),
        Format::Access => stated(access::parse(line, cx), "not an access log line", line, cx),
        Format::ApacheError => stated(apache_error::parse(line, cx), "not a line of Apache's error log", line, cx),
        Format::Csv | Format::Tsv | Format::W3c | Format::Zeek => line_parser::without_header(format, line),
        Format::Elb => stated(elb::parse(line, cx), "not a line of a load balancer's log", line, cx),
        Format::Haproxy => stated(haproxy::parse(line, cx), "not a line of HAProxy's log", line, cx),
        Format::Ltsv => stated(ltsv::parse(line, cx), "not labelled tab-separated values", line, cx),
        Format::NginxError => stated(nginx_error::parse(line, cx), "not a line of nginx's error log", line, cx),
        Format::Squid => stated(squid::parse(line, cx), "not a line of Squid's log", line, cx),
        Format::Android => {
            stated(app::android::parse(line, cx).map(app::completed), "not a line of Android's log", line, cx)
        }
        Format::App => stated(app::parse(line, cx), "not a line of a known program's log", line, cx),
        Format::Dotnet => {
            stated(app::dotnet::parse(line, cx).map(app::completed), "not a line of a .NET logger", line, cx)
        }
        Format::Elasticsearch => stated(
            app::elasticsearch::parse(line, cx).map(app::completed),
            "not a line of Elasticsearch's log",
            line,
            cx,
        ),
        Format::Erlang => {
            stated(app::erlang::parse(line, cx).map(app::completed), "not a line of an Erlang logger", line, cx)
        }
        Format::Exim => stated(app::exim::parse(line, cx).map(app::completed), "not a line of Exim's log", line, cx),
        Format::Gelf => push::gelf::parse(line, cx),
        Format::Go => stated(app::go::parse(line, cx).map(app::completed), "not a line of Go's logger", line, cx),
        Format::Java => stated(app::java::parse(line, cx).map(app::completed), "not a line of a Java logger", line, cx),
        Format::Klog => stated(app::klog::parse(line, cx).map(app::completed), "not a line of klog", line, cx),
        Format::Mongodb => {
            stated(app::mongodb::parse(line, cx).map(app::completed), "not a line of MongoDB's log", line, cx)
        }
        Format::Mysql => stated(app::mysql::parse(line, cx).map(app::completed), "not a line of MySQL's log", line, cx),
        Format::Nagios => {
            stated(app::nagios::parse(line, cx).map(app::completed), "not a line of Nagios' log", line, cx)
        }
        Format::Node => stated(app::node::parse(line, cx).map(app::completed), "not a line of a Node logger", line, cx),
        Format::Php => stated(app::php::parse(line, cx).map(app::completed), "not a line of a PHP log", line, cx),
        Format::Postgresql => {
            stated(app::postgresql::parse(line, cx).map(app::completed), "not a line of PostgreSQL's log", line, cx)
        }
        Format::Python => {
            stated(app::python::parse(line, cx).map(app::completed), "not a line of a Python logger", line, cx)
        }
        Format::Redis => stated(app::redis::parse(line, cx).map(app::completed), "not a line of Redis' log", line, cx),
        Format::Ruby => stated(app::ruby::parse(line, cx).map(app::completed), "not a line of a Ruby logger", line, cx),
        Format::Rust => stated(app::rust::parse(line, cx).map(app::completed), "not a line of a Rust logger", line, cx),
        Format::Winevent => stated(winevent::parse(line, cx), "not a Windows event", line, cx),
        Format::Auditd => stated(auditd::parse(line, cx), "not an audit record", line, cx),
        Format::Cef => {
            let event = stated(cef::parse(line, cx), "not in CEF", line, cx);
            if event.parse_error.is_some() { cef::behind_any_header(line, cx).unwrap_or(event) } else { event }
        }
        Format::CiscoAsa => stated(cisco_asa::parse(line, cx), "not a message of a Cisco firewall", line, cx),
        Format::Filterlog => stated(filterlog::parse(line, cx), "not a line of filterlog", line, cx),
        Format::Iptables => stated(iptables::parse(line, cx), "not a packet filter's line", line, cx),
        Format::Leef => stated(leef::parse(line, cx), "not in LEEF", line, cx),
        Format::Logfmt => stated(content::parse_stated_pairs(line, cx), "not in logfmt", line, cx),
        Format::PanOs => stated(pan_os::parse(line, cx), "not a traffic or threat log", line, cx),
        Format::Syslog => detect::syslog(line, cx),
        Format::Rfc5424 => only(syslog::rfc5424::parse(line, cx), line, cx),
        Format::Rfc3164 => only(syslog::rfc3164::parse(line, cx), line, cx),
        Format::Json => json::parse(line, cx),
        Format::Plain => content::parse_stated_plain(line, cx),
    }
}

/// What a stated format's parser made of `line`. A syslog header may precede what the format says; a line that is
/// neither is kept whole.
fn stated<'a>(outcome: Option<LogEvent<'a>>, error: &'static str, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    if let Some(event) = outcome {
        return event;
    }
    let text = line.trim_ascii_start();
    let has_header = shape::has_priority(text) || syslog::stamp::read(text, cx).is_some();
    let within = has_header.then(|| detect::syslog(line, cx));
    // What the content says is in attributes; a header alone is not the format.
    within.filter(|event| event.parse_error.is_none() && !event.attributes.is_empty()).unwrap_or_else(|| LogEvent {
        message: Cow::Borrowed(line),
        format: plain::FORMAT,
        parse_error: Some(Cow::Borrowed(error)),
        ..LogEvent::default()
    })
}

/// Reads a record of one kind of syslog; in another it is kept whole, with the priority if it states one.
fn only<'a>(outcome: Result<LogEvent<'a>, syslog::ParseError>, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let error = match outcome {
        Ok(mut event) => {
            content::complete(&mut event, line, cx);
            return event;
        }
        Err(error) => error,
    };
    let LogEvent { facility, severity, .. } = syslog::parse(line, cx);
    LogEvent {
        facility,
        severity,
        message: Cow::Borrowed(line),
        format: plain::FORMAT,
        parse_error: Some(Cow::Borrowed(error.as_str())),
        ..LogEvent::default()
    }
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Zone};

    const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

    #[test]
    fn a_stated_format_is_kept_to() {
        let line = b"<13>Nov 14 22:13:20 web1 app: text";
        let other = parse(Format::Rfc5424, line, &CX);
        assert!(other.parse_error.is_some());
        assert_eq!((other.facility, other.severity), (Some(1), Some(5)));
        assert!(parse(Format::Json, line, &CX).parse_error.is_some());
        let plain = parse(Format::Plain, line, &CX);
        assert_eq!((&*plain.message, plain.parse_error), (&line[..], None));
    }
}
