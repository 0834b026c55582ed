//! HDFS' audit log, as the message of a Java logger: `allowed=true<TAB>ugi=bob (auth:SIMPLE)<TAB>ip=/192.0.2.7<TAB>cmd=open<TAB>src=/x`.

use std::borrow::Cow;

use crate::{LogEvent, address};

/// Fills the user, the address and the outcome of `event`, whose message is one of this log; all its pairs become attributes.
pub(super) fn complete(event: &mut LogEvent<'_>) {
    let Cow::Borrowed(message) = event.message else { return };
    if !message.starts_with(b"allowed=") {
        return;
    }
    let Ok(text) = std::str::from_utf8(message) else { return };
    for (name, value) in text.split('\t').filter_map(|pair| pair.split_once('=')) {
        match name {
            "allowed" => event.attributes.push("outcome", if value == "true" { "success" } else { "failure" }),
            "ugi" => event.user_name = Cow::Owned(value.split(' ').next().unwrap_or(value).to_owned()),
            "ip" => event.ip = address::parse(value.trim_start_matches('/')).map(|found| found.ip),
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
