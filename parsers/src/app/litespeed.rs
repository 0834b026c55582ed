//! LiteSpeed's error log:
//!
//! ```text
//! 2023-11-14 22:13:20.123456 [NOTICE] [4711] [192.0.2.7:5000-1#shop.example] text
//! ```
//!
//! Level and process id, then the client with its port, the number of its request, and the virtual host (attributes `client_port`, `vhost`).

use super::Stamped;
use super::scan::{attribute, bracketed, event, some_blanks};
use crate::{LogEvent, address, level_names};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "litespeed";

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (word, rest) = bracketed(stamped.rest.strip_prefix(b" ")?)?;
    // Of the lines that begin so few have the process id in a bracket.
    let [b' ', b'[', b'0'..=b'9', ..] = rest else { return None };
    let (pid, rest) = bracketed(some_blanks(rest)?)?;
    let (client, rest) = bracketed(some_blanks(rest)?)?;
    let (client, vhost) = client.split_once('#')?;
    // The number of the request on its connection, and in HTTP/2 that of its stream.
    let (client, port) = client.rsplit_once(':').filter(|(_, port)| port.starts_with(|c: char| c.is_ascii_digit()))?;
    let ip = address::parse(client.trim_start_matches('[').trim_end_matches(']'))?.ip;
    let level = level_names::from_word(word)?;
    if !pid.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut event = event(FORMAT, Some(stamped.at), level, some_blanks(rest)?);
    event.proc_id = pid.into();
    event.ip = Some(ip);
    attribute(&mut event, "client_port", port.split('-').next().unwrap_or(port));
    attribute(&mut event, "vhost", vhost);
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    fn parse(line: &str) -> Option<LogEvent<'_>> {
        after_stamp(&Stamped::read(line.as_bytes(), &CX)?)
    }

    #[test]
    fn a_line_names_its_client_and_its_host() {
        for (line, expected) in [
            (
                "2023-11-14 22:13:20.123456 [INFO] [7] [192.0.2.7:5000-1#shop.example] User 'bob' failed to authenticate.",
                "litespeed INFO 22:13:20.123456 pid=7 ip=192.0.2.7 client_port=5000 vhost=shop.example | User 'bob' failed to authenticate.",
            ),
            (
                "2023-11-14 22:13:20.123456 [ERROR] [7] [2001:db8::7:5000#_AdminVHost] [STDERR] no",
                "litespeed ERROR 22:13:20.123456 pid=7 ip=2001:db8::7 client_port=5000 vhost=_AdminVHost | [STDERR] no",
            ),
        ] {
            check(parse(line), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "2023-11-14 22:13:20.123456 [INFO] [7] text",
            "2023-11-14 22:13:20.123456 [INFO] [7] [main] text",
            "2023-11-14 22:13:20.123456 [INFO] [7] [worker #3] text",
            "2023-11-14 22:13:20.123456 [INFO] [main] [192.0.2.7:5#a] text",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
