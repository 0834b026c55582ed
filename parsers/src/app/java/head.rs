//! What stands between the time and the message of a line of a Java logger.

use super::super::scan::{attribute, blanks, bracketed, capital_level, digits, enclosed, event, some_blanks, word};
use crate::{Level, LogEvent, address, level_names};

/// Parts before the logger: a level, a thread, a process id, and what Spring and Solr add.
const PARTS_MAX: usize = 8;

/// What stands between the time and the message.
#[derive(Default)]
pub(super) struct Head<'a> {
    pub(super) level: Option<Level>,
    pub(super) thread: &'a str,
    pub(super) logger: &'a str,
    pub(super) function: &'a str,
    pub(super) pid: &'a str,
    pub(super) app: &'a str,
    /// Where in the source, where the pattern has it.
    pub(super) file: &'a str,
    pub(super) line: &'a str,
    /// The code of a message, which JBoss' projects number.
    pub(super) code: &'a str,
    /// ZooKeeper's number of the server.
    pub(super) myid: &'a str,
    /// Spring's `trace-span`, or Solr's and logback's diagnostic context.
    pub(super) mdc: &'a str,
    /// Spring's `---` has been seen: brackets after it are the application, the thread and the trace.
    pub(super) after_dashes: bool,
    /// The dash after which the message stands has been seen.
    pub(super) ended: bool,
}

impl<'a> Head<'a> {
    /// Takes the parts that precede the logger.
    pub(super) fn parts(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        let mut rest = text;
        for _ in 0..PARTS_MAX {
            let after = match rest.first()? {
                b'[' => {
                    let (inner, after) = bracketed(rest)?;
                    self.bracket(inner);
                    after
                }
                b'(' if self.level.is_some() => {
                    let (inner, after) = enclosed(rest, b'(', b')')?;
                    if is_place(inner)
                        && let Some(message) = blanks(after).strip_prefix(b"- ")
                    {
                        self.place(inner);
                        self.ended = true;
                        return Some(blanks(message));
                    }
                    // JBoss writes the logger in brackets before it.
                    self.logger = std::mem::replace(&mut self.thread, inner);
                    self.ended = !self.logger.is_empty();
                    after
                }
                b'0'..=b'9' if self.pid.is_empty() => {
                    let (pid, after) = digits(rest)?;
                    self.pid = pid;
                    after
                }
                b'-' if rest.starts_with(b"--- ") => {
                    self.after_dashes = true;
                    rest.get(3..)?
                }
                b'-' => {
                    self.ended = self.level.is_some();
                    rest.get(1..)?
                }
                _ if self.level.is_none() => {
                    let (level, after) = capital_level(rest)?;
                    self.level = Some(level);
                    after
                }
                _ => return Some(rest),
            };
            // A part that something else than a blank follows is another format's.
            rest = if after.is_empty() { after } else { some_blanks(after)? };
            if self.ended || rest.is_empty() {
                self.ended |= rest.is_empty();
                return Some(rest);
            }
        }
        Some(rest)
    }

    fn bracket(&mut self, inner: &'a str) {
        if self.level.is_none()
            && let Some(level) = level_names::from_word(inner)
        {
            self.level = Some(level);
        } else if self.thread.is_empty() {
            self.thread = inner;
        } else if self.after_dashes && (inner.is_empty() || is_trace(inner)) {
            self.mdc = inner;
        } else if self.after_dashes && inner.matches(',').count() >= 2 {
            let (app, mdc) = inner.split_once(',').unwrap_or_default();
            self.app = if app.is_empty() { self.app } else { app };
            self.mdc = mdc.trim_matches(',');
        } else if self.after_dashes && self.app.is_empty() {
            self.app = std::mem::replace(&mut self.thread, inner);
        } else {
            self.mdc = inner;
        }
        // Spring Cloud Sleuth's "[app,trace,span]" stands where only later the thread does.
        if !self.after_dashes && self.level.is_some() && self.thread == inner && inner.split(',').count() >= 3 {
            self.thread = "";
            (self.app, self.mdc) = inner.split_once(',').unwrap_or_default();
        }
    }

    /// Takes the logger; what follows it is the message.
    pub(super) fn logger_and_message(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
        if let Some(message) = text.strip_prefix(b": ") {
            return (!self.thread.is_empty()).then_some(message);
        }
        let (name, rest) = word(text).filter(|(name, _)| is_name(name))?;
        let after = blanks(rest);
        if let Some(name) = name.strip_suffix(':') {
            // JBoss' and Artemis' "[org.example.server] AMQ221000: ready": the logger stands in the brackets, before a code.
            if is_code(name) && self.thread.contains('.') && !self.thread.contains(' ') {
                self.logger = std::mem::take(&mut self.thread);
                self.code = name;
            } else {
                self.logger = name;
            }
            return Some(after);
        }
        // "App (App.java:99) - ready", and Hadoop's "App (App.java:run(99)) - ready".
        let (after, place) = match enclosed(after, b'(', b')') {
            Some((place, tail)) if blanks(tail).starts_with(b"- ") && place.contains(".java:") => (blanks(tail), place),
            _ => (after, ""),
        };
        self.place(place);
        let separator = [&b"- "[..], b"-- ", b": "].into_iter().find(|separator| after.starts_with(separator));
        if let Some(separator) = separator {
            self.logger = name;
            // log4j's "%c{1}:%L".
            if let Some((name, line)) = name.rsplit_once(':').filter(|(name, line)| !name.is_empty() && is_number(line))
            {
                (self.logger, self.line) = (name, line);
            }
            return after.get(separator.len()..).map(blanks);
        }
        if self.thread.is_empty() {
            // "INFO com.example.App [main] ready"
            let (thread, after) = bracketed(after).filter(|_| name.contains('.'))?;
            (self.logger, self.thread) = (name, thread);
            let after = some_blanks(after)?;
            return Some(after.strip_prefix(b"- ").or_else(|| after.strip_prefix(b": ")).unwrap_or(after));
        }
        if name.matches('.').count() >= 2 && !name.contains(['/', ',', '=']) {
            self.class_and_function(name);
            return Some(after);
        }
        // "INFO [main] ready": no logger is stated.
        Some(text)
    }

    /// `App.java:99` and `App.java:run(99)`.
    fn place(&mut self, place: &'a str) {
        let Some((file, rest)) = place.split_once(':') else { return };
        self.file = file;
        match rest.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
            Some((function, line)) => (self.function, self.line) = (function, line),
            None => self.line = rest,
        }
    }

    /// ZooKeeper's `[myid:1] - INFO  [main:QuorumPeer@134]`: the server, and thread, class and line in one.
    pub(super) fn zookeeper(&mut self) {
        if let Some(myid) = self.thread.strip_prefix("myid:") {
            self.myid = myid;
            self.thread = std::mem::take(&mut self.mdc);
        }
        let place = self.thread.rsplit_once('@').filter(|(_, line)| self.logger.is_empty() && is_number(line));
        if let Some((before, line)) = place
            && let Some((thread, class)) = before.rsplit_once(':')
        {
            (self.thread, self.logger, self.line) = (thread, class, line);
        }
    }

    /// Tomcat's `org.apache.catalina.core.StandardService.startInternal`: the last part is the function.
    fn class_and_function(&mut self, name: &'a str) {
        (self.logger, self.function) = match name.rsplit_once('.') {
            Some((class, function)) if !function.starts_with(|c: char| c.is_ascii_uppercase()) => (class, function),
            _ => (name, ""),
        };
    }

    pub(super) fn event(self, format: &'static str, at: Option<i64>, level: Level, message: &'a [u8]) -> LogEvent<'a> {
        let mut event = event(format, at, level, message);
        event.proc_id = self.pid.into();
        event.app = self.app.into();
        event.msg_id = self.code.into();
        attribute(&mut event, "logger", self.logger);
        attribute(&mut event, "thread", self.thread);
        attribute(&mut event, "function", self.function);
        attribute(&mut event, "file", self.file);
        attribute(&mut event, "line", self.line);
        attribute(&mut event, "myid", self.myid);
        attribute(&mut event, "mdc", self.mdc);
        for (name, value) in self.mdc.split(';').filter_map(|pair| pair.split_once('=')) {
            // Zimbra's words for who is behind a request, and from where.
            match name {
                "oip" => event.ip = address::parse(value).map(|found| found.ip),
                "name" => event.user_name = value.into(),
                _ => {}
            }
        }
        event
    }
}

/// Whether `text` is a project's name in capitals with a number of several digits behind it: `AMQ221000`, `WFLYSRV0049`.
fn is_code(text: &str) -> bool {
    let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
    let digits = text.get(letters..).unwrap_or_default();
    letters >= 2 && digits.len() >= 4 && is_number(digits)
}

/// Whether `text` is a file of the source and a line in it: `App.java:99`.
fn is_place(text: &str) -> bool {
    text.split_once(':').is_some_and(|(file, line)| {
        let kind = file.rsplit_once('.').map_or("", |(_, kind)| kind);
        matches!(kind, "java" | "kt" | "scala" | "groovy" | "clj") && is_number(line)
    })
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

pub(super) fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Whether `text` is a trace id and a span id, as Micrometer writes them, or a trace id alone.
fn is_trace(text: &str) -> bool {
    let is_hex = |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_hexdigit());
    let is_trace = |part: &str| is_hex(part, 32) || is_hex(part, 16);
    text.split_once('-').map_or(is_trace(text), |(trace, span)| is_trace(trace) && is_hex(span, 16))
}
