//! The log of transfers that FTP servers keep (wu-ftpd, ProFTPD, vsftpd): `xferlog`.
//!
//! ```text
//! Tue Nov 14 22:13:20 2023 1 192.0.2.7 1234 /srv/a.txt b _ o r bob ftp 0 * c
//! ```
//!
//! The client is `ip` (`remote_host` where the server resolved its name), the user `user_name`. Attributes have the names of the
//! manual with underscores: `transfer_time` (seconds), `file_size`, `filename`, `transfer_type`, `special_action_flag`, `direction`, `access_mode`,
//! `service_name`, `authentication_method`, `authenticated_user_id`, `completion_status`. The message is the whole line.

use super::scan::{attribute, digits, event, some_blanks, word};
use crate::{Context, Level, LogEvent, address, timestamp};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "xferlog";

/// The fields behind the file's name, which may itself hold blanks.
const TAIL: [&str; 9] = [
    "transfer_type",
    "special_action_flag",
    "direction",
    "access_mode",
    "username",
    "service_name",
    "authentication_method",
    "authenticated_user_id",
    "completion_status",
];

/// How long C's `asctime` is.
const TIME_BYTES: usize = 24;

/// Reads a line of a log of transfers; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (time, rest) = line.split_at_checked(TIME_BYTES)?;
    let at = timestamp::asctime(time, cx.zone)?;
    let (seconds, rest) = digits(some_blanks(rest)?)?;
    let (client, rest) = word(some_blanks(rest)?)?;
    let (size, rest) = digits(some_blanks(rest)?)?;
    let named = std::str::from_utf8(some_blanks(rest)?).ok()?.trim_end();
    let mut tail = named.rsplitn(TAIL.len() + 1, ' ');
    let mut values: Vec<&str> = tail.by_ref().take(TAIL.len()).collect();
    values.reverse();
    let filename = tail.next()?;
    let [kind, _, direction, mode, user, .., completion] = *values else { return None };
    let is_transfer = matches!(kind, "a" | "b")
        && matches!(direction, "o" | "i" | "d")
        && matches!(mode, "a" | "g" | "r")
        && matches!(completion, "c" | "i");
    let mut event = event(FORMAT, Some(at), Level::Unknown, line);
    match address::parse(client) {
        Some(found) => event.ip = Some(found.ip),
        None => attribute(&mut event, "remote_host", client),
    }
    event.user_name = user.into();
    attribute(&mut event, "transfer_time", seconds);
    attribute(&mut event, "file_size", size);
    attribute(&mut event, "filename", filename);
    for (name, value) in
        TAIL.into_iter().zip(values).filter(|(name, value)| *name != "username" && !matches!(*value, "*" | "_"))
    {
        attribute(&mut event, name, value);
    }
    is_transfer.then_some(event)
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn transfers_are_read() {
        for (line, expected) in [
            (
                "Tue Nov 14 22:13:20 2023 1 192.0.2.7 1234 /srv/a b.txt b _ o r bob ftp 0 * c",
                "xferlog UNKNOWN 22:13:20 user=bob ip=192.0.2.7 transfer_time=1 file_size=1234 filename=/srv/a b.txt transfer_type=b \
                 direction=o access_mode=r service_name=ftp authentication_method=0 completion_status=c",
            ),
            (
                "Tue Nov 14 22:13:20 2023 1 h.example 12 /a a C i a bob@example.com ftp 1 bob i",
                "xferlog UNKNOWN 22:13:20 user=bob@example.com remote_host=h.example transfer_time=1 file_size=12 filename=/a transfer_type=a \
                 special_action_flag=C direction=i access_mode=a service_name=ftp authentication_method=1 authenticated_user_id=bob \
                 completion_status=i",
            ),
        ] {
            let event = parse(line.as_bytes(), &CX);
            check(event, line, &format!("{expected} | {line}"));
        }
    }

    #[test]
    fn other_lines_with_such_a_time_are_refused() {
        for rest in
            ["", "7", "7 h 1", "7 h 1 /a b _ x r bob ftp 0 * c", "7 h 1 b _ o r bob ftp 0 *", "192.0.2.7:5 text"]
        {
            let line = format!("Tue Nov 14 22:13:20 2023 {rest}");
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_rest_is_survived(rest in "(1|192\\.0\\.2\\.7|/a| |b|_|o|r|bob|ftp|0|\\*|c|é){0,40}") {
            drop(parse(format!("Tue Nov 14 22:13:20 2023 {rest}").as_bytes(), &CX));
        }
    }
}
