//! The names under which loggers write the fields of a record.
//!
//! Names are compared in any case of their ASCII letters. Of several that a record has for one
//! field, the one named first in its list is taken; the others become attributes.

use crate::Attributes;

/// A field of a record, or a way to write one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Slot {
    Timestamp,
    /// The nanoseconds that go with log4j's `instant.epochSecond` and Google Cloud's `timestampSeconds`.
    InstantNanos,
    /// A word, or a number whose meaning its size tells.
    Level,
    /// journald's PRIORITY: a syslog severity as number or keyword.
    Priority,
    /// Python's `levelno`.
    PythonLevel,
    /// An OpenTelemetry severity number.
    OtelLevel,
    /// One letter, as MongoDB writes it.
    LevelLetter,
    Message,
    Host,
    App,
    ProcId,
    MsgId,
    Facility,
    Ip,
    UserName,
}

impl Slot {
    /// How many there are.
    pub(crate) const COUNT: usize = Self::UserName as usize + 1;

    /// The field that is filled: the ways to write a level all fill one.
    pub(crate) fn field(self) -> Self {
        match self {
            Self::Priority | Self::PythonLevel | Self::OtelLevel | Self::LevelLetter => Self::Level,
            other => other,
        }
    }
}

/// Added to the rank of a name that is only the last part of a path.
const NESTED_RANK: u8 = 100;

/// That of one letter that means a field in the records of one logger: any name is better.
pub(crate) const LETTER_RANK: u8 = 120;

/// Names (whole paths, their parts joined by dots) of each field, best first, in lower case.
#[rustfmt::skip]
const NAMES: [(Slot, &[&str]); 15] = [
    (Slot::Timestamp, &[
        "timestamp", "@timestamp", "time", "ts", "@t", "t", "datetime", "date_time", "eventtime", "event_time", "asctime",
        "isodate", "date", "logtime", "log_time", "log_timestamp", "timemillis", "instant.epochsecond", "instant",
        "timeunixnano", "time_iso8601", "time_local", "timestamp_ms", "t.$date", "timestamp.$date", "_source_realtime_timestamp",
        "__realtime_timestamp", "event.created", "observedtimestamp", "observedtimeunixnano", "created_at", "createdat",
        "start_time", "timecreated", "timereported", "timegenerated", "event.system.timecreated.#attributes.systemtime", "creationtime", "published",
        "requestreceivedtimestamp", "stagetimestamp", "dt", "date-time", "lasttimestamp", "eventtimestamp", "gentime",
        "logmeta.date", "meta.date", "record.time.timestamp", "timestamp.seconds", "timestampseconds", "datetime.date", "query_timestamp", "edgestarttimestamp",
        "written_at", "written_ts", "msec", "started_at", "unixtime", "epoch",
        "createddatetime", "id.time", "when", "logtimestamp", "event.datetime", "event.time", "data.date", "date_create",
        "event_timestamp", "metadata.eventcreationtime", "ts.$date", "recordedat",
        "timegenerated [utc]", "timegenerated_[utc]", "date_(utc)", "creationdate", "requesttime", "timestamp.epochsecond", "message.publishtime",
        "date/time", "generated_at",
    ]),
    (Slot::InstantNanos, &["instant.nanoofsecond", "timestamp.nanos", "timestampnanos", "timestamp.nanoofsecond"]),
    (Slot::Level, &[
        "level", "log.level", "loglevel", "log_level", "severity", "@level", "levelname", "level_name", "severitytext", "severity_text",
        "lvl", "@l", "error_severity", "eventloglevel", "log_severity", "loglevelname", "leveldisplayname",
        "otel.log.severity.text", "logmeta.loglevelname", "meta.loglevelname", "record.level.name",
        "@fields.levelname",
        "log.syslog.severity.name", "syslog.severity_label", "severity_label", "prio", "eventlevelname", "severitylevel", "jsonpayload.severity", "jsonpayload.level",
        "syslogseverity-text", "severity_name",
    ]),
    (Slot::Priority, &["priority", "syslog.severity.code", "jsonpayload.priority", "log.syslog.severity.code", "log.syslog.priority.severity", "syslogseverity"]),
    (Slot::PythonLevel, &["levelno"]),
    (Slot::OtelLevel, &["severitynumber", "severity_number", "otel.log.severity.number"]),
    (Slot::LevelLetter, &["s"]),
    (Slot::Message, &[
        "message", "msg", "short_message", "@m", "@message", "renderedmessage", "log", "event", "record.message", "text", "textpayload",
        "log_message", "logmessage", "messagetemplate", "@mt", "body", "body.stringvalue", "fields.message", "jsonpayload.message",
        "displaymessage", "logevent.message", "full_log", "output", "properties.msg", "0", "syslogmessage",
        "rendereddescription", "properties.message", "message.content", "auditdata", "jsonpayload.msg", "properties.log", "_raw",
    ]),
    (Slot::Host, &[
        "host", "hostname", "host.name", "host_name", "_hostname", "host.hostname", "computer", "computername", "machinename",
        "machine", "nodename", "node", "kubernetes.host", "kubernetes.node.name", "s-computername", "winlog.computer_name",
        "event.system.computer", "properties.machinename", "logmeta.hostname", "meta.hostname", "source_host", "@source_host",
        "log.syslog.hostname", "logsource", "hostidentifier",
        "jsonpayload._hostname", "labels.compute.googleapis.com/resource_name", "resource.labels.node_name",
    ]),
    (Slot::App, &[
        "app", "application", "service", "appname", "app_name", "app.name", "service.name", "service_name", "servicename",
        "application.name", "application_name", "applicationname", "syslog_identifier", "program", "ident", "daemon", "process.name",
        "_comm", "kubernetes.labels.app", "container_name", "kubernetes.container_name", "kubernetes.container.name",
        "winlog.provider_name", "sourcename", "eventsource", "providername", "event.system.provider.#attributes.name",
        "properties.application", "protopayload.servicename", "workload", "log.syslog.appname", "process.program",
        "jsonpayload.syslog_identifier", "resource.labels.container_name", "programname", "app-name", "syslogtag", "tag",
    ]),
    (Slot::ProcId, &[
        "pid", "process.pid", "procid", "proc_id", "process_id", "processid", "process.id", "syslog_pid", "_pid",
        "event.system.execution.#attributes.processid", "record.process.id",
        "log.syslog.procid", "jsonpayload.syslog_pid", "jsonpayload._pid",
    ]),
    (Slot::MsgId, &[
        "msgid", "msg_id", "message_id", "winlog.event_id", "eventid", "eventname", "event.code", "event.system.eventid", "event.system.eventid.#text",
        "protopayload.methodname", "log.syslog.msgid",
    ]),
    (Slot::Facility, &["facility", "syslog_facility", "log.syslog.facility.code", "syslog.facility", "syslogfacility", "syslogfacility-text", "facility_name"]),
    (Slot::Ip, &[
        "client_ip", "clientip", "client.ip", "client.address", "ip", "ip_address", "ipaddress", "ip_addr", "ipaddr", "src_ip", "srcip", "src.ip",
        "source.ip", "source.address", "sourceipaddress", "sourceip", "remote_ip", "remoteip", "remote_addr", "remoteaddr",
        "remote_address", "remoteaddress", "request.client_ip", "request.remote_ip", "request.remote_addr", "req.remoteaddress",
        "request_ip", "user_ip", "userip", "visitor_ip", "peer_ip", "client_addr", "clientaddress", "http.client_ip", "c-ip",
        "x-forwarded-for", "x_forwarded_for", "http_x_forwarded_for", "x-real-ip", "x_real_ip", "xff", "client", "peer",
        "downstream_remote_address", "source_ip", "address", "addr", "rhost", "id.orig_h", "remote_host",
        "attr.remote", "attr.client", "request.remote_address", "protopayload.requestmetadata.callerip", "calleripaddress", "sourceips",
        "remote", "src-ip", "client-ip", "httprequest.clientipaddress", "clienthost", "clientaddr", "addr.remote", "clientpublicip",
        "origin.address", "actor_ip", "srcaddr", "src_host", "actor.ip", "access_device.ip", "client.ip_address", "session.ip", "context.ip_address",
        "event.userip", "event.cip", "data.ip", "remote.ip", "clientipaddress", "actoripaddress",
        "contextmap.ip", "mdc.ip", "context.ip", "extra.ip", "properties.ip", "meta.ip", "record.extra.ip", "@fields.ip", "login.ip", "properties.cip",
    ]),
    (Slot::UserName, &[
        "user_name", "username", "user", "user.name", "useridentity.username", "account_name", "login", "login_name", "uname",
        "usr", "usr.name", "userprincipalname", "userid", "user_id", "user.id", "user.username", "user.email", "remote_user", "account.name",
        "actor", "actor.email", "actor.user.email", "actor.user.name", "actor.name", "actor.login", "actor.loginname", "acct", "cs-username", "targetusername", "subjectusername",
        "attr.principalname", "attr.user", "fields.user", "auth.display_name", "actor.alternateid", "clientusername", "identity.claims.name",
        "protopayload.authenticationinfo.principalemail", "properties.userprincipalname",
        "contextmap.user", "mdc.user", "context.user", "extra.user", "properties.user", "meta.user", "record.extra.user", "@fields.user",
        "data.srcuser", "data.dstuser", "output_fields.user.name",
        "properties.initiatedby.user.userprincipalname", "initiatedby.user.userprincipalname", "properties.accountname",
        "actor_details.email", "target_user.email", "created_by.login", "actors.user.name", "param.user", "event.userid",
        "event.user", "event.login", "event.adminid", "author_name",
        "login.user", "account.user", "author.name", "initiated_by_(actor)", "event_initiated_by", "userids",
        "jsonpayload.user", "jsonpayload.username", "identity.requester.upn", "properties.csusername", "properties.server_principal_name",
    ]),
];

/// Names that say the same wherever in a record they stand.
const NAMES_ANYWHERE: [(Slot, &[&str]); 2] = [
    (
        Slot::Ip,
        &[
            "client_ip",
            "clientip",
            "sourceipaddress",
            "sourceip",
            "src_ip",
            "srcip",
            "remote_ip",
            "remoteip",
            "remote_addr",
            "ipaddress",
        ],
    ),
    (Slot::UserName, &["user_name", "username", "targetusername", "subjectusername"]),
];

const LENGTH_MAX: usize = 48;

/// How many places the table has; several times the number of names, so that most searches look at one.
const PLACES: usize = 1024;

/// The names by their [`place`]; one whose place is taken is in the next free one.
struct Table {
    places: [Option<Found>; PLACES],
}

static TABLE: Table = table();

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub slot: Slot,
    /// How good a name it is; 0 is best.
    pub rank: u8,
    /// The name as the list has it.
    pub name: &'static str,
}

/// The field that a whole path names.
///
/// One leading underscore is ignored where the name is unknown with it (GELF's additional fields).
pub(crate) fn find(path: &str) -> Option<Found> {
    let found = find_exactly(path);
    if found.is_none()
        && let Some(rest) = path.strip_prefix('_')
    {
        return find_exactly(rest);
    }
    found
}

/// The values among `attributes` whose names are those of `slot`, the best name first.
pub(crate) fn of_slot(attributes: &Attributes, slot: Slot) -> impl Iterator<Item = &str> {
    let rank = |name| find(name).filter(|found| found.slot == slot).map(|found| found.rank);
    let mut named: Vec<_> = attributes.iter().filter_map(|(name, value)| Some((rank(name)?, value))).collect();
    named.sort_by_key(|(rank, _)| *rank);
    named.into_iter().map(|(_, value)| value)
}

/// The field that the last part of a nested path names.
pub(crate) fn find_nested(key: &str) -> Option<Found> {
    for &(slot, names) in &NAMES_ANYWHERE {
        let position = names.iter().position(|name| name.eq_ignore_ascii_case(key));
        if let Some((rank, name)) = position.and_then(|rank| Some((NESTED_RANK + rank as u8, names.get(rank)?))) {
            return Some(Found { slot, rank, name });
        }
    }
    None
}

fn find_exactly(path: &str) -> Option<Found> {
    if path.len() > LENGTH_MAX {
        return None;
    }
    let mut at = place(path.as_bytes())?;
    // Ends at the first free place: there are more places than names.
    while let Some(entry) = TABLE.places.get(at)? {
        if entry.name.eq_ignore_ascii_case(path) {
            return Some(*entry);
        }
        at = (at + 1) % PLACES;
    }
    None
}

/// Where the table has a name of these bytes, in whatever case: by its length and three of its bytes.
const fn place(name: &[u8]) -> Option<usize> {
    let (Some(first), Some(last)) = (name.first(), name.last()) else {
        return None;
    };
    let (_, second_half) = name.split_at(name.len() / 2);
    let Some(middle) = second_half.first() else {
        return None;
    };
    // The bit that is the case of a letter counts as set.
    let bytes = [*first | 0x20, *last | 0x20, *middle | 0x20, name.len() as u8];
    let mixed = u32::from_le_bytes(bytes).wrapping_mul(0x9E37_79B1);
    Some((mixed >> 22) as usize)
}

/// Puts all names in their places, when the crate is compiled.
#[expect(
    clippy::indexing_slicing,
    reason = "runs when the crate is compiled, where an index out of bounds is a compile error"
)]
const fn table() -> Table {
    let mut places = [None; PLACES];
    let mut list = 0;
    while list < NAMES.len() {
        let (slot, names) = NAMES[list];
        let mut rank = 0;
        while rank < names.len() {
            let name = names[rank];
            assert!(name.len() <= LENGTH_MAX, "a name is longer than LENGTH_MAX");
            let Some(mut at) = place(name.as_bytes()) else {
                panic!("a name is empty");
            };
            while places[at].is_some() {
                at = (at + 1) % PLACES;
            }
            places[at] = Some(Found { slot, rank: rank as u8, name });
            rank += 1;
        }
        list += 1;
    }
    Table { places }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_only_once() {
        for (slot, names) in NAMES {
            for (rank, name) in names.iter().enumerate() {
                assert_eq!(find(name), Some(Found { slot, rank: rank as u8, name }), "{name}");
                assert_eq!(find(&name.to_ascii_uppercase()), Some(Found { slot, rank: rank as u8, name }), "{name}");
                assert_eq!(name.to_ascii_lowercase(), *name);
            }
        }
    }

    #[test]
    fn other_names_are_not_found() {
        for name in ["", "_", "logger", "name", "messages", "attributes", "source", "raw_data", "request.host", "é"] {
            assert_eq!(find(name), None, "{name}");
        }
        assert_eq!(find(&"x".repeat(1000)), None);
    }

    #[test]
    fn an_underscore_before_a_name_is_ignored() {
        assert_eq!(find("_user").map(|found| found.slot), Some(Slot::UserName));
        assert_eq!(find("_HOSTNAME").map(|found| found.slot), Some(Slot::Host));
    }
}
