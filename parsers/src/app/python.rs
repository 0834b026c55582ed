//! Lines of Python's `logging` in its default and most used patterns, and of programs that bring their own.
//!
//! ```text
//! WARNING:shop.cart:low stock                              basicConfig's default
//! INFO:     192.0.2.7:5000 - "GET / HTTP/1.1" 200 OK       uvicorn
//! 2023-11-14 22:13:20,123 - shop.cart - WARNING - text     the manual's pattern
//! 2023-11-14 22:13:20 [scrapy.core] INFO: text             Scrapy
//! 2023-11-14 22:13:20.123 | INFO     | shop:buy:12 - text  loguru
//! 2023-11-14 22:13:20.123 7 INFO nova.api [req-1 - -] text OpenStack
//! [2023-11-14 22:13:20 +0000] [7] [INFO] text              gunicorn
//! [2023-11-14 22:13:20,123: INFO/MainProcess] text         Celery
//! [2023-11-14 22:13:20,123] INFO in app: text              Flask
//! [2023-11-14T22:13:20.123+0000] {job.py:99} INFO - text   Airflow
//! ```

use super::scan::{
    attribute, blanks, bracketed, capital_level, digits, enclosed, event, level, some_blanks, span, until, word,
};
use super::{Stamped, java, scan, stamp, trimmed};
use crate::find::find;
use crate::{Context, Level, LogEvent, address, http_status, leading, level_names, programs, request_line};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "python";

/// Reads a line of a Python program; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = trimmed(line);
    match text.first()? {
        b'[' => bracketed_stamp(&Stamped::in_bracket(text, cx)?),
        b'A'..=b'Z' => level_first(text, cx),
        b'a'..=b'z' => file_first(text, cx),
        _ => {
            let stamped = Stamped::read(text, cx)?;
            let shared = || java::after_stamp(&stamped).or_else(|| java::level_and_text(&stamped));
            any_after_stamp(&stamped).or_else(|| shared().map(|event| LogEvent { format: FORMAT, ..event }))
        }
    }
}

/// Reads what any of Python's own loggers writes behind a time that begins the line.
pub(super) fn any_after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    after_stamp(stamped).or_else(|| with_process(stamped))
}

/// Reads what follows a time that begins the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let at = Some(stamped.at);
    let rest = blanks(stamped.rest);
    match rest.first()? {
        b'-' => dashes(at, rest),
        b'[' => brackets(at, rest),
        b'|' => loguru(at, rest),
        b'0'..=b'9' => openstack(at, rest),
        _ => level_and_name(at, rest),
    }
}

/// Fail2ban's `fail2ban.actions        [7]: NOTICE  [sshd] Ban 192.0.2.7`.
pub(super) fn with_process<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    if let Some(old) = old_fail2ban(stamped) {
        return Some(old);
    }
    let (name, rest) = word(blanks(stamped.rest)).filter(|(name, _)| name.contains('.') && is_name(name))?;
    let (pid, rest) = bracketed(some_blanks(rest)?).filter(|(pid, _)| pid.bytes().all(|b| b.is_ascii_digit()))?;
    let (level, rest) = capital_level(blanks(rest.strip_prefix(b":")?))?;
    let mut event = named(Some(stamped.at), level, name, some_blanks(rest)?);
    event.proc_id = pid.into();
    programs::complete(&mut event, name);
    Some(event)
}

/// Fail2ban before version 0.9: `fail2ban.actions: WARNING [ssh] Ban 192.0.2.7`, with the process directly behind the name or without.
fn old_fail2ban<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (name, rest) = word(blanks(stamped.rest)).filter(|(name, _)| name.starts_with("fail2ban."))?;
    let (name, pid) = match name.strip_suffix(':')?.split_once('[') {
        Some((name, pid)) => (name, pid.strip_suffix(']')?),
        None => (name.strip_suffix(':')?, ""),
    };
    let (level, rest) = capital_level(blanks(rest))?;
    let mut event = named(Some(stamped.at), level, name, some_blanks(rest)?);
    event.proc_id = pid.into();
    programs::complete(&mut event, name);
    Some(event)
}

/// ` - name - LEVEL - text`, or the level before the name, or no name.
fn dashes<'a>(at: Option<i64>, text: &'a [u8]) -> Option<LogEvent<'a>> {
    let text = blanks(text.strip_prefix(b"- ")?);
    let (first, rest) = until(text, b" - ")?;
    if let Some(level) = capital(first.trim_end()) {
        return match until(rest, b" - ") {
            Some((name, message)) if is_name(name.trim_end()) => Some(named(at, level, name.trim_end(), message)),
            _ => Some(event(FORMAT, at, level, blanks(rest))),
        };
    }
    let (second, message) = until(rest, b" - ")?;
    let level = capital(second.trim())?;
    Some(named(at, level, first.trim_end(), message))
}

/// `[name] LEVEL: text` (Scrapy) and `[LEVEL] name: text`.
fn brackets<'a>(at: Option<i64>, text: &'a [u8]) -> Option<LogEvent<'a>> {
    let (inner, after) = bracketed(text)?;
    if let Some(level) = capital(inner) {
        let after = some_blanks(after)?;
        let (name, rest) = until(after, b": ")?;
        return is_name(name).then(|| named(at, level, name, blanks(rest)));
    }
    if let Some(salt) = salt(at, inner, after) {
        return Some(salt);
    }
    let (level, rest) = capital_level(some_blanks(after)?)?;
    Some(named(at, level, inner, blanks(rest.strip_prefix(b":")?)))
}

/// Salt's `[salt.minion :99][INFO    ][7] text`.
fn salt<'a>(at: Option<i64>, place: &'a str, text: &'a [u8]) -> Option<LogEvent<'a>> {
    let (word, rest) = bracketed(text)?;
    let level = capital(word)?;
    let (pid, rest) = bracketed(rest).unwrap_or(("", rest));
    let (name, line) = place.split_once(':').unwrap_or((place, ""));
    let mut event = named(at, level, name.trim_end(), blanks(rest));
    event.proc_id = pid.into();
    attribute(&mut event, "line", line.trim());
    Some(event)
}

/// `| INFO     | module:function:line - text`.
fn loguru<'a>(at: Option<i64>, text: &'a [u8]) -> Option<LogEvent<'a>> {
    let (word, rest) = until(text.strip_prefix(b"|")?, b"|")?;
    let level = capital(word.trim()).or_else(|| (word.trim() == "SUCCESS").then_some(Level::Info))?;
    let (place, message) = until(blanks(rest), b" - ")?;
    let mut parts = place.trim().rsplitn(3, ':');
    let (line, function, module) = (parts.next()?, parts.next()?, parts.next()?);
    let mut event = named(at, level, module, message);
    attribute(&mut event, "function", function);
    attribute(&mut event, "line", line);
    Some(event)
}

/// `7 INFO nova.api [req-1 user project - - -] text`; a database's name may precede the logger (Odoo).
fn openstack<'a>(at: Option<i64>, text: &'a [u8]) -> Option<LogEvent<'a>> {
    let (pid, rest) = digits(text)?;
    let (level, rest) = capital_level(some_blanks(rest)?)?;
    let (first, rest) = word(some_blanks(rest)?)?;
    let rest = some_blanks(rest)?;
    let mut event = match bracketed(rest) {
        Some((request, message)) if request.starts_with("req-") || request.starts_with('-') => {
            let mut event = named(at, level, first, blanks(message));
            attribute(&mut event, "request_id", request.split(' ').next().unwrap_or_default());
            event
        }
        _ => {
            let (name, message) = until(rest, b": ").filter(|(name, _)| name.contains('.') && is_name(name))?;
            let mut event = named(at, level, name, message);
            attribute(&mut event, "database", if first == "?" { "" } else { first });
            event
        }
    };
    event.proc_id = pid.into();
    Some(event)
}

/// `WARNING name: text` and `WARNING [name] text`: only the levels whose names no other language's loggers write in capitals. And
/// SQLAlchemy's `INFO sqlalchemy.engine.Engine SELECT 1`, with nothing behind its logger.
fn level_and_name<'a>(at: Option<i64>, text: &'a [u8]) -> Option<LogEvent<'a>> {
    let (word, rest) = span(text, |b| b.is_ascii_uppercase())?;
    if blanks(rest).starts_with(b"sqlalchemy.") {
        let (name, message) = scan::word(blanks(rest)).filter(|(name, _)| is_name(name))?;
        return Some(named(at, capital(word)?, name, some_blanks(message)?));
    }
    let level = matches!(word, "WARNING" | "CRITICAL").then(|| level_names::from_word(word)).flatten()?;
    let (name, message) = until(some_blanks(rest)?, b": ").filter(|(name, _)| is_name(name))?;
    Some(named(at, level, name, message))
}

/// `[time] …` and Celery's `[time: LEVEL/process] …`.
pub(super) fn bracketed_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (at, rest) = (stamped.at, stamped.rest);
    if let Some(rest) = rest.strip_prefix(b": ") {
        let (level, rest) = capital_level(rest)?;
        let (process, message) = until(rest.strip_prefix(b"/")?, b"]")?;
        let mut event = event(FORMAT, Some(at), level, blanks(message));
        attribute(&mut event, "process", process);
        return Some(event);
    }
    let rest = some_blanks(rest.strip_prefix(b"]")?)?;
    match rest.first()? {
        b'[' => gunicorn(at, rest),
        b'{' => airflow(at, rest),
        _ => {
            let (level, rest) = capital_level(rest)?;
            let (name, message) = until(rest.strip_prefix(b" in ")?, b": ")?;
            is_name(name).then(|| named(Some(at), level, name, message))
        }
    }
}

/// `[7] [INFO] text`.
fn gunicorn<'a>(at: i64, text: &'a [u8]) -> Option<LogEvent<'a>> {
    let (pid, rest) = bracketed(text)?;
    let is_pid = !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit());
    let (word, rest) = bracketed(some_blanks(rest)?).filter(|_| is_pid)?;
    let mut event = event(FORMAT, Some(at), capital(word)?, blanks(rest));
    event.proc_id = pid.into();
    Some(event)
}

/// `{job.py:99} INFO - text`, as version 1 with two braces each.
fn airflow<'a>(at: i64, text: &'a [u8]) -> Option<LogEvent<'a>> {
    let (place, rest) = enclosed(text, b'{', b'}')?;
    let place = place.strip_prefix('{').and_then(|place| place.strip_suffix('}')).unwrap_or(place);
    let (level, rest) = capital_level(some_blanks(rest)?)?;
    let mut event = event(FORMAT, Some(at), level, rest.strip_prefix(b" - ")?);
    let (file, line) = place.rsplit_once(':')?;
    attribute(&mut event, "file", file);
    attribute(&mut event, "line", line);
    Some(event)
}

/// `LEVEL:name:text`, uvicorn's `LEVEL:     text` and Django's `LEVEL 2023-… module pid thread text`.
pub(super) fn level_first<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (level, rest) = capital_level(text)?;
    if let Some(rest) = some_blanks(rest).filter(|rest| rest.first().is_some_and(u8::is_ascii_digit)) {
        return django(level, rest, cx);
    }
    let rest = rest.strip_prefix(b":")?;
    if rest.first() == Some(&b' ') {
        // uvicorn pads "INFO:" to ten places; a line of prose has one blank.
        let is_padded = text.len() - blanks(rest).len() == 10;
        let message = blanks(rest);
        let mut event = event(FORMAT, None, level, message);
        if let Some((client, request)) = until(message, b" - \"").filter(|_| is_padded) {
            event.ip = address::parse(client).map(|found| found.ip);
            answered(&mut event, request);
        }
        return is_padded.then_some(event);
    }
    let (name, message) = until(rest, b":")?;
    is_name(name).then(|| named(None, level, name, message))
}

/// Adds what uvicorn says of a request: `GET / HTTP/1.1" 200 OK`.
fn answered(event: &mut LogEvent<'_>, text: &[u8]) {
    let Some((request, rest)) = until(text, b"\" ") else { return };
    let Some((status, _)) = digits(rest).filter(|(status, _)| http_status::is_status(status.as_bytes())) else {
        return;
    };
    request_line::push_parts(&mut event.attributes, request.as_bytes());
    attribute(event, "status", status);
}

/// The `verbose` formatter of Django's manual: `WARNING 2023-11-14 22:13:20,123 basehttp 7 140 text`.
fn django<'a>(level: Level, text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (at, rest) = stamp::read(text, cx)?;
    let (module, rest) = word(some_blanks(rest)?).filter(|(module, _)| is_name(module))?;
    let (pid, rest) = digits(some_blanks(rest)?)?;
    let (thread, rest) = digits(some_blanks(rest)?)?;
    let mut event = named(Some(at), level, module, some_blanks(rest)?);
    event.proc_id = pid.into();
    attribute(&mut event, "thread", thread);
    Some(event)
}

/// A line behind the name of the file it comes from, as OpenStack's collected logs have it.
pub(super) fn file_first<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    // A pair's name is none of a file.
    if text.get(leading::letters(text)) == Some(&b'=') {
        return None;
    }
    let (file, rest) = word(text).filter(|(file, _)| find(file.as_bytes(), b".log").is_some())?;
    let stamped = Stamped::read(some_blanks(rest)?, cx)?;
    let mut event = openstack(Some(stamped.at), blanks(stamped.rest))?;
    attribute(&mut event, "file", file);
    Some(event)
}

fn named<'a>(at: Option<i64>, level: Level, logger: &str, message: &'a [u8]) -> LogEvent<'a> {
    let mut event = event(FORMAT, at, level, message);
    attribute(&mut event, "logger", logger);
    event
}

/// The level that a whole word in capitals names.
fn capital(word: &str) -> Option<Level> {
    let (level, rest) = level(word.as_bytes()).filter(|_| word.bytes().all(|b| b.is_ascii_uppercase()))?;
    rest.is_empty().then_some(level)
}

/// Whether `text` can be the name of a logger: no blanks, and a letter at its front.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_') && !text.contains([' ', '"', '='])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn the_usual_patterns_are_read() {
        for (line, expected) in [
            (
                "WARNING 2023-11-14 22:13:20,123 basehttp 7 140 \"GET / HTTP/1.1\" 404 5",
                "python WARN 22:13:20.123 pid=7 logger=basehttp thread=140 | \"GET / HTTP/1.1\" 404 5",
            ),
            (
                "2023-11-14 22:13:20,123 INFO sqlalchemy.engine.Engine [raw sql] ()",
                "python INFO 22:13:20.123 logger=sqlalchemy.engine.Engine | [raw sql] ()",
            ),
            ("WARNING:shop.cart:low stock: 3", "python WARN logger=shop.cart | low stock: 3"),
            (
                "INFO:     192.0.2.7:5000 - \"GET / HTTP/1.1\" 200 OK",
                "python INFO ip=192.0.2.7 method=GET path=/ protocol=HTTP/1.1 status=200 | 192.0.2.7:5000 - \"GET / HTTP/1.1\" 200 OK",
            ),
            ("WARNING:  no reload", "python WARN | no reload"),
            (
                "2023-11-14 22:13:20,123 - shop.cart - WARNING - low - stock",
                "python WARN 22:13:20.123 logger=shop.cart | low - stock",
            ),
            ("2023-11-14 22:13:20,123 - WARNING - shop.cart - low", "python WARN 22:13:20.123 logger=shop.cart | low"),
            ("2023-11-14 22:13:20,123 - ERROR - it broke", "python ERROR 22:13:20.123 | it broke"),
            ("2023-11-14 22:13:20,123 INFO shop.cart: low", "python INFO 22:13:20.123 logger=shop.cart | low"),
            ("2023-11-14 22:13:20,123 INFO it is low", "python INFO 22:13:20.123 | it is low"),
            ("2023-11-14 22:13:20,123 WARNING shop: low", "python WARN 22:13:20.123 logger=shop | low"),
            ("2023-11-14 22:13:20 [scrapy.core] INFO: opened", "python INFO 22:13:20 logger=scrapy.core | opened"),
            ("2023-11-14 22:13:20,123 [ERROR] app.mod: boom: x", "python ERROR 22:13:20.123 logger=app.mod | boom: x"),
            ("2023-11-14 22:13:20,123 [ERROR] shop: no", "python ERROR 22:13:20.123 logger=shop | no"),
            (
                "2023-11-14 22:13:20,123 [salt.minion      :99][INFO    ][7] up",
                "python INFO 22:13:20.123 pid=7 logger=salt.minion line=99 | up",
            ),
            (
                "2023-11-14 22:13:20.123 | SUCCESS  | shop.cart:buy:12 - sold - all",
                "python INFO 22:13:20.123 logger=shop.cart function=buy line=12 | sold - all",
            ),
            (
                "2023-11-14 22:13:20.123 7 INFO nova.api [req-1 u p - - -] [instance: x] up",
                "python INFO 22:13:20.123 pid=7 logger=nova.api request_id=req-1 | [instance: x] up",
            ),
            (
                "2023-11-14 22:13:20,123 7 INFO shop odoo.modules: loaded",
                "python INFO 22:13:20.123 pid=7 logger=odoo.modules database=shop | loaded",
            ),
            (
                "nova-api.log.1 2023-11-14 22:13:20.123 7 INFO nova.api [-] up",
                "python INFO 22:13:20.123 pid=7 logger=nova.api file=nova-api.log.1 | up",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn times_in_brackets_are_read() {
        for (line, expected) in [
            ("[2023-11-14 22:13:20 +0000] [7] [INFO] Booting", "python INFO 22:13:20 pid=7 | Booting"),
            (
                "[2023-11-14 22:13:20,123: WARNING/MainProcess] late",
                "python WARN 22:13:20.123 process=MainProcess | late",
            ),
            ("[2023-11-14 22:13:20,123] ERROR in app: no", "python ERROR 22:13:20.123 logger=app | no"),
            (
                "[2023-11-14T22:13:20.123+0000] {job.py:99} INFO - ran",
                "python INFO 22:13:20.123 file=job.py line=99 | ran",
            ),
            ("[2023-11-14, 22:13:20 UTC] {job.py:99} INFO - ran", "python INFO 22:13:20 file=job.py line=99 | ran"),
            (
                "[2023-11-14 22:13:20,123] {{job.py:99}} DEBUG - ran",
                "python DEBUG 22:13:20.123 file=job.py line=99 | ran",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "INFO: a line of prose",
            "ERROR:no second colon",
            "2023-11-14 22:13:20 - yesterday - all - went well",
            "[2023-11-14 22:13:20] [x] [INFO] y",
            "note.log of the day",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
