//! The flow logs of Amazon's virtual networks in their default format (version 2):
//!
//! ```text
//! 2 123456789010 eni-1 192.0.2.7 198.51.100.2 5000 443 6 20 4249 1700000000 1700000060 ACCEPT OK
//! ```
//!
//! The source's address is `ip`, the start the time. All fields are attributes under the manual's names. The message is the whole line. Files
//! in other formats begin with the names of the fields, and are read under them by `table/flow.rs`.

use super::scan::{attribute, event};
use crate::{Level, LogEvent, address, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "vpc_flow";

const NAMES: [&str; 14] = [
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
];

/// Reads such a line; `None` where it is none.
pub(super) fn parse(text: &[u8]) -> Option<LogEvent<'_>> {
    let line = std::str::from_utf8(text.strip_prefix(b"2 ").map(|_| text)?).ok()?;
    let mut words = line.split(' ');
    let values: [&str; NAMES.len()] = std::array::from_fn(|_| words.next().unwrap_or_default());
    let [_, account, _, _, _, _, _, _, _, _, start, _, _, status] = values;
    let is_flow = matches!(status, "OK" | "NODATA" | "SKIPDATA") && words.next().is_none();
    let is_account = account == "unknown" || account.bytes().all(|b| b.is_ascii_digit());
    timestamp::epoch(start).filter(|_| is_flow && is_account)?;
    Some(event_of(text, NAMES.into_iter().zip(values)))
}

/// The event of `line`, which holds these fields.
pub(crate) fn event_of<'a, 'f>(line: &'a [u8], fields: impl Iterator<Item = (&'f str, &'a str)>) -> LogEvent<'a> {
    let mut event = event(FORMAT, None, Level::Unknown, line);
    for (name, value) in fields {
        match name {
            "start" => event.timestamp = timestamp::epoch(value),
            "srcaddr" => event.ip = address::parse(value).map(|found| found.ip),
            _ => {}
        }
        attribute(&mut event, name, value);
    }
    event
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn flows_are_read_and_other_lists_of_numbers_are_not() {
        let line = "2 123456789010 eni-1 192.0.2.7 198.51.100.2 5000 443 6 20 4249 1700000000 1700000060 REJECT OK";
        let expected = "vpc_flow UNKNOWN 22:13:20 ip=192.0.2.7 version=2 account-id=123456789010 interface-id=eni-1 srcaddr=192.0.2.7 dstaddr=198.51.100.2 \
                        srcport=5000 dstport=443 protocol=6 packets=20 bytes=4249 start=1700000000 end=1700000060 action=REJECT log-status=OK";
        check(parse(line.as_bytes(), &CX), line, &format!("{expected} | {line}"));
        let line = "2 123456789010 eni-1 - - - - - - - 1700000000 1700000060 - NODATA";
        let expected = "vpc_flow UNKNOWN 22:13:20 version=2 account-id=123456789010 interface-id=eni-1 start=1700000000 end=1700000060 log-status=NODATA";
        check(parse(line.as_bytes(), &CX), line, &format!("{expected} | {line}"));
        for line in [
            "2 3 4",
            "2 a eni-1 - - - - - - - 1700000000 1700000060 - NODATA",
            "2 1 eni-1 - - - - - - - 1700000000 1700000060 - NODATA x",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
