//! The formats of single records, by their names.

use std::fmt;
use std::str::FromStr;

use crate::{Context, LogEvent, stated};

/// How a source's lines are to be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Format {
    /// Each line by what it is; see [`parse`].
    #[default]
    Auto,
    /// Access logs of web servers ([`access`](crate::access)).
    Access,
    /// Apache's error log ([`apache_error`](crate::apache_error)).
    ApacheError,
    /// CSV with a header ([`LineParser`](crate::LineParser)).
    Csv,
    /// Access logs of Amazon's load balancers ([`elb`](crate::elb)).
    Elb,
    /// HAProxy's logs ([`haproxy`](crate::haproxy)).
    Haproxy,
    /// Labelled tab-separated values ([`ltsv`](crate::ltsv)).
    Ltsv,
    /// nginx's error log ([`nginx_error`](crate::nginx_error)).
    NginxError,
    /// Squid's access log ([`squid`](crate::squid)).
    Squid,
    /// Tab-separated values with a header ([`LineParser`](crate::LineParser)).
    Tsv,
    /// The W3C extended format: IIS and others ([`LineParser`](crate::LineParser)).
    W3c,
    /// Zeek's own format ([`LineParser`](crate::LineParser)).
    Zeek,
    /// Android's logcat ([`app::android`](crate::app::android)).
    Android,
    /// Any program's own log that is known ([`app`](crate::app)).
    App,
    /// .NET's loggers ([`app::dotnet`](crate::app::dotnet)).
    Dotnet,
    /// Elasticsearch, OpenSearch and Logstash ([`app::elasticsearch`](crate::app::elasticsearch)).
    Elasticsearch,
    /// Erlang's and Elixir's loggers: RabbitMQ and others ([`app::erlang`](crate::app::erlang)).
    Erlang,
    /// Exim's main log ([`app::exim`](crate::app::exim)).
    Exim,
    /// The messages of Graylog's clients ([`push::gelf`](crate::push::gelf)).
    Gelf,
    /// Go's standard logger ([`app::go`](crate::app::go)).
    Go,
    /// Java's loggers: log4j, logback, Spring Boot, Tomcat, Hadoop and others ([`app::java`](crate::app::java)).
    Java,
    /// klog and glog: Kubernetes and others ([`app::klog`](crate::app::klog)).
    Klog,
    /// MongoDB's text log ([`app::mongodb`](crate::app::mongodb)).
    Mongodb,
    /// The error, general and slow query logs of MySQL and MariaDB ([`app::mysql`](crate::app::mysql)).
    Mysql,
    /// Nagios, Icinga and Naemon ([`app::nagios`](crate::app::nagios)).
    Nagios,
    /// Node's loggers: winston, log4js, pino-pretty ([`app::node`](crate::app::node)).
    Node,
    /// PHP's error log, PHP-FPM, and Monolog ([`app::php`](crate::app::php)).
    Php,
    /// PostgreSQL's server log, as text or CSV ([`app::postgresql`](crate::app::postgresql)).
    Postgresql,
    /// Python's loggers, and programs that bring their own ([`app::python`](crate::app::python)).
    Python,
    /// Redis and Valkey ([`app::redis`](crate::app::redis)).
    Redis,
    /// Ruby's logger, Rails and Sidekiq ([`app::ruby`](crate::app::ruby)).
    Ruby,
    /// Rust's env_logger and tracing ([`app::rust`](crate::app::rust)).
    Rust,
    /// Windows events as XML, or as Snare's text ([`winevent`](crate::winevent)).
    Winevent,
    /// The records of Linux' audit daemon ([`auditd`](crate::auditd)).
    Auditd,
    /// ArcSight's Common Event Format ([`cef`](crate::cef)).
    Cef,
    /// Messages of Cisco's firewalls ([`cisco_asa`](crate::cisco_asa)).
    CiscoAsa,
    /// The packet filter's log of pfSense and OPNsense ([`filterlog`](crate::filterlog)).
    Filterlog,
    /// What Linux' packet filters log ([`iptables`](crate::iptables)).
    Iptables,
    /// QRadar's Log Event Extended Format ([`leef`](crate::leef)).
    Leef,
    /// logfmt and other `key=value` pairs ([`logfmt`](crate::logfmt)).
    Logfmt,
    /// Traffic and threat logs of Palo Alto's firewalls ([`pan_os`](crate::pan_os)).
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
/// (`Nov 14 22:13:20`), is syslog. Of the formats that have a shape of their own, those are asked next that a line with this
/// beginning may be in. All else is what its first bytes say (CEF, LEEF, an audit record, a firewall's line, `key=value`
/// pairs), or plain text.
/// What the message of a syslog record holds (a JSON object, a web server's line, a Windows event, one of those formats, or what a
/// program says of a login) completes the record; the message stays as it is. The same holds of a stated format behind a syslog header.
#[must_use]
pub fn parse<'a>(format: Format, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
    stated::read(format, line, cx)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    #[test]
    fn names_are_read_in_any_case_and_written_in_lower_case() {
        for &format in Format::ALL {
            assert_eq!(format.to_string().to_uppercase().parse(), Ok(format));
        }
        let error = "xml".parse::<Format>().unwrap_err().to_string();
        assert!(error.starts_with("unknown format \"xml\": use auto, ") && error.contains(", plain"), "{error}");
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_or_kept_whole_in_any_format(line: Vec<u8>) {
            let cx = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };
            for &format in Format::ALL {
                let event = parse(format, &line, &cx);
                proptest::prop_assert!(event.parse_error.is_none() || *event.message == *line);
            }
        }
    }
}
