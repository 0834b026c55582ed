//! Go's standard `log` package, and `slog` through it; zerolog's console with the caller; the loggers of Harbor, HashiCorp, etcd and Telegraf:
//!
//! ```text
//! 2023/11/14 22:13:20 ready
//! 2023/11/14 22:13:20.123456 main.go:99: ready
//! 2023/11/14 22:13:20 INFO ready count=3
//! 2023/11/14 22:13:20 cmd/web.go:99:run() [I] ready          Gitea
//! 2023-11-14T22:13:20Z ERR pkg/server.go:99 > no error="x"
//! 2023-11-14T22:13:20Z [ERROR] [/lib/auth.go:99]: no                    Harbor
//! 2023-11-14T22:13:20.123Z [ERROR] agent.server: no: error="x"      Consul, Nomad, Vault, Terraform
//! 2023-11-14 22:13:20.123456 W | rafthttp: no                       etcd before 3.4
//! 2023-11-14T22:13:20Z E! [inputs.docker] no                        Telegraf
//! [7] 2023/11/14 22:13:20.123456 [DBG] 192.0.2.7:5000 - cid:1 - no    NATS
//! ```
//!
//! Attributes: `file` and `line`, where the logger is told to write them; `logger`; NATS' `cid`.

use super::scan::{attribute, bracketed, capital_level, event, some_blanks, until, word};
use super::{Stamped, trimmed, zap};
use crate::{Context, LogEvent, address, level_names, plain};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "go";

/// Reads a line of Go's standard logger, or of zap's or zerolog's for a console; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    any_after_stamp(&Stamped::read(trimmed(line), cx)?, cx)
}

/// Reads what any of Go's loggers writes behind a time that begins the line.
pub(super) fn any_after_stamp<'a>(stamped: &Stamped<'a>, cx: &Context) -> Option<LogEvent<'a>> {
    zap::after_stamp(stamped, cx)
        .or_else(|| zerolog(stamped))
        .or_else(|| lettered(stamped))
        .or_else(|| after_stamp(stamped))
        .or_else(|| harbor(stamped))
        .or_else(|| hashicorp(stamped))
}

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let rest = stamped.rest.strip_prefix(b" ")?;
    if stamped.line.get(4) != Some(&b'/') || is_nginx(rest) {
        return None;
    }
    let place = until(rest, b": ").and_then(|(place, message)| Some((place.rsplit_once(':')?, message)));
    let place = place.filter(|((file, line), _)| file.ends_with(".go") && line.bytes().all(|b| b.is_ascii_digit()));
    let ((file, line), rest) = place.unwrap_or((("", ""), rest));
    let (level, message) = match capital_level(rest) {
        Some((level, message)) if message.first() == Some(&b' ') => (level, some_blanks(message)?),
        _ => (plain::stated_level(rest), rest),
    };
    if let Some(event) = gitea(stamped, rest) {
        return Some(event);
    }
    let mut event = event(FORMAT, Some(stamped.at), level, message);
    attribute(&mut event, "file", file);
    attribute(&mut event, "line", line);
    Some(event)
}

/// Gitea's and Forgejo's `cmd/web.go:242:runWeb() [I] text`, with the end of a long path only.
fn gitea<'a>(stamped: &Stamped<'a>, rest: &'a [u8]) -> Option<LogEvent<'a>> {
    let (place, rest) = until(rest, b"() [")?;
    let (letter, message) = until(rest, b"] ").filter(|(letter, _)| letter.len() == 1)?;
    let level = level_names::from_letter(letter)?;
    let (place, function) = place.rsplit_once(':').filter(|(place, _)| !place.contains(' '))?;
    let (file, line) = place.rsplit_once(':').filter(|(file, _)| file.ends_with(".go"))?;
    let mut event = event(FORMAT, Some(stamped.at), level, message);
    for (name, value) in [("file", file), ("line", line), ("function", function)] {
        attribute(&mut event, name, value);
    }
    Some(event)
}

/// zerolog's console, as Traefik writes it: `2023-11-14T22:13:20Z ERR pkg/server.go:99 > text error="no"`.
pub(super) fn zerolog<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (level, rest) = capital_level(stamped.rest.strip_prefix(b" ")?)?;
    let (place, message) = until(rest.strip_prefix(b" ")?, b" > ")?;
    let (file, line) = place.rsplit_once(':')?;
    let is_place = file.ends_with(".go") && !file.contains(' ') && line.bytes().all(|b| b.is_ascii_digit());
    let mut event = event(FORMAT, Some(stamped.at), level, message);
    attribute(&mut event, "file", file);
    attribute(&mut event, "line", line);
    is_place.then_some(event)
}

/// Harbor's logger: `2023-11-14T22:13:20Z [ERROR] [/lib/auth.go:99][client IP="192.0.2.7"]: no`.
pub(super) fn harbor<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (word, rest) = bracketed(stamped.rest.strip_prefix(b" ")?)?;
    let (place, rest) = bracketed(rest.strip_prefix(b" ")?)?;
    let (file, line) = place.rsplit_once(':')?;
    if !file.ends_with(".go") || !line.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let message = rest.strip_prefix(b": ").unwrap_or(rest);
    let mut event = event(FORMAT, Some(stamped.at), level_names::from_word(word)?, message);
    attribute(&mut event, "file", file);
    attribute(&mut event, "line", line);
    Some(event)
}

/// hclog's `[ERROR] agent.server: text` and `[INFO]  agent: text`, behind a time with its zone.
pub(super) fn hashicorp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    if stamped.line.get(10) != Some(&b'T') {
        return None;
    }
    let (word, rest) = bracketed(stamped.rest.strip_prefix(b" ")?)?;
    let gap: &[u8] = match word {
        "TRACE" | "DEBUG" | "ERROR" => b" ",
        "INFO" | "WARN" => b"  ",
        _ => return None,
    };
    let (logger, message) = until(rest.strip_prefix(gap)?, b": ")?;
    if !logger.starts_with(|c: char| c.is_ascii_lowercase()) || logger.contains(' ') {
        return None;
    }
    let mut event = event(FORMAT, Some(stamped.at), level_names::from_word(word)?, message);
    attribute(&mut event, "logger", logger);
    Some(event)
}

/// etcd's `W | rafthttp: text` and Telegraf's `E! [inputs.docker] text`.
pub(super) fn lettered<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    // With slashes in its date the line is the standard logger's, whatever the text begins with.
    if stamped.line.get(4) == Some(&b'/') {
        return None;
    }
    let (letter, rest) = stamped.rest.strip_prefix(b" ")?.split_at_checked(1)?;
    let letter = std::str::from_utf8(letter).ok().filter(|letter| "TDINWEC".contains(*letter))?;
    let level = level_names::from_letter(letter)?;
    let (logger, message) = match rest.strip_prefix(b" | ") {
        Some(rest) => until(rest, b": ").filter(|(logger, _)| !logger.contains(' '))?,
        None => {
            let text = rest.strip_prefix(b"! ")?;
            bracketed(text).map_or(("", text), |(plugin, rest)| (plugin, rest.strip_prefix(b" ").unwrap_or(rest)))
        }
    };
    let mut event = event(FORMAT, Some(stamped.at), level, message);
    attribute(&mut event, "logger", logger);
    Some(event)
}

/// NATS' `[7] 2023/11/14 22:13:20.123456 [DBG] 192.0.2.7:5000 - cid:1 - text`: the process, and of a connection the client.
pub(super) fn nats<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (pid, rest) = bracketed(text).filter(|(pid, _)| !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit()))?;
    let stamped = Stamped::read(rest.strip_prefix(b" ")?, cx).filter(|stamped| stamped.line.get(4) == Some(&b'/'))?;
    let (level, rest) = bracketed(stamped.rest.strip_prefix(b" ")?).filter(|(level, _)| level.len() == 3)?;
    let message = rest.strip_prefix(b" ")?;
    let mut event = event(FORMAT, Some(stamped.at), level_names::from_word(level)?, message);
    event.proc_id = pid.into();
    if let Some((client, rest)) = word(message)
        && let Some((id, _)) = rest.strip_prefix(b" - ").and_then(word)
        && let Some((kind @ ("cid" | "rid" | "gid" | "lid" | "mid" | "wid"), id)) = id.split_once(':')
    {
        event.ip = address::parse(client).map(|found| found.ip);
        attribute(&mut event, kind, id);
    }
    Some(event)
}

/// nginx's error log has the same time, and `[error] 7#7: ` behind it.
fn is_nginx(text: &[u8]) -> bool {
    let level = until(text, b"] ").filter(|_| text.first() == Some(&b'['));
    level.is_some_and(|(_, rest)| {
        let pid = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        pid > 0 && rest.get(pid) == Some(&b'#')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn every_set_of_flags_is_read() {
        for (line, expected) in [
            (
                "2023-11-14T22:13:20Z ERR pkg/server/server.go:99 > text error=\"no\"",
                "go ERROR 22:13:20 file=pkg/server/server.go line=99 | text error=\"no\"",
            ),
            (
                "2023-11-14T22:13:20Z [ERROR] [/lib/auth.go:99][client IP=\"192.0.2.7\"]: no",
                "go ERROR 22:13:20 file=/lib/auth.go line=99 | [client IP=\"192.0.2.7\"]: no",
            ),
            (
                "2023-11-14T22:13:20Z [INFO] [/lib/auth.go:99]: ready",
                "go INFO 22:13:20 file=/lib/auth.go line=99 | ready",
            ),
            ("2023/11/14 22:13:20 listening on :8080", "go UNKNOWN 22:13:20 | listening on :8080"),
            (
                "2023/11/14 22:13:20.123456 /src/main.go:99: [ERROR] no: x",
                "go ERROR 22:13:20.123456 file=/src/main.go line=99 | [ERROR] no: x",
            ),
            (
                "2023/11/14 22:13:20 ...les/setting/log.go:99:run() [W] no [x]",
                "go WARN 22:13:20 file=...les/setting/log.go line=99 function=run | no [x]",
            ),
            (
                "2023-11-14T22:13:20.123Z [ERROR] agent.server: no: error=\"x\"",
                "go ERROR 22:13:20.123 logger=agent.server | no: error=\"x\"",
            ),
            (
                "2023-11-14T22:13:20.123Z [WARN]  agent.client.serf.lan: serf: no",
                "go WARN 22:13:20.123 logger=agent.client.serf.lan | serf: no",
            ),
            ("2023-11-14 22:13:20.123456 W | rafthttp: no", "go WARN 22:13:20.123456 logger=rafthttp | no"),
            ("2023-11-14T22:13:20Z I! Starting Telegraf", "go INFO 22:13:20 | Starting Telegraf"),
            ("2023-11-14T22:13:20Z E! [inputs.docker] no: x", "go ERROR 22:13:20 logger=inputs.docker | no: x"),
            ("2023/11/14 22:13:20 INFO ready count=3", "go INFO 22:13:20 | ready count=3"),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn a_connection_of_nats_names_its_client() {
        for (line, expected) in [
            (
                "[7] 2023/11/14 22:13:20.123456 [DBG] 192.0.2.7:5000 - cid:1 - Client connection created",
                "go DEBUG 22:13:20.123456 pid=7 ip=192.0.2.7 cid=1 | 192.0.2.7:5000 - cid:1 - Client connection created",
            ),
            ("[7] 2023/11/14 22:13:20.123456 [INF] Server is ready", "go INFO 22:13:20.123456 pid=7 | Server is ready"),
        ] {
            check(crate::app::parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "2023/11/14 22:13:20",
            "2023/11/14 22:13:20 [error] 7#7: *8 x",
            "2023-11-14 22:13:20 x",
            "2023-11-14 22:13:20 [ERROR] app: x",
            "2023-11-14T22:13:20Z [INFO] app: x",
            "2023-11-14T22:13:20Z [ERROR] no app: x",
            "2023-11-14T22:13:20Z E | no app: x",
            "2023-11-14T22:13:20Z A! x",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
