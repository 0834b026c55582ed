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

mod head;
mod level_first;

use head::{Head, is_name};
pub(super) use level_first::level_first;

use super::scan::{blanks, bracketed, capital_level, enclosed, event, some_blanks, word};
use super::{Stamped, jul, jvm, trimmed};
use crate::{Context, LogEvent};

/// The name of this format in [`LogEvent::format`].
pub const FORMAT: &str = "java";

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
            (
                "2023-11-14 23:13:20.123 CET [main] ERROR c.e.App - no",
                "java ERROR 22:13:20.123 logger=c.e.App thread=main | no",
            ),
            (
                "2023-11-14 23:13:20,123 GMT+01:00 [main] ERROR c.e.App - no",
                "java ERROR 22:13:20.123 logger=c.e.App thread=main | no",
            ),
            ("23/11/14 22:13:20 INFO Remoting: Starting", "java INFO 22:13:20 logger=Remoting | Starting"),
            (
                "14-Nov-2023 22:13:20.123 SEVERE [main] org.apache.Catalina.start The [x] failed",
                "java ERROR 22:13:20.123 logger=org.apache.Catalina thread=main function=start | The [x] failed",
            ),
            (
                "14-Nov-2023 22:13:20.123 SCHWERWIEGEND [main] org.apache.Catalina.start nein",
                "java ERROR 22:13:20.123 logger=org.apache.Catalina thread=main function=start | nein",
            ),
            (
                "14-Nov-2023 22:13:20.123 AVERTISSEMENT [main] org.apache.Catalina.start non",
                "java WARN 22:13:20.123 logger=org.apache.Catalina thread=main function=start | non",
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
                "2023-11-14T22:13:20.123Z  INFO 7 --- [nio-8080-exec-1] [shop,803b448a0489f840,3425f23bb2432450] c.e.Cart : x",
                "java INFO 22:13:20.123 app=shop pid=7 logger=c.e.Cart thread=nio-8080-exec-1 mdc=803b448a0489f840,3425f23bb2432450 | x",
            ),
            (
                "2023-11-14T22:13:20.123Z  INFO 7 --- [           main] [shop,,] c.e.Cart : x",
                "java INFO 22:13:20.123 app=shop pid=7 logger=c.e.Cart thread=main | x",
            ),
            (
                "2023-11-14T22:13:20.123Z  INFO 7 --- [shop] [main] [order 7] c.e.Cart : x",
                "java INFO 22:13:20.123 app=shop pid=7 logger=c.e.Cart thread=main mdc=order 7 | x",
            ),
            (
                "2023-11-14T22:13:20.123Z  INFO 7 --- [main] [0123456789abcdef0123456789abcdef] c.e.Cart : x",
                "java INFO 22:13:20.123 pid=7 logger=c.e.Cart thread=main mdc=0123456789abcdef0123456789abcdef | x",
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
