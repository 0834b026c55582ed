//! PostgreSQL's `csvlog`: the columns of the manual's section 20.8.4 under their names there; and Greenplum's.

use std::borrow::Cow;

use super::{FORMAT, severity};
use crate::app::scan::{attribute, event};
use crate::{LogEvent, address, level_names};

/// The columns that say what happened.
const STATEMENT: [&str; 10] = [
    "error_severity",
    "sql_state_code",
    "message",
    "detail",
    "hint",
    "internal_query",
    "internal_query_pos",
    "context",
    "query",
    "query_pos",
];

/// Those between `log_time` and them.
const SESSION: [&str; 10] = [
    "user_name",
    "database_name",
    "process_id",
    "connection_from",
    "session_id",
    "session_line_num",
    "command_tag",
    "session_start_time",
    "virtual_transaction_id",
    "transaction_id",
];

/// Those behind them. Version 13 added `backend_type`, 14 the last two.
const PLACE: [&str; 5] = ["location", "application_name", "backend_type", "leader_pid", "query_id"];

/// Greenplum's, which names a process `p7` and a thread `th9`.
const GREENPLUMS_SESSION: [&str; 15] = [
    "user_name",
    "database_name",
    "process_id",
    "thread_id",
    "remote_host",
    "remote_port",
    "session_start_time",
    "transaction_id",
    "gp_session_id",
    "gp_command_count",
    "gp_segment",
    "slice_id",
    "distr_tranx_id",
    "local_tranx_id",
    "sub_tranx_id",
];

const GREENPLUMS_PLACE: [&str; 4] = ["func_name", "file_name", "file_line", "stack_trace"];

/// Reads the columns behind the time; `rest` begins with the comma after it.
pub(super) fn after_stamp<'a>(at: i64, rest: &'a [u8]) -> Option<LogEvent<'a>> {
    let mut record = event(FORMAT, Some(at), crate::Level::Unknown, b"");
    let mut rest = rest;
    let mut has_severity = false;
    let is_greenplum = is_greenplum(rest);
    let (session, place): (&[&str], &[&str]) =
        if is_greenplum { (&GREENPLUMS_SESSION, &GREENPLUMS_PLACE) } else { (&SESSION, &PLACE) };
    for &name in session.iter().chain(&STATEMENT).chain(place) {
        // Older versions have fewer columns.
        let Some((value, after)) = column(rest) else { break };
        rest = after;
        let Ok(text) = std::str::from_utf8(&value) else { return None };
        match name {
            "user_name" => record.user_name = text.to_owned().into(),
            "process_id" if is_greenplum => record.proc_id = text.get(1..)?.to_owned().into(),
            "process_id" if text.bytes().all(|b| b.is_ascii_digit()) => record.proc_id = text.to_owned().into(),
            "process_id" => return None,
            "connection_from" | "remote_host" => {
                record.ip = address::parse(text).map(|found| found.ip);
                attribute(&mut record, name, text);
            }
            "error_severity" => {
                record.level = severity::level(text).or_else(|| level_names::from_word(text))?;
                has_severity = true;
                attribute(&mut record, name, text);
            }
            "message" => record.message = value,
            _ => attribute(&mut record, name, text),
        }
    }
    (has_severity && rest.is_empty()).then_some(record)
}

/// Whether the third and fourth columns are `p7` and `th9`.
fn is_greenplum(text: &[u8]) -> bool {
    let is_numbered = |value: &[u8], mark: &[u8]| {
        let digits = value.strip_prefix(mark).map(|digits| digits.strip_prefix(b"-").unwrap_or(digits));
        digits.is_some_and(|digits| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit))
    };
    let Some((process, rest)) = behind(text).and_then(behind).and_then(column) else { return false };
    is_numbered(&process, b"p") && column(rest).is_some_and(|(thread, _)| is_numbered(&thread, b"th"))
}

/// What stands behind the first column of `text`.
fn behind(text: &[u8]) -> Option<&[u8]> {
    column(text).map(|(_, rest)| rest)
}

/// Takes a comma and the column behind it; two quotes in a quoted column are one.
fn column(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let text = text.strip_prefix(b",")?;
    let Some(inner) = text.strip_prefix(b"\"") else {
        let end = memchr::memchr(b',', text).unwrap_or(text.len());
        let (value, rest) = text.split_at_checked(end)?;
        return Some((Cow::Borrowed(value), rest));
    };
    let mut from = 0;
    let mut has_quotes = false;
    loop {
        let at = from + memchr::memchr(b'"', inner.get(from..)?)?;
        if inner.get(at + 1) != Some(&b'"') {
            let (value, rest) = (inner.get(..at)?, inner.get(at + 1..)?);
            let value = if has_quotes { Cow::Owned(unquoted(value)) } else { Cow::Borrowed(value) };
            return Some((value, rest));
        }
        has_quotes = true;
        from = at + 2;
    }
}

fn unquoted(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(value.len());
    let mut bytes = value.iter();
    while let Some(byte) = bytes.next() {
        text.push(*byte);
        if *byte == b'"' {
            bytes.next();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::postgresql::parse;

    #[test]
    fn columns_are_read_under_their_names() {
        for (line, expected) in [
            (
                r#"2023-11-14 22:13:20.123 UTC,"bob","shop",7,"192.0.2.7:5432",6553f2a0.7,3,"SELECT",2023-11-14 22:00:00 UTC,3/4,0,ERROR,42P01,"relation ""x"" is missing",,,,,,"select 1, 2",15,,"psql","client backend",,0"#,
                "postgresql ERROR 22:13:20.123 pid=7 user=bob ip=192.0.2.7 database_name=shop \
                 connection_from=192.0.2.7:5432 session_id=6553f2a0.7 session_line_num=3 command_tag=SELECT \
                 session_start_time=2023-11-14 22:00:00 UTC virtual_transaction_id=3/4 transaction_id=0 error_severity=ERROR \
                 sql_state_code=42P01 query=select 1, 2 query_pos=15 application_name=psql backend_type=client backend \
                 query_id=0 | relation \"x\" is missing",
            ),
            (
                r#"2023-11-14 22:13:20.123 UTC,,,7,,6553f2a0.7,1,,2023-11-14 22:00:00 UTC,,0,LOG,00000,"ready
now",,,,,,,,,"""#,
                "postgresql INFO 22:13:20.123 pid=7 session_id=6553f2a0.7 session_line_num=1 \
                 session_start_time=2023-11-14 22:00:00 UTC transaction_id=0 error_severity=LOG sql_state_code=00000 | ready\nnow",
            ),
            (
                r#"2023-11-14 22:13:20.123456 UTC,"bob","shop",p7,th-656,"192.0.2.7","50094",2023-11-14 22:00:00 UTC,0,con7,cmd5,seg-1,,dx1,,sx1,"NOTICE","00000","no ""key"" given",,"say one",,,,"create table a",0,,"cdb.c",42,"#,
                "postgresql INFO 22:13:20.123456 pid=7 user=bob ip=192.0.2.7 database_name=shop thread_id=th-656 \
                 remote_host=192.0.2.7 remote_port=50094 session_start_time=2023-11-14 22:00:00 UTC transaction_id=0 \
                 gp_session_id=con7 gp_command_count=cmd5 gp_segment=seg-1 distr_tranx_id=dx1 sub_tranx_id=sx1 \
                 error_severity=NOTICE sql_state_code=00000 hint=say one query=create table a query_pos=0 file_name=cdb.c \
                 file_line=42 | no \"key\" given",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_tables_are_refused() {
        for line in [
            "2023-11-14 22:13:20,x,y",
            "2023-11-14 22:13:20.1 UTC,a,b,c,d",
            "2023-11-14 22:13:20.1 UTC,\"bob",
            "2023-11-14 22:13:20.123 UTC,a,b,7,,,,,,,,LOG,00000,m,,,,,,,,,,,,,x",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
