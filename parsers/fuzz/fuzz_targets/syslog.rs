//! Any line is read without a panic, and the message of an understood one is a slice of it.
#![no_main]

use std::borrow::Cow;

use libfuzzer_sys::fuzz_target;
use logseal_parsers::syslog::{self, rfc3164, rfc5424};
use logseal_parsers::{Context, LogEvent, Zone};
use logseal_parsers_fuzz::is_slice_of;

// 2026-11-20T18:00:00Z
const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::UTC };

fn is_borrowed_of(event: &LogEvent<'_>, line: &[u8]) -> bool {
    matches!(event.message, Cow::Borrowed(message) if is_slice_of(message, line))
}

fuzz_target!(|line: &[u8]| {
    assert!(is_borrowed_of(&syslog::parse(line, &CX), line));
    for event in [rfc5424::parse(line, &CX), rfc3164::parse(line, &CX)].into_iter().flatten() {
        assert!(event.parse_error.is_none());
        assert!(is_borrowed_of(&event, line));
    }
});
