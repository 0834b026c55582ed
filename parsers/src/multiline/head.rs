//! What single lines are: the beginnings of records, and parts of traces.

use memchr::memmem;

use crate::syslog::shape;
use crate::{Context, Zone, app, level_names, timestamp};

/// Only whether there is a time matters here, and not which.
const ANY_TIME: Context = Context { received_at: 0, zone: Zone::UTC };

/// Whether a line begins as records do: with a time, a syslog priority, klog's header, a level and a colon, or as JSON.
pub(super) fn begins_record(line: &[u8]) -> bool {
    let text = line.strip_prefix(b"[").unwrap_or(line);
    match text.first() {
        Some(b'{') => true,
        Some(b'<') => shape::has_priority(text),
        Some(b'0'..=b'9') => app::begins_with_time(text, &ANY_TIME) || is_epoch(text),
        Some(b'A'..=b'Z') => {
            shape::has_bsd_stamp(text)
                || app::begins_with_time(text, &ANY_TIME)
                || app::klog::head(text, &ANY_TIME).is_some()
                || is_level_and_colon(text)
        }
        _ => false,
    }
}

/// Whether a line surely begins a record, whatever stood before it: with a syslog priority, the stamp of RFC 3164, or `{`.
pub(super) fn surely_begins_record(line: &[u8]) -> bool {
    match line.first() {
        Some(b'{') => true,
        Some(b'<') => shape::has_priority(line),
        Some(b'A'..=b'Z') => shape::has_bsd_stamp(line),
        _ => false,
    }
}

/// Whether a line is one JSON object, by how it begins and ends.
pub(super) fn is_object(line: &[u8]) -> bool {
    line.first() == Some(&b'{') && line.trim_ascii_end().last() == Some(&b'}')
}

/// Ten digits and what may follow a count of seconds.
fn is_epoch(text: &[u8]) -> bool {
    let digits = text.iter().take(14).take_while(|b| b.is_ascii_digit()).count();
    matches!(digits, 10 | 13) && !text.get(digits).is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether a line begins a record of IBM MQ's error log: a date in some language's order, a time, and the process.
pub(super) fn begins_mq_record(line: &[u8]) -> bool {
    matches!(line, [b'0'..=b'9', b'0'..=b'9', b'/' | b'.', ..])
        && memmem::find(line.get(..40).unwrap_or(line), b" - Process(").is_some()
}

/// The first line of `java.util.logging`: a time, a class and a function.
pub(super) fn is_jul(line: &[u8]) -> bool {
    matches!(line.first(), Some(b'A'..=b'Z')) && app::is_jul_head(line, &ANY_TIME)
}

/// `SEVERE: text`: a level in capitals and a colon.
pub(super) fn is_level_and_colon(line: &[u8]) -> bool {
    let end = line.iter().take(12).position(|b| !b.is_ascii_uppercase());
    let word = end.and_then(|end| Some((line.get(..end)?, line.get(end)?)));
    word.is_some_and(|(word, next)| {
        *next == b':' && std::str::from_utf8(word).is_ok_and(|word| level_names::from_word(word).is_some())
    })
}

/// Whether a line begins with a blank or a tab and has something behind it.
pub(super) fn is_indented(line: &[u8]) -> bool {
    // Zabbix fills the id of its process with blanks.
    matches!(line.first(), Some(b' ' | b'\t'))
        && !line.trim_ascii().is_empty()
        && !app::begins_as_zabbix(line)
        && !is_padded_level(line)
}

/// ` INFO shop: text`: loggers of Rust fill the level to five places where they write no time, or put a blank before it.
fn is_padded_level(line: &[u8]) -> bool {
    let Some(text) = line.strip_prefix(b" ") else { return false };
    // pretty_env_logger puts one before its time.
    let is_timed = text.get(4) == Some(&b'-') && text.get(10) == Some(&b'T');
    let near = text.get(..40).unwrap_or(text);
    let text = if is_timed && let Some(zone) = memchr::memmem::find(near, b"Z ") {
        text.get(zone + 2..).unwrap_or_default()
    } else {
        text
    };
    [&b"INFO "[..], b"WARN ", b"ERROR ", b"DEBUG ", b"TRACE "].iter().any(|level| text.starts_with(level))
}

/// `\tat a.B.c(D.java:9)`, `Caused by: …`, `Suppressed: …`, `\t... 9 more`.
pub(super) fn is_frame(line: &[u8]) -> bool {
    let text = line.trim_ascii_start();
    let is_inner = text.len() < line.len() && (text.starts_with(b"at ") || text.starts_with(b"... "));
    is_inner || text.starts_with(b"Caused by: ") || text.starts_with(b"Suppressed: ")
}

/// `java.lang.IllegalStateException: text`, `System.InvalidOperationException: text`: the name of an exception in a
/// package or a namespace. Java's traces may be indented as a whole.
pub(super) fn is_exception(line: &[u8]) -> bool {
    let text = line.trim_ascii_start();
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'$' | b'_');
    let length = text.iter().take(200).take_while(|b| is_name(b)).count();
    let (name, rest) = text.split_at_checked(length).unwrap_or_default();
    let is_kind = [&b"Exception"[..], b"Error", b"Throwable", b"Failure"].iter().any(|kind| name.ends_with(kind));
    is_kind && name.contains(&b'.') && (rest.is_empty() || rest.starts_with(b": ") || rest.trim_ascii() == b":")
}

/// Whether a stack trace begins in the line that `text` begins with, which stands behind an empty one; `None` where more bytes are needed.
pub(super) fn begins_trace_behind_gap(text: &[u8], is_end: bool) -> Option<bool> {
    const LINE_BYTES_MAX: usize = 512;
    let near = text.get(..LINE_BYTES_MAX).unwrap_or(text);
    let line = match memchr::memchr(b'\n', near) {
        Some(end) => near.get(..end).unwrap_or(near),
        None if near.len() < LINE_BYTES_MAX && !is_end => return None,
        None => near,
    };
    Some(is_exception(line) || is_traceback(line))
}

/// `! at a.B.c(D.java:9)`, `! a.B$Broken: text`: Dropwizard puts a mark before each line of a trace.
pub(super) fn is_marked_trace(line: &[u8]) -> bool {
    let Some(text) = line.strip_prefix(b"! ").map(<[u8]>::trim_ascii_start) else { return line == b"!" };
    let name = text.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'$' | b'_')).count();
    let (name, rest) = text.split_at_checked(name).unwrap_or_default();
    let is_thrown = || name.iter().filter(|b| **b == b'.').count() > 1 && (rest.is_empty() || rest.starts_with(b": "));
    [&b"at "[..], b"... ", b"Caused by: ", b"Causing: ", b"Suppressed: "].iter().any(|begin| text.starts_with(begin))
        || is_thrown()
}

/// `--- End of inner exception stack trace ---` and its kin in .NET.
pub(super) fn is_divider(line: &[u8]) -> bool {
    line.starts_with(b"--- End of ") || line.starts_with(b"---> ")
}

const TRACEBACK: &[u8] = b"Traceback (most recent call last):";

/// Whether a line ends in the words that a traceback begins with, whatever stands before them: `ERROR:root:Traceback (most recent call last):`.
pub(super) fn ends_in_traceback(line: &[u8]) -> bool {
    line.trim_ascii_end().ends_with(TRACEBACK)
}

/// `Traceback (most recent call last):`, of an exception group too.
pub(super) fn is_traceback(line: &[u8]) -> bool {
    let text = line.trim_ascii();
    text.ends_with(TRACEBACK)
        && (text.len() == TRACEBACK.len() || text.starts_with(b"+ ") || text.starts_with(b"Exception Group"))
}

/// What Python writes between the tracebacks of chained exceptions.
pub(super) fn is_chain(line: &[u8]) -> bool {
    line.starts_with(b"During handling of the above exception")
        || line.starts_with(b"The above exception was the direct cause")
}

/// `app/cart.rb:9:in 'buy'`, `\tfrom app/cart.rb:9:in 'buy'`.
pub(super) fn is_backtrace(line: &[u8]) -> bool {
    let near = line.get(..512).unwrap_or(line);
    let text = near.trim_ascii_start();
    let text = text.strip_prefix(b"from ").filter(|_| text.len() < near.len()).unwrap_or(text);
    let is_place = |at: usize| {
        let before = text.get(..at).unwrap_or_default();
        let digits = before.iter().rev().take_while(|b| b.is_ascii_digit()).count();
        let file = before.get(..before.len() - digits).unwrap_or_default();
        digits > 0 && file.ends_with(b":") && !behind_gem(file).contains(&b' ')
    };
    memmem::find(text, b":in ").is_some_and(is_place)
}

/// The file behind the gem that Rails names before it, and its version: `rack (3.0.8) lib/rack/sendfile.rb:`.
fn behind_gem(file: &[u8]) -> &[u8] {
    let mut parts = file.splitn(3, |b| *b == b' ');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(_), Some([b'(', b'0'..=b'9', version @ ..]), Some(path)) if version.ends_with(b")") => path,
        _ => file,
    }
}

/// What Rails says of an exception before its backtrace: `ActionController::RoutingError (No route matches [GET] "/a"):`.
pub(super) fn begins_rails_report(line: &[u8]) -> bool {
    let text = line.trim_ascii_start();
    let name = text.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_')).count();
    line.ends_with(b"):")
        && text.first().is_some_and(u8::is_ascii_uppercase)
        && text.get(name..).is_some_and(|rest| rest.starts_with(b" ("))
}

/// The place at which Node says that it ends: `/srv/shop/cart.js:9`, `node:internal/modules/cjs/loader:936`.
pub(super) fn is_node_place(line: &[u8]) -> bool {
    let near = line.get(..512).unwrap_or(line);
    let digits = near.iter().rev().take_while(|b| b.is_ascii_digit()).count();
    let file = near.get(..near.len() - digits).and_then(|file| file.strip_suffix(b":")).unwrap_or_default();
    let is_script = || [&b".js"[..], b".mjs", b".cjs", b".ts"].iter().any(|end| file.ends_with(end));
    digits > 0 && (file.starts_with(b"node:") || is_script()) && !file.iter().any(u8::is_ascii_whitespace)
}

/// The line below the source at which Node ends: `    ^^^`.
pub(super) fn is_caret(line: &[u8]) -> bool {
    let marks = line.trim_ascii();
    !marks.is_empty() && marks.iter().all(|b| *b == b'^')
}

/// The first line of what Dart reports of an exception that nothing caught.
pub(super) fn begins_dart_report(line: &[u8]) -> bool {
    line == b"Unhandled exception:"
}

/// `#0      Cart.buy (package:shop/cart.dart:15:20)`
pub(super) fn is_dart_frame(line: &[u8]) -> bool {
    let Some(number) = line.strip_prefix(b"#") else { return false };
    let digits = number.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    let is_place = |mark: &[u8]| memmem::find(line, mark).is_some();
    digits > 0
        && number.get(digits..).is_some_and(|rest| rest.starts_with(b"  "))
        && line.ends_with(b")")
        && (is_place(b" (dart:") || is_place(b" (package:") || is_place(b" (file:"))
}

/// The first line of a report of Go's runtime.
pub(super) fn is_panic(line: &[u8]) -> bool {
    [&b"panic: "[..], b"fatal error: ", b"runtime: ", b"SIGQUIT: ", b"unexpected fault address "]
        .iter()
        .any(|head| line.starts_with(head))
        || is_goroutine(line)
}

/// A line of a Go program behind which the runtime's report stands: what klog says last, and what servers say of a request that broke.
pub(super) fn announces_goroutines(line: &[u8]) -> bool {
    let is_last_word = matches!(line, [b'F', b'0' | b'1', b'0'..=b'9', b'0'..=b'3', b'0'..=b'9', b' ', ..]);
    is_last_word
        || [&b": panic serving "[..], b"Observed a panic: "].iter().any(|said| memmem::find(line, said).is_some())
}

fn is_goroutine(line: &[u8]) -> bool {
    line.starts_with(b"goroutine ") && line.ends_with(b"]:")
}

/// Whether a line within the report of a panic goes on with it.
pub(super) fn is_of_panic(line: &[u8]) -> bool {
    const HEADS: [&[u8]; 8] = [
        b"[signal ",
        b"created by ",
        b"exit status ",
        b"panic(",
        b"runtime stack:",
        b"main.",
        b"[originating from goroutine ",
        b"PC=0x",
    ];
    line.is_empty()
        || is_indented(line)
        || is_panic(line)
        || HEADS.iter().any(|head| line.starts_with(head))
        || is_go_frame(line)
        || line.ends_with(b" frames elided...")
        || is_register(line)
}

/// The path of a function of Go with its arguments, which are numbers: `example.com/shop.(*Cart).Buy(0x1, {0x2?, 0x3}, ...)`.
fn is_go_frame(line: &[u8]) -> bool {
    let Some((path, arguments)) = line.strip_suffix(b")").and_then(|line| {
        let open = memchr::memrchr(b'(', line)?;
        line.split_at_checked(open)
    }) else {
        return false;
    };
    let is_of_arguments = |b: &u8| b.is_ascii_hexdigit() || b"x{}, ?._(".contains(b);
    path.contains(&b'.') && !path.contains(&b' ') && arguments.iter().all(is_of_arguments)
}

/// A register of the processor: `rax    0x0`.
fn is_register(line: &[u8]) -> bool {
    let name = line.iter().take_while(|b| b.is_ascii_lowercase() || b.is_ascii_digit()).count();
    let value = line.get(name..).unwrap_or_default();
    let digits = value.trim_ascii_start().strip_prefix(b"0x").unwrap_or_default();
    matches!(name, 2..=6)
        && value.first() == Some(&b' ')
        && !digits.is_empty()
        && digits.iter().all(u8::is_ascii_hexdigit)
}

/// What Node says between the traces of an error that it ends for, and of one that has none.
pub(super) fn is_of_node(line: &[u8]) -> bool {
    line.starts_with(b"Emitted 'error' event") || line.starts_with(b"(Use `node --trace-uncaught ")
}

/// `thread 'main' panicked at src/main.rs:3:5:`, since Rust 1.91 with the thread's number before `panicked`. The message stands in the next line; before
/// Rust 1.73 in this one.
pub(super) fn is_rust_panic(line: &[u8]) -> bool {
    let is_named =
        |rest: &[u8]| memmem::find(rest, b"' panicked at ").or_else(|| memmem::find(rest, b") panicked at ")).is_some();
    line.strip_prefix(b"thread '").is_some_and(is_named)
}

/// Whether a line within the report of a Rust panic goes on with it.
pub(super) fn is_of_rust_panic(line: &[u8]) -> bool {
    line == b"stack backtrace:" || line.starts_with(b"note: ") || is_indented(line)
}

/// Whether a line is one of zap's console encoding, of a level with which it writes a stack trace: `<time><tab>error<tab>…`.
pub(super) fn is_zap_with_trace(line: &[u8]) -> bool {
    const TIME_BYTES_MAX: usize = 40;
    let near = line.get(..TIME_BYTES_MAX).unwrap_or(line);
    let Some(rest) = memchr::memchr(b'\t', near).and_then(|at| line.get(at + 1..)) else { return false };
    [&b"warn\t"[..], b"error\t", b"dpanic\t", b"panic\t", b"fatal\t"]
        .iter()
        .any(|level| rest.get(..level.len()).is_some_and(|word| word.eq_ignore_ascii_case(level)))
}

/// The path of a function of Go, alone: `example.com/shop/cart.(*Cart).Buy`, `main.main`.
pub(super) fn is_go_function(line: &[u8]) -> bool {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || b"_-./()*[]{},~@%+$".contains(b);
    let ends_in_name = line.last().is_some_and(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b')' | b']' | b'}'));
    line.first().is_some_and(u8::is_ascii_alphabetic)
        && ends_in_name
        && line.contains(&b'.')
        && line.iter().all(is_part)
}

/// `Stack trace:`, `[stacktrace]` (Laravel), and its first frame where there is no such line.
pub(super) fn begins_php_trace(line: &[u8]) -> bool {
    matches!(line, b"Stack trace:" | b"[stacktrace]" | b"PHP Stack trace:") || is_php_frame(line)
}

/// Whether a line within a stack trace of PHP's goes on with it: a frame, where the exception was thrown, the one before it, and what Monolog
/// closes an object with.
pub(super) fn is_of_php_trace(line: &[u8]) -> bool {
    begins_php_trace(line)
        || line.starts_with(b"  thrown ")
        || line.starts_with(b"[previous exception] ")
        || line.starts_with(b"Next ")
        || line.starts_with(b"\"}")
}

/// `#0 /srv/shop/cart.php(9): Cart->buy()`, `#1 [internal function]: …`, `#2 {main}`, and as Xdebug has it `PHP   1. {main}() …`.
fn is_php_frame(line: &[u8]) -> bool {
    const PLACE_BYTES_MAX: usize = 512;
    if let Some(frame) = line.strip_prefix(b"PHP ") {
        let text = frame.trim_ascii_start();
        let digits = text.iter().take_while(|b| b.is_ascii_digit()).count();
        return text.len() < frame.len()
            && digits > 0
            && text.get(digits..).is_some_and(|rest| rest.starts_with(b". "));
    }
    let Some(number) = line.strip_prefix(b"#") else { return false };
    let digits = number.iter().take(4).take_while(|b| b.is_ascii_digit()).count();
    let Some(frame) = number.get(digits..).and_then(|rest| rest.strip_prefix(b" ")).filter(|_| digits > 0) else {
        return false;
    };
    let near = frame.get(..PLACE_BYTES_MAX).unwrap_or(frame);
    frame.starts_with(b"{main}") || frame.starts_with(b"[internal function]") || memmem::find(near, b"): ").is_some()
}

/// Whether what PHP wrote to nginx begins in this line of its error log and does not end there.
pub(super) fn begins_php_stderr(line: &[u8]) -> bool {
    let is_dated = matches!(line, [_, _, _, _, b'/', _, _, b'/', _, _, b' ', ..]);
    is_dated && memmem::find(line, b" sent in stderr: \"").is_some() && !ends_php_stderr(line)
}

/// Whether what PHP wrote to nginx ends in this line.
pub(super) fn ends_php_stderr(line: &[u8]) -> bool {
    memmem::find(line, b"\" while ").is_some()
}

/// Whether a line of PostgreSQL's log adds to the message before it.
pub(super) fn is_postgresql_addition(line: &[u8]) -> bool {
    const WORDS: [&[u8]; 6] = [b"DETAIL", b"HINT", b"CONTEXT", b"STATEMENT", b"QUERY", b"LOCATION"];
    let near = line.get(..320).unwrap_or(line);
    let Some(end) = memmem::find(near, b":  ") else { return false };
    let before = near.get(..end).unwrap_or_default();
    WORDS.iter().any(|word| before.ends_with(word)) && app::begins_with_time(line, &ANY_TIME)
}

/// What begins an entry of MySQL's slow query log: its time, or who asked.
pub(super) fn begins_slow_entry(line: &[u8]) -> bool {
    line.starts_with(b"# User@Host: ")
        || line
            .strip_prefix(b"# Time: ")
            .is_some_and(|time| time.trim_ascii_start().first().is_some_and(u8::is_ascii_digit))
}

/// `/usr/sbin/mysqld, Version: 8.0.15 (…). started with:`
pub(super) fn opens_slow_log(line: &[u8]) -> bool {
    line.ends_with(b"started with:") && memmem::find(line, b", Version: ").is_some()
}

/// A time alone, in one of the forms that Oracle's alert log has: `2023-11-14T22:13:20.123456+01:00`, `Tue Nov 14 22:13:20 2023`.
pub(super) fn is_time_alone(line: &[u8]) -> bool {
    match line.len() {
        32 => timestamp::iso_prefix(line, Zone::UTC).is_some_and(|(_, rest)| rest.is_empty()),
        24 => line.first().is_some_and(u8::is_ascii_uppercase) && timestamp::asctime(line, Zone::UTC).is_some(),
        _ => false,
    }
}

/// Whether a line behind such a time is what happened then, and no other record.
pub(super) fn is_of_alert(line: &[u8]) -> bool {
    !surely_begins_record(line) && !is_time_alone(line) && !app::begins_with_time(line, &ANY_TIME)
}
