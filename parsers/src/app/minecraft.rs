//! The logs of Minecraft's servers, by log4j's pattern or their own:
//!
//! ```text
//! [22:13:20] [Server thread/INFO]: text                                          the game's own
//! [14Nov2023 22:13:20.123] [Server thread/INFO] [minecraft/DedicatedServer]: text Forge
//! [22:13:20 INFO]: text                                                          Paper, Velocity
//! ```
//!
//! The records are Java's: `thread` and `logger` are attributes. Of a player who comes or goes, the name and the address are read.

use super::scan::{attribute, blanks, bracketed, capital_level, enclosed, event};
use super::{Stamped, java};
use crate::{LogEvent, level_names, programs};

/// Reads what follows a time in a bracket.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let rest = stamped.rest;
    let (thread, level, rest) = match rest.strip_prefix(b" ") {
        Some(inside) => {
            let (level, rest) = capital_level(inside)?;
            ("", level, rest.strip_prefix(b"]")?)
        }
        None => {
            let (inner, rest) = bracketed(rest.strip_prefix(b"] ")?)?;
            let (thread, level) = inner.rsplit_once('/')?;
            let is_capital = level.bytes().all(|b| b.is_ascii_uppercase());
            (thread, level_names::from_word(level).filter(|_| is_capital)?, rest)
        }
    };
    // A mod's name may stand in brackets or parentheses.
    let behind = blanks(rest);
    let named = bracketed(behind).filter(|_| !rest.starts_with(b":")).or_else(|| enclosed(behind, b'(', b')'));
    let (logger, rest) = named.unwrap_or(("", rest));
    let message = match rest.strip_prefix(b":") {
        Some(message) => message,
        None if !logger.is_empty() => rest,
        None => return None,
    };
    let mut event = event(java::FORMAT, Some(stamped.at), level, blanks(message));
    attribute(&mut event, "thread", thread);
    attribute(&mut event, "logger", logger);
    programs::complete(&mut event, "minecraft");
    Some(event)
}

#[cfg(test)]
mod tests {
    use crate::app::check::{CX, check};
    use crate::app::parse;

    #[test]
    fn players_and_what_servers_say_are_read() {
        for (line, expected) in [
            (
                "[22:13:20] [Server thread/INFO]: bob_7[/192.0.2.7:5000] logged in with entity id 8 at (1.5, 64.0, -2.5)",
                "java INFO 22:13:20 user=bob_7 ip=192.0.2.7 thread=Server thread outcome=success | bob_7[/192.0.2.7:5000] logged in with entity id 8 at (1.5, 64.0, -2.5)",
            ),
            (
                "[22:13:20 WARN]: bob_7 (/192.0.2.7:5000) lost connection: Timed out",
                "java WARN 22:13:20 user=bob_7 ip=192.0.2.7 | bob_7 (/192.0.2.7:5000) lost connection: Timed out",
            ),
            (
                "[14Nov2023 22:13:20.123] [main/ERROR] [a.b.Mod/CORE]: no",
                "java ERROR 22:13:20.123 thread=main logger=a.b.Mod/CORE | no",
            ),
            (
                "[22:13:20] [main/INFO] (FabricLoader) ready",
                "java INFO 22:13:20 thread=main logger=FabricLoader | ready",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn other_lines_with_a_time_in_a_bracket_are_refused() {
        for line in
            ["[22:13:20] [a/b]: x", "[22:13:20] [main/INFO] x", "[22:13:20] [x]", "[22:13:20 ", "[22:13:20 INFO] x"]
        {
            assert_ne!(parse(line.as_bytes(), &CX).map(|event| event.format), Some("java"), "{line}");
        }
    }
}
