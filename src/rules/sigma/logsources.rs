//! The log sources that Sigma's rules name, as conditions on our records and as places of their fields.
//!
//! A source is the first row that fits in all that the rule states; a row's `None` fits only where the rule states nothing, so
//! that a rule for a service never gets the condition of another. What no row fits is asked of every record.

use super::when::When::{self, All, Any, App, Facility, Format, Has, Is, Not};
use super::windows;

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Source {
    product: Option<&'static str>,
    category: Option<&'static str>,
    service: Option<&'static str>,
    /// What its records are like.
    pub(crate) when: When,
    /// Where Sigma's fields are: attributes, or columns with an `@`; the first that is there counts.
    pub(crate) fields: &'static [(&'static str, &'static [&'static str])],
    /// Whether `fields` are all that there are; else a record may have any attribute.
    pub(crate) closed: bool,
    /// Whether a field is that of every record of an event, as the audit daemon has them.
    pub(crate) joined: bool,
    /// What rules write before the names of fields, and records may lack; in lower case.
    pub(crate) envelope: Option<&'static str>,
}

impl Source {
    pub(crate) const fn of(
        product: Option<&'static str>,
        category: Option<&'static str>,
        service: Option<&'static str>,
        when: When,
        fields: &'static [(&'static str, &'static [&'static str])],
    ) -> Self {
        Self { product, category, service, when, fields, closed: false, joined: false, envelope: None }
    }

    const fn closed(self) -> Self {
        Self { closed: true, ..self }
    }

    const fn joined(self) -> Self {
        Self { joined: true, ..self }
    }

    const fn within(self, envelope: &'static str) -> Self {
        Self { envelope: Some(envelope), ..self }
    }

    fn fits(&self, product: Option<&str>, category: Option<&str>, service: Option<&str>) -> bool {
        let same = |ours: Option<&str>, theirs: Option<&str>| match (ours, theirs) {
            (Some(ours), Some(theirs)) => ours.eq_ignore_ascii_case(theirs),
            (None, None) => true,
            _ => false,
        };
        same(self.product, product) && same(self.category, category) && same(self.service, service)
    }
}

/// How a row was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is the rule's own.
    Exact,
    /// It is that of the rule's category or product: it has the rule's records, and others.
    Wider,
}

/// The row for what a rule states: its own, else that of its category, else that of its product.
pub(crate) fn find(
    product: Option<&str>,
    category: Option<&str>,
    service: Option<&str>,
) -> Option<(&'static Source, Found)> {
    let row = |product, category, service| {
        let all = [windows::CATEGORIES, windows::SERVICES, SOURCES].into_iter().flatten();
        all.clone().find(|source| source.fits(product, category, service))
    };
    if let Some(source) = row(product, category, service) {
        return Some((source, Found::Exact));
    }
    let by_category = |product| category.and_then(|category| row(product, Some(category), None));
    let wider = by_category(product)
        .or_else(|| service.and_then(|service| row(product, None, Some(service))))
        .or_else(|| by_category(None))
        .or_else(|| product.and_then(|product| row(Some(product), None, None)));
    wider.map(|source| (source, Found::Wider))
}

const SYSLOG: &[&str] = &["rfc3164", "rfc5424", "journal"];

/// Records of a Linux or Unix machine.
const UNIX: When =
    All(&[Any(&[Format(SYSLOG), Format(&["auditd", "plain", "cri"]), Has("_TRANSPORT")]), Not(&windows::ANY)]);
const AUTH_APPS: &[&str] =
    &["sshd", "sshd-session", "sudo", "su", "login", "systemd-logind", "polkitd", "passwd", "useradd"];
const AUDITD: When = Format(&["auditd"]);

/// Fields of records whose text says it all.
const MESSAGE: &[(&str, &[&str])] = &[
    ("message", &["@message"]),
    ("Message", &["@message"]),
    ("User", &["@user_name"]),
    ("user", &["@user_name"]),
    ("src_ip", &["@ip"]),
    ("hostname", &["@host"]),
    ("Host", &["@host"]),
    ("process", &["@app"]),
    ("program", &["@app"]),
    ("pid", &["@proc_id"]),
    ("outcome", &["outcome"]),
];

/// The start of a process, from Sysmon for Linux or from the audit daemon (`+`: the field of every record of an event).
const PROCESS: &[(&str, &[&str])] = &[
    ("Image", &["Image", "+exe"]),
    ("CommandLine", &["CommandLine", "+proctitle", "+cmd"]),
    ("CurrentDirectory", &["CurrentDirectory", "+cwd"]),
    ("User", &["User", "@user_name"]),
    ("ProcessId", &["ProcessId", "+pid", "@proc_id"]),
    ("ParentProcessId", &["ParentProcessId", "+ppid"]),
    ("ParentImage", &["ParentImage"]),
    ("ParentCommandLine", &["ParentCommandLine"]),
    ("LogonId", &["LogonId", "+ses"]),
    ("Computer", &["@host"]),
];

const WEB: When = Any(&[
    Format(&["access", "elb", "haproxy"]),
    All(&[Format(&["w3c", "ltsv", "json", "logfmt", "csv", "tsv"]), Any(&[Has("cs-method"), Has("sc-status")])]),
]);

/// Requests, in the names of the W3C's format.
const REQUEST: &[(&str, &[&str])] = &[
    ("cs-method", &["cs-method", "method", "request_method", "http.request.method"]),
    ("cs-uri", &["cs-uri", "path", "url", "request_uri", "uri"]),
    ("c-uri", &["c-uri", "cs-uri", "url", "path", "cs-uri-stem", "request_uri", "uri"]),
    ("cs-uri-stem", &["cs-uri-stem", "path", "url", "request_uri", "uri"]),
    ("cs-uri-query", &["cs-uri-query", "query", "path", "url", "request_uri", "uri"]),
    ("c-uri-query", &["c-uri-query", "cs-uri-query", "query", "path", "url"]),
    ("cs-user-agent", &["cs-user-agent", "cs(User-Agent)", "user_agent", "http_user_agent", "agent"]),
    ("c-useragent", &["c-useragent", "cs-user-agent", "cs(User-Agent)", "user_agent", "http_user_agent"]),
    ("cs-referer", &["cs-referer", "cs(Referer)", "referrer", "http_referer", "referer"]),
    ("cs-referrer", &["cs(Referer)", "referrer", "http_referer", "referer"]),
    ("cs-cookie", &["cs-cookie", "cs(Cookie)", "cookie"]),
    ("cs-host", &["cs-host", "cs(Host)", "vhost", "server_name", "http_host"]),
    ("cs-username", &["@user_name"]),
    ("cs-bytes", &["cs-bytes", "request_length", "bytes_received"]),
    ("sc-bytes", &["sc-bytes", "bytes", "body_bytes_sent", "bytes_sent"]),
    ("sc-status", &["sc-status", "status", "http.response.status_code"]),
    ("cs-version", &["cs-version", "protocol"]),
    ("c-ip", &["@ip"]),
    ("src_ip", &["@ip"]),
    ("s-ip", &["s-ip"]),
    ("s-port", &["s-port"]),
    ("r-dns", &["r-dns", "cs-host", "vhost"]),
    ("time-taken", &["time-taken", "request_time"]),
];

const FIREWALL: When = Any(&[
    Format(&["cisco_asa", "iptables", "filterlog", "pan_os", "connection", "cef", "leef"]),
    Has("dst_ip"),
    Has("DPT"),
]);

/// Connections, in the names of the firewalls that our parsers read.
const CONNECTION: &[(&str, &[&str])] = &[
    ("action", &["action", "act", "deviceAction"]),
    ("src_ip", &["src_ip", "src", "SRC", "id.orig_h", "@ip"]),
    ("dst_ip", &["dst_ip", "dst", "DST", "id.resp_h", "destination_ip"]),
    ("src_port", &["src_port", "sport", "SPT", "spt", "id.orig_p", "srcPort"]),
    ("dst_port", &["dst_port", "dport", "DPT", "dpt", "id.resp_p", "dstPort"]),
    ("protocol", &["protocol", "proto", "PROTO"]),
    ("interface", &["interface", "IN", "src_interface"]),
    ("username", &["@user_name"]),
    ("blocked", &["blocked"]),
];

const CLOUDTRAIL: &[(&str, &[&str])] = &[
    ("eventName", &["eventName", "@msg_id"]),
    ("eventSource", &["eventSource", "@app"]),
    ("sourceIPAddress", &["sourceIPAddress", "@ip"]),
    ("userIdentity.userName", &["userIdentity.userName", "@user_name"]),
    ("eventTime", &["eventTime", "@timestamp"]),
];

macro_rules! linux {
    ($service:literal, $when:expr) => {
        Source::of(Some("linux"), None, Some($service), $when, MESSAGE)
    };
}

macro_rules! zeek {
    ($service:literal, $column:literal) => {
        Source::of(
            Some("zeek"),
            None,
            Some($service),
            Any(&[All(&[Format(&["zeek"]), Has($column)]), Is("_path", &[$service])]),
            CONNECTION,
        )
    };
}

pub(super) const SOURCES: &[Source] = &[
    linux!("sshd", App(&["sshd", "sshd-session", "sshd-auth"])),
    linux!("auth", Any(&[Facility(4), Facility(10), App(AUTH_APPS)])),
    linux!("sudo", App(&["sudo"])),
    linux!("su", App(&["su"])),
    linux!("cron", Any(&[Facility(9), App(&["cron", "crond", "anacron", "CRON"])])),
    linux!("syslog", All(&[Format(SYSLOG), Not(&windows::ANY)])),
    linux!("vsftpd", App(&["vsftpd"])),
    linux!("guacamole", App(&["guacd", "guacamole"])),
    linux!("clamav", App(&["clamd", "clamav", "clamscan", "freshclam"])),
    Source::of(Some("linux"), None, Some("auditd"), AUDITD, &[]).joined(),
    Source::of(None, None, Some("auditd"), AUDITD, &[]).joined(),
    Source::of(
        Some("linux"),
        Some("process_creation"),
        None,
        Any(&[
            All(&[Any(&[App(&["Linux-Sysmon"]), Is("Channel", &["Linux-Sysmon/Operational"])]), Is("EventID", &["1"])]),
            All(&[AUDITD, Is("type", &["SYSCALL", "EXECVE", "PROCTITLE"])]),
        ]),
        PROCESS,
    )
    .closed(),
    Source::of(
        Some("linux"),
        Some("network_connection"),
        None,
        All(&[Any(&[App(&["Linux-Sysmon"]), Is("Channel", &["Linux-Sysmon/Operational"])]), Is("EventID", &["3"])]),
        windows::FIELDS,
    ),
    Source::of(
        Some("linux"),
        Some("file_event"),
        None,
        All(&[Any(&[App(&["Linux-Sysmon"]), Is("Channel", &["Linux-Sysmon/Operational"])]), Is("EventID", &["11"])]),
        windows::FIELDS,
    ),
    Source::of(Some("linux"), None, Some("sysmon"), App(&["Linux-Sysmon"]), windows::FIELDS),
    Source::of(Some("linux"), None, Some("modsecurity"), Any(&[Format(&["apache_error", "nginx_error"])]), MESSAGE),
    Source::of(Some("linux"), None, None, UNIX, MESSAGE),
    Source::of(None, None, Some("syslog"), Format(SYSLOG), MESSAGE),
    Source::of(None, None, Some("sshd"), App(&["sshd", "sshd-session", "sshd-auth"]), MESSAGE),
    Source::of(Some("modsecurity"), None, None, Format(&["apache_error", "nginx_error"]), MESSAGE),
    Source::of(None, Some("webserver"), None, WEB, REQUEST).closed(),
    Source::of(Some("apache"), None, Some("access"), Format(&["access"]), REQUEST).closed(),
    Source::of(Some("nginx"), None, Some("access"), Format(&["access"]), REQUEST).closed(),
    Source::of(Some("apache"), None, None, Format(&["apache_error", "access"]), MESSAGE),
    Source::of(Some("apache"), None, Some("error"), Format(&["apache_error"]), MESSAGE),
    Source::of(Some("nginx"), None, None, Format(&["nginx_error", "access"]), MESSAGE),
    Source::of(Some("nginx"), None, Some("error"), Format(&["nginx_error"]), MESSAGE),
    Source::of(Some("iis"), None, None, Format(&["w3c"]), REQUEST),
    Source::of(None, Some("proxy"), None, Any(&[Format(&["squid", "w3c"]), Has("c-uri")]), REQUEST).closed(),
    Source::of(None, Some("firewall"), None, FIREWALL, CONNECTION).closed(),
    Source::of(
        None,
        Some("dns"),
        None,
        Any(&[Has("query"), Has("QueryName")]),
        &[
            ("query", &["query", "QueryName"]),
            ("record_type", &["record_type", "qtype_name", "QueryType"]),
            ("answer", &["answer", "answers", "QueryResults"]),
            ("src_ip", &["@ip"]),
        ],
    ),
    Source::of(Some("cisco"), None, Some("aaa"), Any(&[Format(&["cisco_asa"]), Format(SYSLOG)]), MESSAGE),
    Source::of(Some("cisco"), None, None, Any(&[Format(&["cisco_asa"]), Format(SYSLOG)]), CONNECTION),
    Source::of(Some("paloalto"), None, None, Format(&["pan_os", "cef", "leef"]), CONNECTION),
    Source::of(Some("fortios"), None, None, Has("devid"), CONNECTION),
    Source::of(Some("fortigate"), None, None, Has("devid"), CONNECTION),
    zeek!("conn", "conn_state"),
    zeek!("dns", "qtype_name"),
    zeek!("http", "uri"),
    zeek!("ssl", "cipher"),
    zeek!("x509", "certificate.subject"),
    zeek!("files", "fuid"),
    zeek!("smb_files", "share_type"),
    zeek!("smb_mapping", "share_type"),
    zeek!("kerberos", "request_type"),
    zeek!("dce_rpc", "endpoint"),
    zeek!("rdp", "security_protocol"),
    zeek!("ssh", "kex_alg"),
    zeek!("ftp", "command"),
    Source::of(Some("zeek"), None, None, Any(&[Format(&["zeek"]), Has("_path")]), CONNECTION),
    Source::of(Some("aws"), None, Some("cloudtrail"), Any(&[Has("awsRegion"), Has("eventVersion")]), CLOUDTRAIL),
    Source::of(Some("aws"), None, None, Any(&[Has("awsRegion"), Has("eventVersion"), Has("interface_id")]), CLOUDTRAIL),
    // Rules are written for entries as they are delivered, in an envelope; exports have the bare entry.
    Source::of(
        Some("gcp"),
        None,
        Some("gcp.audit"),
        Any(&[Has("logName"), Has("protoPayload.@type"), Has("data.logName"), Has("data.protoPayload.methodName")]),
        &[],
    )
    .within("data."),
    Source::of(
        Some("azure"),
        None,
        Some("activitylogs"),
        Any(&[Has("operationName"), Has("operationName.value")]),
        &[],
    ),
    Source::of(
        Some("azure"),
        None,
        Some("auditlogs"),
        Any(&[Has("operationName"), Has("LoggedByService"), Is("category", &["AuditLogs"])]),
        &[],
    ),
    Source::of(
        Some("azure"),
        None,
        Some("signinlogs"),
        Any(&[Has("appDisplayName"), Has("properties.appDisplayName")]),
        &[],
    ),
    Source::of(Some("azure"), None, Some("riskdetection"), Has("riskEventType"), &[]),
    Source::of(
        Some("m365"),
        None,
        None,
        All(&[Has("Operation"), Any(&[Has("RecordType"), Has("UserType"), Has("OrganizationId")])]),
        &[],
    ),
    Source::of(Some("okta"), None, Some("okta"), Any(&[Has("legacyEventType"), Has("eventType")]), &[]),
    Source::of(
        Some("github"),
        None,
        Some("audit"),
        All(&[Has("action"), Any(&[Has("org"), Has("repo"), Has("org.login"), Has("repo.name")])]),
        &[],
    ),
    Source::of(Some("kubernetes"), None, Some("audit"), All(&[Has("auditID"), Has("verb")]), &[]),
    Source::of(Some("kubernetes"), Some("application"), Some("audit"), All(&[Has("auditID"), Has("verb")]), &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn names(when: &When) -> Vec<&'static str> {
        match when {
            Has(name) => vec![name],
            Any(parts) | All(parts) => parts.iter().flat_map(names).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn no_source_is_known_by_a_field_that_becomes_a_column() {
        for source in SOURCES {
            for name in names(&source.when) {
                let filled = logseal_parsers::filled_by(&name.to_ascii_lowercase());
                assert_eq!(filled, None, "{name}: whatever fills that column would be of this source");
            }
        }
    }
}
