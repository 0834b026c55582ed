//! Hadoop's audit logs, as the messages of a Java logger: HDFS' `allowed=true<TAB>ugi=bob (auth:SIMPLE)<TAB>ip=/192.0.2.7<TAB>cmd=open<TAB>src=/x`,
//! and YARN's `USER=bob<TAB>IP=192.0.2.7<TAB>OPERATION=Submit Application Request<TAB>RESULT=SUCCESS`.

use std::borrow::Cow;

use crate::{LogEvent, address};

/// Fills the user, the address and the outcome of `event`, whose message is one of this log; all its pairs become attributes.
pub(super) fn complete(event: &mut LogEvent<'_>) {
    let Cow::Borrowed(message) = event.message else { return };
    let is_yarns = message.starts_with(b"USER=") && memchr::memchr(b'\t', message).is_some();
    if !is_yarns && !message.starts_with(b"allowed=") {
        return;
    }
    let Ok(text) = std::str::from_utf8(message) else { return };
    for (name, value) in text.split('\t').filter_map(|pair| pair.split_once('=')) {
        match name {
            "allowed" => event.attributes.push("outcome", if value == "true" { "success" } else { "failure" }),
            "ugi" => event.user_name = Cow::Owned(value.split(' ').next().unwrap_or(value).to_owned()),
            "USER" if is_yarns => event.user_name = Cow::Owned(value.to_owned()),
            "RESULT" if is_yarns => {
                event.attributes.push("outcome", if value == "SUCCESS" { "success" } else { "failure" });
            }
            "ip" | "IP" => event.ip = address::parse(value.trim_start_matches('/')).map(|found| found.ip),
            _ => {}
        }
        if value != "null" {
            event.attributes.push(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::app::check::CX;
    use crate::app::parse;

    #[test]
    fn yarns_pairs_are_read() {
        let line = "2023-11-14 22:13:20,123 INFO a.b.RMAuditLogger: USER=bob\tIP=192.0.2.7\tOPERATION=Kill Application\tRESULT=FAILURE\tAPPID=a_7";
        let event = parse(line.as_bytes(), &CX).unwrap();
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
        let value = |name| event.attributes.get(name);
        assert_eq!(
            (value("outcome"), value("OPERATION"), value("APPID")),
            (Some("failure"), Some("Kill Application"), Some("a_7"))
        );
    }

    #[test]
    fn whom_hadoops_servers_let_in_is_named() {
        let line = b"2023-11-14 22:13:20,123 INFO SecurityLogger.a.b.Server: Auth successful for bob (auth:SIMPLE) from 192.0.2.7:5";
        let event = parse(line, &CX).unwrap();
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
        assert_eq!(event.attributes.get("outcome"), Some("success"));
    }

    #[test]
    fn who_did_what_from_where_is_read() {
        for head in
            ["INFO FSNamesystem.audit: ", "INFO namenode.FSNamesystem (FSNamesystem.java:logAuditMessage(1)) - "]
        {
            let line = format!(
                "2023-11-14 22:13:20,123 {head}allowed=false\tugi=bob (auth:KERBEROS)\tip=/192.0.2.7\tcmd=delete\tsrc=/a\tdst=null"
            );
            let event = parse(line.as_bytes(), &CX).unwrap();
            assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()), "{line}");
            let value = |name| event.attributes.get(name);
            assert_eq!((value("outcome"), value("cmd"), value("src")), (Some("failure"), Some("delete"), Some("/a")));
            assert_eq!(value("dst"), None);
        }
    }
}
