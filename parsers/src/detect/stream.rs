//! The format of a stream or file for which none is stated: chosen from its lines, and looked at again as it goes on.

use super::chosen::{is_syslogs, may_be_syslogs, read_chosen, read_syslogs_header};
use super::{prose, read_as, read_prose};
use crate::{Context, Format, LogEvent, compose, content, cri, detect};

/// After so many lines in one format it is the stream's.
const SAMPLE_LINES: u32 = 16;

/// One line of so many is asked for as if the stream's format were not known.
const LINES_TO_CHECK: u32 = 128;

/// Reads the lines of one stream or file in their order, each in the format that it is in.
///
/// The first lines are decided one by one. After 16 lines in one format, that is the stream's: its parser is asked alone, and only if it
/// refuses a line all others are, so that lines in other formats are still read as what they are. Only of a line that several
/// formats' parsers would take, as happens among programs' loggers, the stream's has it then, though another might be asked first for a
/// line by itself. Every 128th line is decided by itself all the same; if it is in another format, so are the lines that follow.
///
/// Lines of plain text between those of a format say nothing about the stream, and it is never plain text that is chosen: text is what
/// all other formats refuse.
#[derive(Clone, Debug, Default)]
pub struct StreamFormat {
    /// What the last line was, where that is the name of a format.
    last: Format,
    /// What the last line was that was no plain text, and how many were so on end.
    candidate: Format,
    agreeing: u32,
    lines: u32,
    /// Whether the lines do not belong together.
    is_mixed: bool,
}

impl StreamFormat {
    /// For lines that do not belong together, as those of many senders: no format is chosen, and each line is what it is by itself. What the
    /// last one was is only asked first.
    #[must_use]
    pub fn mixed() -> Self {
        Self { is_mixed: true, ..Self::default() }
    }

    /// Reads the next line. Never fails: as [`format::parse`](crate::format::parse).
    pub fn read<'a>(&mut self, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
        match line.first() {
            // Syslog and JSON, whatever the stream is in.
            Some(b'<' | b'{') => return detect::read(line, cx),
            _ if self.is_text() => {
                if let Some(prose) = prose::of(line, cx) {
                    return read_prose(prose, line, cx);
                }
            }
            _ => {}
        }
        self.read_formatted(line, cx)
    }

    /// As [`StreamFormat::read`], for a line that is looked at as text already.
    #[inline]
    pub(crate) fn read_formatted<'a>(&mut self, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
        self.lines = self.lines.wrapping_add(1);
        let is_chosen = self.agreeing >= SAMPLE_LINES && !self.is_mixed;
        if is_chosen && !self.lines.is_multiple_of(LINES_TO_CHECK) {
            if may_be_syslogs(self.candidate, line) {
                return self.read_syslogs(line, cx);
            }
            if let Some(event) = read_chosen(self.candidate, line, cx) {
                self.last = self.candidate;
                return event;
            }
        }
        self.read_by_itself(line, cx)
    }

    /// Reads a line that may be a syslog daemon's, as those before it were.
    // To return what another function returns would copy the event once more.
    fn read_syslogs<'a>(&mut self, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
        let Ok(mut event) = read_syslogs_header(self.candidate, line, cx) else { return self.read_by_itself(line, cx) };
        if !is_syslogs(self.candidate, line, &event) {
            return self.read_by_itself(line, cx);
        }
        self.last = self.candidate;
        content::complete(&mut event, line, cx);
        event
    }

    fn read_by_itself<'a>(&mut self, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
        let event = self.peek(line, cx);
        self.note(event.format);
        event
    }

    /// Reads a line that may be in the format of the last one, and takes no note of it.
    #[inline]
    pub(crate) fn peek<'a>(&self, line: &'a [u8], cx: &Context) -> LogEvent<'a> {
        read_as(self.last, line, cx).unwrap_or_else(|| detect::read(line, cx))
    }

    /// Whether the last line was plain text.
    pub(crate) fn is_text(&self) -> bool {
        self.last == Format::Plain
    }

    /// Takes note of the format that a line was found to be in.
    pub(crate) fn note(&mut self, found: &str) {
        if found != self.last.as_str() {
            // Programs' formats that cannot be stated by themselves are among `app`; what containers write holds others' lines.
            let unstated = if matches!(found, cri::FORMAT | compose::FORMAT) { Format::Auto } else { Format::App };
            self.last = found.parse().unwrap_or(unstated);
        }
        if self.last == Format::Plain {
            return;
        }
        self.agreeing = if self.last == self.candidate { self.agreeing.saturating_add(1) } else { 1 };
        self.candidate = self.last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };
    const GOS: &str = "2023/11/14 22:13:20 ready to serve";
    const JAVAS: &str = "2023-11-14 22:13:20,123 INFO  [main] c.e.App - text";
    /// Alone it is Java's or Python's, but Go's logger may write it, too.
    const BOTHS: &str = "2023/11/14 22:13:20 ERROR c.e.App: text";

    fn formats(stream: &mut StreamFormat, line: &str, times: usize) -> Vec<&'static str> {
        (0..times).map(|_| stream.read(line.as_bytes(), &CX).format).collect()
    }

    #[test]
    fn a_line_that_several_parsers_take_is_the_streams_once_that_is_chosen() {
        let alone = detect::read(BOTHS.as_bytes(), &CX).format;
        assert_ne!(alone, "go");
        let mut stream = StreamFormat::default();
        assert_eq!(formats(&mut stream, GOS, 15), ["go"; 15]);
        assert_eq!(formats(&mut stream, BOTHS, 1), [alone]);
        let mut stream = StreamFormat::default();
        assert_eq!(formats(&mut stream, GOS, 16), ["go"; 16]);
        assert_eq!(formats(&mut stream, BOTHS, 1), ["go"]);
    }

    #[test]
    fn lines_that_do_not_belong_together_are_each_what_they_are_alone() {
        let alone = detect::read(BOTHS.as_bytes(), &CX).format;
        let mut mixed = StreamFormat::mixed();
        assert_eq!(formats(&mut mixed, GOS, 100), ["go"; 100]);
        assert_eq!(formats(&mut mixed, BOTHS, 1), [alone]);
    }

    #[test]
    fn a_stream_that_turns_into_another_is_found_out() {
        let alone = detect::read(BOTHS.as_bytes(), &CX).format;
        let mut stream = StreamFormat::default();
        assert_eq!(formats(&mut stream, GOS, 100), ["go"; 100]);
        let found = formats(&mut stream, BOTHS, 200);
        let late = found.iter().take_while(|format| **format == "go").count();
        assert!(late < 128, "{late}");
        assert_eq!(found[late..], vec![alone; 200 - late]);
    }

    #[test]
    fn lines_in_other_formats_are_what_they_are() {
        let mut stream = StreamFormat::default();
        for _ in 0..5 {
            assert_eq!(formats(&mut stream, JAVAS, 100), ["java"; 100]);
            for (line, format) in [
                ("{\"level\":\"info\"}", "json"),
                ("<13>Nov 14 22:13:20 web1 app: text", "rfc3164"),
                ("192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] \"GET / HTTP/1.1\" 200 1", "access"),
                ("2023-11-14T22:13:20Z stdout F text", "cri"),
                ("2023-11-14 22:13:20 UTC [7] ERROR:  text", "postgresql"),
                ("level=info msg=text", "logfmt"),
                ("2023-11-14 22:13:20 text of somebody", "plain"),
                ("\tat c.e.App.main(App.java:7)", "plain"),
                ("", "plain"),
            ] {
                assert_eq!(formats(&mut stream, line, 3), [format; 3], "{line}");
                assert_eq!(formats(&mut stream, JAVAS, 1), ["java"]);
            }
        }
    }

    #[test]
    fn text_is_never_chosen() {
        let mut stream = StreamFormat::default();
        assert_eq!(formats(&mut stream, "some text", 200), ["plain"; 200]);
        assert_eq!(formats(&mut stream, JAVAS, 2), ["java"; 2]);
    }
}
