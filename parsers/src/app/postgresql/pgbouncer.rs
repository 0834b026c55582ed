//! PgBouncer, which pools connections to PostgreSQL and writes its time:
//!
//! ```text
//! 2023-11-14 22:13:20.123 UTC [7] WARNING C-0x55d2a8: shop/bob@192.0.2.7:5000 pooler error: password authentication failed
//! ```
//!
//! Of a client's connection (`C-`) the user, the address, and `database`; of a server's (`S-`) those of the server are attributes.

use crate::app::Stamped;
use crate::app::scan::{attribute, digits, event, some_blanks, until, word};
use crate::{Level, LogEvent, address};

/// The name of this format in [`LogEvent::format`].
pub(super) const FORMAT: &str = "pgbouncer";

/// Reads what follows the time and the zone.
pub(super) fn after_zone(at: i64, rest: &[u8]) -> Option<LogEvent<'_>> {
    let (pid, rest) = digits(rest.strip_prefix(b" [")?)?;
    after_process(at, pid, rest.strip_prefix(b"]")?)
}

/// Reads what follows the time in older versions, which write neither the zone nor brackets; `rest` begins with a blank.
pub(in crate::app) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (pid, rest) = digits(stamped.rest.strip_prefix(b" ")?)?;
    after_process(stamped.at, pid, rest)
}

fn after_process<'a>(at: i64, pid: &'a str, rest: &'a [u8]) -> Option<LogEvent<'a>> {
    let (level, rest) = word(some_blanks(rest)?)?;
    let is_own_level = matches!(level, "LOG" | "NOISE");
    let level = match level {
        "FATAL" => Level::Fatal,
        "ERROR" => Level::Error,
        "WARNING" => Level::Warn,
        "LOG" => Level::Info,
        "DEBUG" => Level::Debug,
        "NOISE" => Level::Trace,
        _ => return None,
    };
    let message = some_blanks(rest)?;
    let is_clients = message.starts_with(b"C-0x");
    if !is_clients && !message.starts_with(b"S-0x") {
        // What it says of itself has a level that no other logger has, without PostgreSQL's colon.
        let mut event = event(FORMAT, Some(at), level, message);
        event.proc_id = pid.into();
        return is_own_level.then_some(event);
    }
    let (connection, rest) = until(message, b": ").filter(|(connection, _)| !connection.contains(' '))?;
    let (who, _) = word(rest)?;
    let (database, who) = who.split_once('/')?;
    let (user, peer) = who.rsplit_once('@')?;
    let mut event = event(FORMAT, Some(at), level, message);
    event.proc_id = pid.into();
    attribute(&mut event, "connection", connection);
    let is_absent = |name: &str| matches!(name, "" | "(nouser)" | "(nodb)");
    if !is_absent(database) {
        attribute(&mut event, "database", database);
    }
    if !is_absent(user) {
        event.user_name = user.into();
    }
    match address::parse(peer) {
        Some(found) if is_clients => event.ip = Some(found.ip),
        Some(_) => attribute(&mut event, "server", peer),
        None => {}
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn a_connection_names_its_client() {
        for (line, expected) in [
            (
                "2023-11-14 22:13:20.123 UTC [7] ERROR C-0x55d2a8: shop/bob@192.0.2.7:5000 SASL authentication failed",
                "pgbouncer ERROR 22:13:20.123 pid=7 user=bob ip=192.0.2.7 connection=C-0x55d2a8 database=shop outcome=failure | \
                 C-0x55d2a8: shop/bob@192.0.2.7:5000 SASL authentication failed",
            ),
            (
                "2023-11-14 22:13:20.123 UTC [7] LOG process up: PgBouncer 1.18.0",
                "pgbouncer INFO 22:13:20.123 pid=7 | process up: PgBouncer 1.18.0",
            ),
            (
                "2023-11-14 22:13:20.123 7 LOG C-0x55d2a8: shop/bob@192.0.2.7:5000 login attempt",
                "pgbouncer INFO 22:13:20.123 pid=7 user=bob ip=192.0.2.7 connection=C-0x55d2a8 database=shop | \
                 C-0x55d2a8: shop/bob@192.0.2.7:5000 login attempt",
            ),
            (
                "2023-11-14 22:13:20.123 UTC [7] LOG C-0x55d2a8: (nodb)/(nouser)@[2001:db8::7]:5000 closing because: no",
                "pgbouncer INFO 22:13:20.123 pid=7 ip=2001:db8::7 connection=C-0x55d2a8 | \
                 C-0x55d2a8: (nodb)/(nouser)@[2001:db8::7]:5000 closing because: no",
            ),
            (
                "2023-11-14 22:13:20.123 UTC [7] LOG S-0x55d2a8: shop/bob@192.0.2.1:5432 new connection to server",
                "pgbouncer INFO 22:13:20.123 pid=7 user=bob connection=S-0x55d2a8 database=shop server=192.0.2.1:5432 | \
                 S-0x55d2a8: shop/bob@192.0.2.1:5432 new connection to server",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }
}
