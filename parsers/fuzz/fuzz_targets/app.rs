//! Any line is read or refused without a panic, and the message of a line that is read is a slice of it, except where
//! PostgreSQL doubled its quotes or the line begins with a terminal's colour.
#![no_main]

use std::borrow::Cow;

use libfuzzer_sys::fuzz_target;
use logseal_parsers::{Context, Zone, app};
use logseal_parsers_fuzz::is_slice_of;

// 2026-11-20T18:00:00Z
const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::UTC };

fuzz_target!(|line: &[u8]| {
    let Some(event) = app::parse(line, &CX) else {
        return;
    };
    assert!(event.parse_error.is_none());
    match event.message {
        Cow::Borrowed(message) => assert!(is_slice_of(message, line)),
        Cow::Owned(_) if line.trim_ascii_start().starts_with(b"\x1b[") => {}
        Cow::Owned(_) => assert_eq!(event.format, app::postgresql::FORMAT),
    }
});
