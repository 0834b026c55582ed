//! What a `log_line_prefix` says behind the time, as far as its parts show what they are.

use std::net::IpAddr;

use super::severity;
use crate::app::scan::attribute;
use crate::{LogEvent, address};

/// Reads the parts of a prefix; whether one of them is such as only PostgreSQL writes: a process id in brackets, a session's id, names
/// with values, or a client with its port in parentheses.
pub(super) fn read(event: &mut LogEvent<'_>, prefix: &str) -> bool {
    if let Some(known) = amazons(event, prefix) {
        return known;
    }
    let mut is_known = false;
    let (prefix, behind) = match application(prefix) {
        Some((before, name, behind)) => {
            is_known = true;
            named(event, "app", name);
            (before, behind)
        }
        None => (prefix, ""),
    };
    // The names that stand alone, and whether the last part was the client: behind it Datadog's prefix has the session's id.
    let (mut names, mut is_behind_client) = (Vec::new(), false);
    for part in parts(prefix).chain(parts(behind)).filter(|part| !part.is_empty()) {
        let was_behind_client = std::mem::take(&mut is_behind_client);
        if part == "[local]" {
            is_behind_client = true;
        } else if part.starts_with('[') && !part.contains("]@") {
            for inner in part.split(['[', ']']) {
                is_known |= bracket(event, inner);
            }
        } else if let Some((name, value)) = part.split_once('=') {
            is_known = true;
            named(event, name, value);
        } else if let Some((user, database)) = part.split_once('@') {
            set_user(event, user);
            attribute(event, "database", known(database));
        } else if is_session(part.trim_matches('-')) {
            is_known = true;
            attribute(event, "session_id", part.trim_matches('-'));
            if was_behind_client {
                datadogs(event, &names);
            }
        } else if event.ip.is_none()
            && let Some(ip) = host_of(part)
        {
            event.ip = Some(ip);
            is_known |= part.ends_with(')');
            is_behind_client = true;
        } else {
            names.push(part);
        }
    }
    is_known
}

/// What stands in brackets: a process, with its line or without, a line, the kind of a process, or names with values.
fn bracket(event: &mut LogEvent<'_>, inner: &str) -> bool {
    let (pid, line) = inner.split_once('-').unwrap_or((inner, ""));
    let is_number = !pid.is_empty() && pid.bytes().all(|b| b.is_ascii_digit());
    if event.proc_id.is_empty() && is_number {
        event.proc_id = pid.to_owned().into();
        attribute(event, "session_line_num", line);
        return true;
    }
    if is_number {
        attribute(event, "session_line_num", pid);
    } else if severity::is_backend_type(inner) {
        attribute(event, "backend_type", inner);
    } else if inner.contains('=') {
        for (name, value) in inner.split(',').filter_map(|pair| pair.split_once('=')) {
            named(event, name.trim(), value);
        }
        return true;
    }
    false
}

/// `%d %a %u`, as Datadog's manual has them: the name of a program may hold blanks.
fn datadogs(event: &mut LogEvent<'_>, names: &[&str]) {
    if let [database, program @ .., user] = names
        && !program.is_empty()
    {
        set_user(event, user);
        attribute(event, "database", known(database));
        attribute(event, "application_name", known(&program.join(" ")));
    }
}

/// Amazon's `:%r:%u@%d:[%p]:`, and Aurora's with `%l:%e:%s:%v:%x:%c:%q%a` behind it; an address has colons, too.
fn amazons(event: &mut LogEvent<'_>, prefix: &str) -> Option<bool> {
    let (before, behind) = prefix.trim_start().strip_prefix(':')?.split_once('@')?;
    let (client, user) = before.rsplit_once(':')?;
    let (database, behind) = behind.split_once(":[")?;
    let (pid, rest) = behind.split_once(']')?;
    event.ip = host_of(client);
    if event.ip.is_none() {
        attribute(event, "client", client);
    }
    set_user(event, user);
    attribute(event, "database", known(database));
    event.proc_id = pid.to_owned().into();
    let mut fields = rest.strip_prefix(':').unwrap_or(rest).splitn(3, ':');
    let (line, state, rest) = (fields.next()?, fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
    if !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit()) && state.len() == 5 {
        attribute(event, "session_line_num", line);
        attribute(event, "sql_state_code", state);
        let mut at = 0;
        for field in rest.split(':') {
            at += field.len() + 1;
            if is_session(field) {
                attribute(event, "session_id", field);
                attribute(event, "application_name", known(rest.get(at..).unwrap_or_default().trim_end_matches(':')));
                break;
            }
        }
    }
    Some(pid.bytes().all(|b| b.is_ascii_digit()))
}

/// The name of a program among names with values between commas, what stands before it, and what behind it: `user=bob,app=My App,client=…`.
/// It may hold blanks.
fn application(prefix: &str) -> Option<(&str, &str, &str)> {
    let at = prefix.find(",app=")?;
    let (before, rest) = (prefix.get(..at)?, prefix.get(at + ",app=".len()..)?);
    // Names in brackets are read as such.
    if before.rfind('[') > before.rfind(']') {
        return None;
    }
    let end = rest.find(',').unwrap_or(rest.len());
    // Without a comma behind it, what is of another shape is divided from it by a blank alone.
    let is_alone = rest.get(..end).is_some_and(|name| !name.contains('=') && !name.contains(" ["));
    let end = if is_alone { end } else { rest.find(' ')? };
    Some((before, rest.get(..end)?.trim(), rest.get(end..)?))
}

/// The parts of a prefix, between which blanks, commas and bars stand; those in brackets may hold blanks.
fn parts(prefix: &str) -> impl Iterator<Item = &str> {
    let mut is_within = false;
    prefix.split(move |c: char| {
        is_within = (is_within || c == '[') && c != ']';
        matches!(c, ' ' | ',' | '|') && !is_within
    })
}

fn named(event: &mut LogEvent<'_>, name: &str, value: &str) {
    let value = known(value);
    match name {
        "user" => set_user(event, value),
        "db" | "database" => attribute(event, "database", value),
        "app" | "application" => attribute(event, "application_name", value),
        "client" | "host" | "remote" if event.ip.is_none() => {
            event.ip = host_of(value);
            if event.ip.is_none() {
                attribute(event, name, value);
            }
        }
        _ => attribute(event, name, value),
    }
}

fn set_user(event: &mut LogEvent<'_>, user: &str) {
    event.user_name = known(user).to_owned().into();
}

/// `[unknown]` is what PostgreSQL writes before a session has a user or a database.
fn known(value: &str) -> &str {
    if value == "[unknown]" { "" } else { value }
}

/// Whether `text` is a session's id: the second in which it began and its process, in hexadecimal digits.
fn is_session(text: &str) -> bool {
    text.split_once('.').is_some_and(|(second, process)| {
        let is_hex = |part: &str| part.bytes().all(|b| b.is_ascii_hexdigit());
        second.len() == 8 && (1..=8).contains(&process.len()) && is_hex(second) && is_hex(process)
    })
}

/// The address of `192.0.2.7(5432)` or `192.0.2.7`.
fn host_of(text: &str) -> Option<IpAddr> {
    let host = text.split_once('(').map_or(text, |(host, _)| host);
    address::parse(host).map(|found| found.ip)
}
