//! The formats of single records, and which of them a line is in.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

#[rustfmt::skip]
use crate::{
    Context, LogEvent,
    access,
    apache_error,
    app,
    auditd,
    cef,
    cisco_asa,
    content,
    cri,
    elb,
    filterlog,
    haproxy,
    iptables,
    json,
    leef,
    level_names,
    line_parser,
    logfmt,
    ltsv,
    nginx_error,
    pan_os,
    plain,
    push,
    squid,
    syslog,
    timestamp,
    winevent,
    wrapped,
};

/// How a source's lines are to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Each line by what it is; see [`parse`].
    #[default]
    Auto,
    /// Access logs of web servers ([`access`]).
    Access,
    /// Apache's error log ([`apache_error`]).
    ApacheError,
    /// CSV with a header ([`LineParser`](crate::LineParser)).
    Csv,
    /// Access logs of Amazon's load balancers ([`elb`]).
    Elb,
    /// HAProxy's logs ([`haproxy`]).
    Haproxy,
    /// Labelled tab-separated values ([`ltsv`]).
    Ltsv,
    /// nginx's error log ([`nginx_error`]).
    NginxError,
    /// Squid's access log ([`squid`]).
    Squid,
    /// Tab-separated values with a header ([`LineParser`](crate::LineParser)).
    Tsv,
    /// The W3C extended format: IIS and others ([`LineParser`](crate::LineParser)).
    W3c,
    /// Zeek's own format ([`LineParser`](crate::LineParser)).
    Zeek,
    /// Android's logcat ([`app::android`]).
    Android,
    /// Any program's own log that is known ([`app`]).
    App,
    /// .NET's loggers ([`app::dotnet`]).
    Dotnet,
    /// Elasticsearch, OpenSearch and Logstash ([`app::elasticsearch`]).
    Elasticsearch,
    /// Erlang's and Elixir's loggers: RabbitMQ and others ([`app::erlang`]).
    Erlang,
    /// Exim's main log ([`app::exim`]).
    Exim,
    /// The messages of Graylog's clients ([`push::gelf`]).
    Gelf,
    /// Go's standard logger ([`app::go`]).
    Go,
    /// Java's loggers: log4j, logback, Spring Boot, Tomcat, Hadoop and others ([`app::java`]).
    Java,
    /// klog and glog: Kubernetes and others ([`app::klog`]).
    Klog,
    /// MongoDB's text log ([`app::mongodb`]).
    Mongodb,
    /// The error, general and slow query logs of MySQL and MariaDB ([`app::mysql`]).
    Mysql,
    /// Nagios, Icinga and Naemon ([`app::nagios`]).
    Nagios,
    /// Node's loggers: winston, log4js, pino-pretty ([`app::node`]).
    Node,
    /// PHP's error log, PHP-FPM, and Monolog ([`app::php`]).
    Php,
    /// PostgreSQL's server log, as text or CSV ([`app::postgresql`]).
    Postgresql,
    /// Python's loggers, and programs that bring their own ([`app::python`]).
    Python,
    /// Redis and Valkey ([`app::redis`]).
    Redis,
    /// Ruby's logger, Rails and Sidekiq ([`app::ruby`]).
    Ruby,
    /// Rust's env_logger and tracing ([`app::rust`]).
    Rust,
    /// Windows events as XML, or as Snare's text ([`winevent`]).
    Winevent,
    /// The records of Linux' audit daemon ([`auditd`]).
    Auditd,
    /// ArcSight's Common Event Format ([`cef`]).
    Cef,
    /// Messages of Cisco's firewalls ([`cisco_asa`]).
    CiscoAsa,
    /// The packet filter's log of pfSense and OPNsense ([`filterlog`]).
    Filterlog,
    /// What Linux' packet filters log ([`iptables`]).
    Iptables,
    /// QRadar's Log Event Extended Format ([`leef`]).
    Leef,
    /// logfmt and other `key=value` pairs ([`logfmt`]).
    Logfmt,
    /// Traffic and threat logs of Palo Alto's firewalls ([`pan_os`]).
    PanOs,
    /// Syslog, RFC 5424 or RFC 3164, by the version after the priority.
    Syslog,
    /// The syslog protocol, RFC 5424.
    Rfc5424,
    /// BSD syslog, RFC 3164.
    Rfc3164,
    /// One JSON object a line.
    Json,
    /// Text without further structure.
    Plain,
}

/// A word that names no format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown format \"{0}\": use {names}", names = Format::names())]
pub struct UnknownFormat(pub String);

impl Format {
    /// All formats.
    #[rustfmt::skip]
    pub const ALL: &'static [Self] = &[
        Self::Auto,
        Self::Access,
        Self::ApacheError,
        Self::Csv,
        Self::Elb,
        Self::Haproxy,
        Self::Ltsv,
        Self::NginxError,
        Self::Squid,
        Self::Tsv,
        Self::W3c,
        Self::Zeek,
        Self::Android,
        Self::App,
        Self::Dotnet,
        Self::Elasticsearch,
        Self::Erlang,
        Self::Exim,
        Self::Gelf,
        Self::Go,
        Self::Java,
        Self::Klog,
        Self::Mongodb,
        Self::Mysql,
        Self::Nagios,
        Self::Node,
        Self::Php,
        Self::Postgresql,
        Self::Python,
        Self::Redis,
        Self::Ruby,
        Self::Rust,
        Self::Winevent,
        Self::Auditd,
        Self::Cef,
        Self::CiscoAsa,
        Self::Filterlog,
        Self::Iptables,
        Self::Leef,
        Self::Logfmt,
        Self::PanOs,
        Self::Syslog,
        Self::Rfc5424,
        Self::Rfc3164,
        Self::Json,
        Self::Plain,
    ];

    /// All names, for people.
    fn names() -> String {
        Self::ALL.iter().map(|format| format.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The name in lower case, as it is configured.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Access => "access",
            Self::ApacheError => "apache_error",
            Self::Csv => "csv",
            Self::Elb => "elb",
            Self::Haproxy => "haproxy",
            Self::Ltsv => "ltsv",
            Self::NginxError => "nginx_error",
            Self::Squid => "squid",
            Self::Tsv => "tsv",
            Self::W3c => "w3c",
            Self::Zeek => "zeek",
            Self::Android => "android",
            Self::App => "app",
            Self::Dotnet => "dotnet",
            Self::Elasticsearch => "elasticsearch",
            Self::Erlang => "erlang",
            Self::Exim => "exim",
            Self::Gelf => "gelf",
            Self::Go => "go",
            Self::Java => "java",
            Self::Klog => "klog",
            Self::Mongodb => "mongodb",
            Self::Mysql => "mysql",
            Self::Nagios => "nagios",
            Self::Node => "node",
            Self::Php => "php",
            Self::Postgresql => "postgresql",
            Self::Python => "python",
            Self::Redis => "redis",
            Self::Ruby => "ruby",
            Self::Rust => "rust",
            Self::Winevent => "winevent",
            Self::Auditd => "auditd",
            Self::Cef => "cef",
            Self::CiscoAsa => "cisco_asa",
            Self::Filterlog => "filterlog",
            Self::Iptables => "iptables",
            Self::Leef => "leef",
            Self::Logfmt => "logfmt",
            Self::PanOs => "pan_os",
            Self::Syslog => "syslog",
            Self::Rfc5424 => "rfc5424",
            Self::Rfc3164 => "rfc3164",
            Self::Json => "json",
            Self::Plain => "plain",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    /// Accepts the names of [`Format::as_str`] in any case.
    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|format| format.as_str().eq_ignore_ascii_case(word))
            .ok_or_else(|| UnknownFormat(word.to_owned()))
    }
}

/// Reads one record in `format`, without what other lines say of it (the header of a table): for those in their order there is
/// [`LineParser`](crate::LineParser). Never fails; see the parser of each format for what it makes of lines in another.
///
/// [`Format::Auto`] decides by how the line begins: `{` is JSON; `<` with a number and `>`, or the stamp of RFC 3164
/// (`Nov 14 22:13:20`), is syslog. The parsers of the formats that have a shape of their own are asked next, one after
/// another; each refuses a line of another format after a look at a few of its bytes. All else is what its first bytes say (CEF, LEEF,
/// an audit record, a firewall's line, `key=value` pairs), or plain text.
/// What the message of a syslog record holds (a JSON object, a web server's line, a Windows event, one of those formats, or what a
/// program says of a login) completes the record; the message stays as it is. The same holds of a stated format behind a syslog header.
#[must_use]
pub fn parse<'a>(format: Format, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    match format {
        Format::Auto => auto(line, cx),
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
        Format::Cef => stated(cef::parse(line, cx), "not in CEF", line, cx),
        Format::CiscoAsa => stated(cisco_asa::parse(line, cx), "not a message of a Cisco firewall", line, cx),
        Format::Filterlog => stated(filterlog::parse(line, cx), "not a line of filterlog", line, cx),
        Format::Iptables => stated(iptables::parse(line, cx), "not a packet filter's line", line, cx),
        Format::Leef => stated(leef::parse(line, cx), "not in LEEF", line, cx),
        Format::Logfmt => stated(logfmt::parse(line, cx), "not in logfmt", line, cx),
        Format::PanOs => stated(pan_os::parse(line, cx), "not a traffic or threat log", line, cx),
        Format::Syslog => with_content(syslog::parse(line, cx), line, cx),
        Format::Rfc5424 => only(syslog::rfc5424::parse(line, cx), line, cx),
        Format::Rfc3164 => only(syslog::rfc3164::parse(line, cx), line, cx),
        Format::Json => json::parse(line, cx),
        Format::Plain => plain::parse(line, cx),
    }
}

fn auto<'a>(line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line).trim_ascii_start();
    match text.first() {
        Some(b'{') => return json::parse(line, cx),
        Some(b'<') if has_priority(text) => return with_content(syslog::parse(line, cx), line, cx),
        Some(b'A'..=b'Z') if has_bsd_stamp(text) => return with_content(syslog::parse(line, cx), line, cx),
        _ => {}
    }
    for parse in SHAPED {
        if let Some(event) = parse(line, cx) {
            return event;
        }
    }
    if has_iso_header(line) {
        return with_content(syslog::parse(line, cx), line, cx);
    }
    content::parse(line, cx)
}

type Parser = for<'a> fn(&'a [u8], &Context) -> Option<LogEvent<'a>>;

/// The parsers of formats that have a shape of their own.
#[rustfmt::skip]
const SHAPED: &[Parser] = &[
    // A container runtime's lines come first, for they hold those of other formats.
    cri::parse,
    access::parse,
    apache_error::parse,
    elb::parse,
    haproxy::parse,
    ltsv::parse_plain,
    nginx_error::parse,
    squid::parse,
    // Behind those whose lines are alike.
    app::parse,
    winevent::parse,
];

/// Reads `line` in a format whose parser is sure of its lines: what it takes is in no other format. `None` for all others.
#[rustfmt::skip]
pub(crate) fn parse_exactly<'a>(format: Format, line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    match format {
        Format::Access => access::parse(line, cx),
        Format::ApacheError => apache_error::parse(line, cx),
        Format::Elb => elb::parse(line, cx),
        Format::Haproxy => haproxy::parse(line, cx),
        Format::NginxError => nginx_error::parse(line, cx),
        Format::Squid => squid::parse(line, cx),
        _ => None,
    }
}

/// What a stated format's parser made of `line`. A syslog header may precede what the format says; a line that is
/// neither is kept whole.
fn stated<'a>(outcome: Option<LogEvent<'a>>, error: &'static str, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    if let Some(event) = outcome {
        return event;
    }
    let text = line.trim_ascii_start();
    let has_header = has_priority(text) || syslog::stamp::read(text, cx).is_some();
    let within = has_header.then(|| with_content(syslog::parse(line, cx), line, cx));
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
        Ok(event) => return with_content(event, line, cx),
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

/// `event` with what its message holds.
fn with_content<'a>(mut event: LogEvent<'a>, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    if event.parse_error.is_none() {
        content::complete(&mut event, line, cx);
        wrapped::complete(&mut event, cx);
        winevent::complete_from_message(&mut event, cx);
    }
    event
}

/// Whether `text` begins with a number in angle brackets.
pub(crate) fn has_priority(text: &[u8]) -> bool {
    let digits = text.iter().skip(1).take_while(|b| b.is_ascii_digit()).count();
    (1..=10).contains(&digits) && text.get(digits + 1) == Some(&b'>')
}

/// Whether `text` begins with the stamp of RFC 3164, section 4.1.2: `Nov 14 22:13:20` or `Nov  4 22:13:20`.
pub(crate) fn has_bsd_stamp(text: &[u8]) -> bool {
    const MONTHS: [&[u8]; 12] =
        [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
    let Some((month, rest)) = text.split_at_checked(3) else {
        return false;
    };
    let [b' ', tens, ones, b' ', h, i, b':', m, n, b':', s, t, ..] = rest else {
        return false;
    };
    let digits = [ones, h, i, m, n, s, t].iter().all(|b| b.is_ascii_digit());
    MONTHS.contains(&month) && digits && (*tens == b' ' || tens.is_ascii_digit())
}

/// Whether `line` is one of a file that a syslog daemon wrote: an ISO 8601 stamp, a host, and a tag or a JSON object.
fn has_iso_header(line: &[u8]) -> bool {
    let Some(b'T') = line.get(10) else { return false };
    let Some((_, rest)) = timestamp::iso_prefix(line, crate::Zone::UTC) else { return false };
    let Some(rest) = rest.strip_prefix(b" ") else { return false };
    let word =
        |text: &[u8]| text.iter().take(64).take_while(|b| b.is_ascii_alphanumeric() || b"._-/".contains(b)).count();
    let (host, rest) = rest.split_at_checked(word(rest)).unwrap_or_default();
    // Other programs begin a line with a stamp and a level.
    let is_host =
        !host.is_empty() && std::str::from_utf8(host).is_ok_and(|host| level_names::from_word(host).is_none());
    let Some(rest) = rest.strip_prefix(b" ").filter(|_| is_host) else { return false };
    let object = rest.trim_ascii_start();
    if object.starts_with(b"{") {
        return object.trim_ascii_end().ends_with(b"}");
    }
    // MikroTik's topics and Palo Alto's lists stand in the place of a tag.
    if object.starts_with(b"firewall,") || object.starts_with(b"1,20") {
        return true;
    }
    let (tag, rest) = rest.split_at_checked(word(rest)).unwrap_or_default();
    let rest = match rest.strip_prefix(b"[") {
        Some(pid) => {
            pid.get(pid.iter().take_while(|b| b.is_ascii_digit()).count()..).and_then(|r| r.strip_prefix(b"]"))
        }
        None => Some(rest),
    };
    !tag.is_empty() && rest.is_some_and(|rest| rest.starts_with(b": "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Level, Zone};

    #[test]
    fn names_are_read_in_any_case_and_written_in_lower_case() {
        for &format in Format::ALL {
            assert_eq!(format.to_string().to_uppercase().parse(), Ok(format));
        }
        let error = "xml".parse::<Format>().unwrap_err().to_string();
        assert!(error.starts_with("unknown format \"xml\": use auto, ") && error.contains(", plain"), "{error}");
    }

    const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };

    #[test]
    fn auto_decides_by_how_the_line_begins() {
        for (line, format) in [
            (r#"{"msg":"m"}"#, "json"),
            (r#" {"msg""#, "json"),
            ("<13>Nov 14 22:13:20 web1 app: text", "rfc3164"),
            ("<13>1 2023-11-14T22:13:20Z web1 app - - - text", "rfc5424"),
            ("Nov  4 22:13:20 web1 app: text", "rfc3164"),
            ("192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 1", "access"),
            ("[Tue Nov 14 22:13:20 2023] [error] [client 192.0.2.7] text", "apache_error"),
            ("2023-11-14T22:13:20Z stderr F text", "cri"),
            ("time:2023-11-14T22:13:20Z\tlevel:info", "ltsv"),
            ("2023/11/14 22:13:20 [error] 1#1: text", "nginx_error"),
            ("2023-11-14T22:13:20.5+01:00 web1 sshd[7]: text", "rfc3164"),
            ("2023-11-14T22:13:20.5+01:00 192.0.2.7 {\"a\":1}", "rfc3164"),
            ("2023-11-14T22:13:20Z ERROR text", "plain"),
            ("2023-11-14T22:13:20Z ERROR app: text", "rust"),
            ("2023-11-14T22:13:20Z web1 some text", "plain"),
            ("192.0.2.7:5059 [14/Nov/2023:22:13:20.001] in/bind1: SSL handshake failure", "haproxy"),
            ("1700000000.123     16 192.0.2.7 TCP_MISS/200 1 GET http://a.example/ - HIER_DIRECT/- -", "squid"),
            ("2023-11-14 22:13:20,123 INFO  [main] c.e.App - text", "java"),
            ("<Event><System><EventID>7</EventID></System></Event>", "winevent"),
            ("<b>bold</b>", "plain"),
            ("November rain", "plain"),
            ("", "plain"),
        ] {
            assert_eq!(parse(Format::Auto, line.as_bytes(), &CX).format, format, "{line}");
        }
    }

    #[test]
    fn json_after_a_syslog_header_gives_its_fields_and_stays_the_message() {
        for message in [
            r#"{"level":"error","user":"bob","n":3,"message":"inner"}"#,
            r#"@cee: {"level":"error","user":"bob","n":3}"#,
        ] {
            let line = format!("<14>Nov 14 22:13:20 web1 shop[7]: {message}");
            let event = parse(Format::Auto, line.as_bytes(), &CX);
            assert_eq!(&*event.message, message.as_bytes());
            assert_eq!((&*event.host, &*event.app, &*event.proc_id, &*event.user_name), ("web1", "shop", "7", "bob"));
            assert_eq!((event.level, event.severity), (Level::Error, Some(6)));
            assert_eq!(event.attributes.get("n"), Some("3"));
        }
    }

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

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_kept_whole_in_any_format(line: Vec<u8>) {
            for &format in Format::ALL {
                let event = parse(format, &line, &CX);
                proptest::prop_assert!(event.parse_error.is_none() || *event.message == *line);
            }
        }
    }
}
