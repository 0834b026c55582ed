//! Text of unknown origin on a terminal: whatever a log says, it is shown and never obeyed.
//!
//! Control characters, and characters that reorder or hide text, are written as escapes.

use std::fmt::{self, Write as _};
use std::io;

use anstyle::{AnsiColor, Style};
use logseal_parsers::Level;

pub(super) const PLAIN: anstyle::Reset = anstyle::Reset;
pub(super) const RED: Style = AnsiColor::Red.on_default().bold();
pub(super) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(super) const CYAN: Style = AnsiColor::Cyan.on_default();
pub(super) const DIM: Style = Style::new().dimmed();

/// The colour of a level.
pub(super) fn level_style(level: Level) -> Style {
    match level {
        Level::Fatal => AnsiColor::Red.on_default().bold().invert(),
        Level::Error => RED,
        Level::Warn => YELLOW,
        Level::Info => AnsiColor::Green.on_default(),
        Level::Debug | Level::Trace | Level::Unknown => DIM,
    }
}

/// A text as one line that cannot drive a terminal.
pub(super) struct OneLine<'a>(pub(super) &'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0;
        while let Some((at, found)) = rest.char_indices().find(|(_, c)| is_unsafe(*c)) {
            let (before, after) = rest.split_at(at);
            f.write_str(before)?;
            escape(found, f)?;
            rest = after.strip_prefix(found).unwrap_or_default();
        }
        f.write_str(rest)
    }
}

/// A text whose line ends and tabs stay, and nothing else that a terminal would obey.
pub(super) fn sentence(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) && !matches!(c, '\n' | '\t') {
            escape(c, &mut safe).expect("writing into a String cannot fail");
        } else {
            safe.push(c);
        }
    }
    safe
}

/// JSON text with the unsafe characters that JSON lets stand in strings written as its escapes.
///
/// The text means the same to every reader of JSON.
pub(super) fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe(c) && u32::from(c) >= 0x7f {
            // All of them are below U+10000, so one escape of four digits is right.
            write!(safe, "\\u{:04x}", u32::from(c)).expect("writing into a String cannot fail");
        } else {
            safe.push(c);
        }
    }
    safe
}

fn escape(c: char, to: &mut impl fmt::Write) -> fmt::Result {
    match c {
        '\n' => to.write_str("\\n"),
        '\r' => to.write_str("\\r"),
        '\t' => to.write_str("\\t"),
        c if u32::from(c) < 0x100 => write!(to, "\\x{:02x}", u32::from(c)),
        c => write!(to, "\\u{{{:x}}}", u32::from(c)),
    }
}

/// C0, DEL, C1; line and paragraph separators; marks that turn the direction of text or are not seen.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Lets text pass to a terminal with all but line ends and tabs made visible.
///
/// Bytes that are not UTF-8 become U+FFFD. A character may be split between two writes.
pub(super) struct TerminalWriter<W> {
    inner: W,
    /// The begin of a character whose end has not come yet, at most 3 bytes.
    begun: Vec<u8>,
}

impl<W: io::Write> TerminalWriter<W> {
    pub(super) fn new(inner: W) -> Self {
        Self { inner, begun: Vec::new() }
    }
}

impl<W: io::Write> io::Write for TerminalWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = std::mem::take(&mut self.begun);
        all.extend_from_slice(bytes);
        let complete = match std::str::from_utf8(&all) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => all.len(),
        };
        // An invalid byte further ahead hides an unfinished character at the end; it then shows as U+FFFD.
        let (now, later) = all.split_at(complete);
        self.begun = later.to_vec();
        self.inner.write_all(sentence(&String::from_utf8_lossy(now)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_passes() {
        let check = |text: &str, shown: &str| assert_eq!(OneLine(text).to_string(), shown);
        check("plain grün ✓", "plain grün ✓");
        check("a\x1b[2Jb", "a\\x1b[2Jb");
        check("two\nlines\r\n\tend", "two\\nlines\\r\\n\\tend");
        check("\u{9b}31m", "\\x9b31m");
        check("evil\u{202e}txt.exe", "evil\\u{202e}txt.exe");
        check("\u{7f}\0", "\\x7f\\x00");
        check("", "");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let text = "{\"m\":\"a\u{9b}b\u{2028}c\u{7f}\\n\"}";
        let safe = json(text);
        assert!(safe.is_ascii(), "{safe}");
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(parse(&safe), parse(text));
    }

    #[test]
    fn a_character_split_between_writes_stays_whole() {
        let mut shown = Vec::new();
        let mut writer = TerminalWriter::new(&mut shown);
        for byte in "a✓\x1b\n".as_bytes() {
            writer.write_all(&[*byte]).unwrap();
        }
        assert_eq!(String::from_utf8(shown).unwrap(), "a✓\\x1b\n");
    }
}
