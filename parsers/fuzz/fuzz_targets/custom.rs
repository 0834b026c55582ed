//! Any pattern (the first line) compiles or says why, and reads any line (the rest) without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logseal_parsers::custom::Pattern;
use logseal_parsers::{Context, Zone};

// 2026-11-20T18:00:00Z
const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::UTC };

fuzz_target!(|input: &[u8]| {
    let (pattern, line) = match input.iter().position(|b| *b == b'\n') {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (input, &b""[..]),
    };
    let Ok(pattern) = std::str::from_utf8(pattern) else {
        return;
    };
    match Pattern::compile(pattern, &[("OWN", "a%{WORD:own}")]) {
        Ok(pattern) => {
            let event = pattern.parse(line, &CX);
            assert_eq!(event.is_some(), pattern.is_match(line));
        }
        Err(error) => {
            let columns = pattern.chars().count() + 1;
            assert!(error.column.is_none_or(|column| column <= columns));
        }
    }
});
