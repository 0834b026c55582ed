//! Lines of Java's loggers: log4j, logback, Spring Boot, Tomcat, JBoss, Hadoop and what is built on them.
//!
//! ```text
//! 2023-11-14 22:13:20,123 INFO  [main] com.example.App - ready
//! 2023-11-14 22:13:20.123 [main] INFO  com.example.App -- ready
//! 2023-11-14T22:13:20.123Z  INFO 7 --- [shop] [main] com.example.App : ready
//! 2023-11-14 22:13:20,123 - INFO  [main:Server@99] - ready
//! 2023-11-14 22:13:20,123 INFO  [com.example.App] (main) ready
//! 14-Nov-2023 22:13:20.123 INFO [main] com.example.App.start ready
//! 23/11/14 22:13:20 INFO com.example.App: ready
//! [2023-11-14 22:13:20,123] INFO ready (com.example.App)
//! INFO  [main] 2023-11-14 22:13:20,123 App.java:99 - ready
//! INFO  [2023-11-14 22:13:20,123] com.example.App: ready
//! 2023-11-14 22:13:20,123 +0000 | INFO | com.example.App - ready
//! ```
//!
//! `logger` and `thread` are attributes, and `function` where the line states it. The number that Spring and HDFS write is the
//! process id. The two lines of `java.util.logging` are read too.

use super::scan::{attribute, blanks, bracketed, capital_level, digits, enclosed, event, some_blanks, taken, word};
use super::{Stamped, jul, jvm, stamp, trimmed};
use crate::{Context, Level, LogEvent, address, level_names};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "java";

/// Parts before the logger: a level, a thread, a process id, and what Spring and Solr add.
const PARTS_MAX: usize = 8;

/// Reads a line of a Java logger; `None` where it is none.
#[must_use]
pub fn parse<'a>(line: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let text = trimmed(line);
    match text.first()? {
        b'[' => {
            let stamped = Stamped::in_bracket(text, cx)?;
            kafka(&stamped).or_else(|| jvm::after_stamp(&stamped))
        }
        b'A'..=b'Z' => jul::parse(text, cx).or_else(|| level_first(text, cx)),
        _ => {
            let Some(stamped) = Stamped::read(text, cx) else { return relative(text) };
            let event = after_stamp(&stamped).or_else(|| barred(&stamped)).or_else(|| level_and_text(&stamped))?;
            Some(LogEvent { format: FORMAT, ..event })
        }
    }
}

/// What stands between the time and the message.
#[derive(Default)]
struct Head<'a> {
    level: Option<Level>,
    thread: &'a str,
    logger: &'a str,
    function: &'a str,
    pid: &'a str,
    app: &'a str,
    /// Where in the source, where the pattern has it.
    file: &'a str,
    line: &'a str,
    /// The code of a message, which JBoss' projects number.
    code: &'a str,
    /// ZooKeeper's number of the server.
    myid: &'a str,
    /// Spring's `trace-span`, or Solr's and logback's diagnostic context.
    mdc: &'a str,
    /// Spring's `---` has been seen: brackets after it are the application, the thread and the trace.
    after_dashes: bool,
    /// The dash after which the message stands has been seen.
    ended: bool,
}

/// Reads what follows the time. The format is `app` where as well another language's logger may have written the line.
pub(super) fn after_stamp<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let mut head = Head::default();
    let rest = head.parts(blanks(stamped.rest))?;
    let level = head.level?;
    let message = if head.ended { rest } else { head.logger_and_message(rest)? };
    head.zookeeper();
    let is_java = !head.thread.is_empty() || !head.code.is_empty() || !head.pid.is_empty() || stamped.is_short_date();
    if !is_java && !is_plainly_a_logger(head.logger) {
        return None;
    }
    Some(head.event(if is_java { FORMAT } else { super::FORMAT }, Some(stamped.at), level, message))
}

/// `ERROR it broke`: enough where the language is known.
pub(super) fn level_and_text<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (level, rest) = capital_level(blanks(stamped.rest))?;
    Some(event(FORMAT, Some(stamped.at), level, some_blanks(rest)?))
}

/// ` | ERROR | com.example.App - it broke`.
pub(super) fn barred<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (level, rest) = capital_level(some_blanks(blanks(stamped.rest).strip_prefix(b"|")?)?)?;
    let (logger, rest) = word(some_blanks(some_blanks(rest)?.strip_prefix(b"|")?)?)?;
    let message = some_blanks(rest)?.strip_prefix(b"- ")?;
    let head = Head { logger, ..Head::default() };
    (is_name(logger) && logger.contains('.') && !logger.contains(':'))
        .then(|| head.event(FORMAT, Some(stamped.at), level, message))
}

/// Whether a name with nothing beside it can only be a logger's: `com.example.App`, `App`, `my_app`, but no plain word.
fn is_plainly_a_logger(name: &str) -> bool {
    name == "root" || name.starts_with(|c: char| c.is_ascii_uppercase()) || name.contains(['.', '$', '/', '_', '#'])
}

impl<'a> Head<'a> {
    /// Takes the parts that precede the logger.
    fn parts(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
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
        } else if self.after_dashes {
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
    fn logger_and_message(&mut self, text: &'a [u8]) -> Option<&'a [u8]> {
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
    fn zookeeper(&mut self) {
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

    fn event(self, format: &'static str, at: Option<i64>, level: Level, message: &'a [u8]) -> LogEvent<'a> {
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

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Whether `text` is a trace id and a span id, as Micrometer writes them.
fn is_trace(text: &str) -> bool {
    text.split_once('-').is_some_and(|(trace, span)| {
        let is_hex = |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_hexdigit());
        (is_hex(trace, 32) || is_hex(trace, 16)) && is_hex(span, 16)
    })
}

/// `[2023-11-14 22:13:20,123] INFO ready (kafka.server.KafkaServer)`.
pub(super) fn kafka<'a>(stamped: &Stamped<'a>) -> Option<LogEvent<'a>> {
    let (level, rest) = capital_level(stamped.rest.strip_prefix(b"] ")?)?;
    let rest = some_blanks(rest)?;
    // The logger ends the first line; a stack trace may follow.
    let first = memchr::memchr(b'\n', rest).and_then(|end| rest.get(..end)).unwrap_or(rest);
    let open = memchr::memrchr(b'(', first)?;
    let (logger, tail) = enclosed(first.get(open..)?, b'(', b')')?;
    let is_logger = tail.trim_ascii().is_empty() && !logger.contains(' ') && logger.contains('.');
    let has_trace = first.len() < rest.len();
    let message = if has_trace { rest } else { first.get(..open)?.trim_ascii_end() };
    let head = Head { logger, ..Head::default() };
    is_logger.then(|| head.event(FORMAT, Some(stamped.at), level, message))
}

/// log4j's `54 [main] INFO c.e.App - ready`: the milliseconds since the program began stand in the place of a time.
pub(super) fn relative<'a>(text: &'a [u8]) -> Option<LogEvent<'a>> {
    let digits = text.iter().take(12).take_while(|b| b.is_ascii_digit()).count();
    let (thread, rest) = bracketed(text.get(digits..)?.strip_prefix(b" ")?)?;
    let (level, rest) = capital_level(some_blanks(rest)?)?;
    let mut head = Head { level: Some(level), thread, ..Head::default() };
    let message = head.logger_and_message(some_blanks(rest)?).filter(|_| head.logger.contains('.'))?;
    Some(head.event(FORMAT, None, level, message))
}

/// log4j's `INFO  2023-11-14 22:13:20,123 [main] c.e.App - ready`.
fn stamp_second<'a>(level: Level, text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (at, rest) = stamp::read(text, cx)?;
    let (thread, rest) = bracketed(some_blanks(rest)?)?;
    let mut head = Head { level: Some(level), thread, ..Head::default() };
    let message = head.logger_and_message(some_blanks(rest)?).filter(|_| !head.logger.is_empty())?;
    Some(head.event(FORMAT, Some(at), level, message))
}

/// What follows the time of Dropwizard's `INFO  [2023-11-14 22:13:20,123] c.e.App: ready`; a trace has a mark before each line.
fn dropwizard(at: i64, level: Level, text: &[u8]) -> Option<LogEvent<'_>> {
    let rest = some_blanks(text)?;
    let (thread, rest) = match bracketed(rest) {
        Some((thread, rest)) => (thread, some_blanks(rest)?),
        None => ("", rest),
    };
    let (name, rest) = word(rest)?;
    let logger = name.strip_suffix(':').filter(|name| is_name(name))?;
    Some(Head { logger, thread, ..Head::default() }.event(FORMAT, Some(at), level, blanks(rest)))
}

/// Cassandra's `INFO  [main] 2023-11-14 22:13:20,123 App.java:99 - ready`.
pub(super) fn level_first<'a>(text: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let (level, rest) = capital_level(text)?;
    let rest = some_blanks(rest)?;
    if rest.first().is_some_and(u8::is_ascii_digit) {
        return stamp_second(level, rest, cx);
    }
    let (thread, rest) = bracketed(rest)?;
    if let Some(at) = super::whole_time(thread.as_bytes(), cx) {
        return dropwizard(at, level, rest);
    }
    let (at, rest) = stamp::read(some_blanks(rest)?, cx)?;
    let (place, rest) = word(some_blanks(rest)?)?;
    let message = rest.strip_prefix(b" - ")?;
    let mut event = Head { thread, ..Head::default() }.event(FORMAT, Some(at), level, message);
    match place.rsplit_once(':') {
        Some((file, line))
            if taken(line.as_bytes(), line.len()).is_some_and(|(l, _)| l.bytes().all(|b| b.is_ascii_digit())) =>
        {
            event.attributes.push("file", file);
            event.attributes.push("line", line);
        }
        _ => event.attributes.push("logger", place),
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::check::{CX, check};

    #[test]
    fn the_usual_patterns_are_read() {
        for (line, expected) in [
            (
                "2023-11-14 22:13:20,123 INFO  [org.example.core.server] AMQ221000: ready",
                "java INFO 22:13:20.123 msgid=AMQ221000 logger=org.example.core.server | ready",
            ),
            ("54 [main] INFO com.example.App - ready", "java INFO logger=com.example.App thread=main | ready"),
            (
                "2023-11-14 22:13:20,123 INFO  [main] com.example.App - ready - now",
                "java INFO 22:13:20.123 logger=com.example.App thread=main | ready - now",
            ),
            (
                "2023-11-14 22:13:20.123 [http-nio-8080-exec-1] WARN  c.e.App -- slow: 3 s",
                "java WARN 22:13:20.123 logger=c.e.App thread=http-nio-8080-exec-1 | slow: 3 s",
            ),
            ("22:13:20.123 [main] DEBUG c.e.App - x", "java DEBUG 22:13:20.123 logger=c.e.App thread=main | x"),
            (
                "2023-11-14 22:13:20,123 - WARN  [RecvWorker:18:Quorum$RecvWorker@762] - broken",
                "java WARN 22:13:20.123 logger=Quorum$RecvWorker thread=RecvWorker:18 line=762 | broken",
            ),
            (
                "2023-11-14 22:13:20,123 [myid:1] - INFO  [main:QuorumPeerConfig@134] - Reading",
                "java INFO 22:13:20.123 logger=QuorumPeerConfig thread=main line=134 myid=1 | Reading",
            ),
            (
                "2023-11-14 22:13:20,123 INFO  [org.jboss.as] (Controller Boot Thread) started",
                "java INFO 22:13:20.123 logger=org.jboss.as thread=Controller Boot Thread | started",
            ),
            (
                "2023-11-14 22:13:20.123 INFO  (main) [   ] o.a.s.c.SolrCore opened it",
                "java INFO 22:13:20.123 logger=o.a.s.c.SolrCore thread=main | opened it",
            ),
            (
                "2023-11-14 22:13:20,123 INFO [main] org.apache.hadoop.Job: Default [x]",
                "java INFO 22:13:20.123 logger=org.apache.hadoop.Job thread=main | Default [x]",
            ),
            (
                "231114 221320 255 INFO dfs.DataNode$Xceiver: block",
                "java INFO 22:13:20 pid=255 logger=dfs.DataNode$Xceiver | block",
            ),
            (
                "2023-11-14 22:13:20,123 ERROR [main] c.e.App (App.java:99) - no",
                "java ERROR 22:13:20.123 logger=c.e.App thread=main file=App.java line=99 | no",
            ),
            (
                "2023-11-14 22:13:20,123 INFO namenode.App (App.java:run(99)) - x",
                "java INFO 22:13:20.123 logger=namenode.App function=run file=App.java line=99 | x",
            ),
            ("2023-11-14 22:13:20 INFO  App:99 - hello", "java INFO 22:13:20 logger=App line=99 | hello"),
            (
                "2023-11-14 22:13:20,123 WARN  [t] (Foo.java:12) - w - x",
                "java WARN 22:13:20.123 thread=t file=Foo.java line=12 | w - x",
            ),
            (
                "ERROR [2023-11-14 22:13:20,123] io.dropwizard.X: dw: no\n! java.lang.Error: no\n! at a.B.c(D.java:9)",
                "java ERROR 22:13:20.123 logger=io.dropwizard.X | dw: no\n! java.lang.Error: no\n! at a.B.c(D.java:9)",
            ),
            ("INFO  [2023-11-14 22:13:20,123] [main] a.B: up", "java INFO 22:13:20.123 logger=a.B thread=main | up"),
            ("23/11/14 22:13:20 INFO Remoting: Starting", "java INFO 22:13:20 logger=Remoting | Starting"),
            (
                "14-Nov-2023 22:13:20.123 SEVERE [main] org.apache.Catalina.start The [x] failed",
                "java ERROR 22:13:20.123 logger=org.apache.Catalina thread=main function=start | The [x] failed",
            ),
            ("2023-11-14 23:13:20,123 +0100 | ERROR | c.e.App - no", "java ERROR 22:13:20.123 logger=c.e.App | no"),
            ("2023-11-14 22:13:20 ERROR something broke", "java ERROR 22:13:20 | something broke"),
            ("2023-11-14 22:13:20,123 INFO [main] Starting up", "java INFO 22:13:20.123 thread=main | Starting up"),
            (
                "2023-11-14 22:13:20,123 ERROR c.e.App [main] - no",
                "java ERROR 22:13:20.123 logger=c.e.App thread=main | no",
            ),
            (
                "[2023-11-14 22:13:20,123] INFO [Broker id=0] up (kafka.server.Broker)",
                "java INFO 22:13:20.123 logger=kafka.server.Broker | [Broker id=0] up",
            ),
            (
                "INFO  2023-11-14 22:13:20,123 [main] c.e.App - ready",
                "java INFO 22:13:20.123 logger=c.e.App thread=main | ready",
            ),
            (
                "INFO  [main] 2023-11-14 22:13:20,123 Config.java:99 - loaded",
                "java INFO 22:13:20.123 thread=main file=Config.java line=99 | loaded",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn spring_boots_versions_are_read() {
        for (line, expected) in [
            (
                "2023-11-14 22:13:20.123  INFO 7 --- [           main] com.example.App        : up: yes",
                "java INFO 22:13:20.123 pid=7 logger=com.example.App thread=main | up: yes",
            ),
            (
                "2023-11-14T22:13:20.123Z ERROR 7 --- [shop] [nio-8080-exec-1] c.e.Cart : no",
                "java ERROR 22:13:20.123 app=shop pid=7 logger=c.e.Cart thread=nio-8080-exec-1 | no",
            ),
            (
                "2023-11-14T22:13:20.123Z  INFO 7 --- [shop] [main] [0123456789abcdef0123456789abcdef-0123456789abcdef] c.e.Cart : x",
                "java INFO 22:13:20.123 app=shop pid=7 logger=c.e.Cart thread=main mdc=0123456789abcdef0123456789abcdef-0123456789abcdef | x",
            ),
            (
                "2023-11-14 22:13:20.123  INFO [shop,4f0,7b1] 7 --- [main] c.e.Cart : x",
                "java INFO 22:13:20.123 app=shop pid=7 logger=c.e.Cart thread=main mdc=4f0,7b1 | x",
            ),
        ] {
            check(parse(line.as_bytes(), &CX), line, expected);
        }
    }

    #[test]
    fn a_stack_trace_is_part_of_the_message() {
        let line =
            b"2023-11-14 22:13:20,123 ERROR [main] c.e.App - no\njava.lang.Error: x\n\tat c.e.App.main(App.java:9)";
        let event = parse(line, &CX).unwrap();
        assert!(event.message.starts_with(b"no\njava.lang.Error") && line.ends_with(&event.message));
    }

    #[test]
    fn other_lines_are_refused() {
        for line in [
            "",
            "2023-11-14 22:13:20,123",
            "2023-11-14 22:13:20,123 INFO",
            "2023-11-14 22:13:20 something broke",
            "[2023-11-14 22:13:20,123] INFO no logger",
            "INFO: x",
        ] {
            assert_eq!(parse(line.as_bytes(), &CX), None, "{line}");
        }
    }
}
