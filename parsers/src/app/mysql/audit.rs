//! MariaDB's audit plugin (`server_audit`), and those of MySQL and Percona that write as it does:
//!
//! ```text
//! 20231114 22:13:20,db1,bob,192.0.2.7,8,34,QUERY,shop,'SELECT 1',0
//! ```
//!
//! Day and time, server, user, client, connection, query, operation, database, object, and the code of the outcome.

use std::borrow::Cow;

use super::FORMAT;
use crate::app::scan::{attribute, event};
use crate::app::stamp;
use crate::{Context, Level, LogEvent, address};

/// Reads a line of the plugin; `None` where it is none.
pub(in crate::app) fn parse<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    if text.get(8) != Some(&b' ') || text.get(17) != Some(&b',') {
        return None;
    }
    let (at, rest) = stamp::shaped(text, b"Ymd H:M:S", cx)?;
    let rest = std::str::from_utf8(rest.strip_prefix(b",")?).ok()?;
    let mut parts = rest.splitn(8, ',');
    let mut next = || parts.next();
    let (server, user, client) = (next()?, next()?, next()?);
    let (connection, query, operation, database) = (next()?, next()?, next()?, next()?);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let is_operation = !operation.is_empty() && operation.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    if !is_number(connection) || !is_number(query) || !is_operation {
        return None;
    }
    let rest = next().unwrap_or_default();
    let (object, code) = rest.rsplit_once(',').filter(|(_, code)| is_number(code)).unwrap_or((rest, ""));
    let failed = operation == "FAILED_CONNECT" || (operation == "CONNECT" && !matches!(code, "" | "0"));
    let mut event = event(FORMAT, Some(at), if failed { Level::Warn } else { Level::Info }, text);
    event.host = Cow::Borrowed(server);
    event.user_name = Cow::Borrowed(user);
    event.ip = address::parse(client).map(|found| found.ip);
    if event.ip.is_none() {
        attribute(&mut event, "client_host", client);
    }
    for (name, value) in [
        ("thread", connection),
        ("query_id", query),
        ("command", operation),
        ("database", database),
        // A table has no code behind it.
        ("object", object.trim_end_matches(',').trim_matches('\'')),
        ("return_code", code),
    ] {
        attribute(&mut event, name, value);
    }
    match operation {
        "CONNECT" if !failed => event.attributes.push("outcome", "success"),
        _ if failed => event.attributes.push("outcome", "failure"),
        _ => {}
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn every_operation_names_who_and_from_where() {
        for (line, expected) in [
            (
                "20231114 22:13:20,db1,bob,192.0.2.7,8,34,QUERY,shop,'SELECT 1, 2',0",
                "mysql INFO 22:13:20 host=db1 user=bob ip=192.0.2.7 thread=8 query_id=34 command=QUERY database=shop object=SELECT 1, 2 return_code=0 | \
                 20231114 22:13:20,db1,bob,192.0.2.7,8,34,QUERY,shop,'SELECT 1, 2',0",
            ),
            (
                "20231114 22:13:20,db1,bob,localhost,8,0,FAILED_CONNECT,,,1045",
                "mysql WARN 22:13:20 host=db1 user=bob client_host=localhost thread=8 query_id=0 command=FAILED_CONNECT return_code=1045 outcome=failure | \
                 20231114 22:13:20,db1,bob,localhost,8,0,FAILED_CONNECT,,,1045",
            ),
            (
                "20231114 22:13:20,db1,bob,192.0.2.7,8,0,CONNECT,shop,,0",
                "mysql INFO 22:13:20 host=db1 user=bob ip=192.0.2.7 thread=8 query_id=0 command=CONNECT database=shop return_code=0 outcome=success | \
                 20231114 22:13:20,db1,bob,192.0.2.7,8,0,CONNECT,shop,,0",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lists_are_refused() {
        for line in ["20231114 22:13:20,a,b,c", "20231114 22:13:20,a,b,c,d,e,f,g,h,0", "20231114 22:13:20 text"] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
