//! Any line is read without a panic in every format; what is not understood is kept whole, and a record
//! that serde_json reads is refused for no other reason than a bound.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logseal_parsers::{Context, Format, Zone, format, json};
use logseal_parsers_fuzz::assert_promises_of;

// 2026-11-20T18:00:00Z
const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::Fixed(3600) };

fuzz_target!(|line: &[u8]| {
    for &format in Format::ALL {
        assert_promises_of(&format::parse(format, line, &CX), line);
    }
    let event = json::parse(line, &CX);
    let bound = ["nested too deep", "more than 4096 leaves", "names too long"];
    if serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(line).is_ok()
        && let Some(fault) = event.parse_error
    {
        assert!(bound.iter().any(|bound| fault.starts_with(bound)), "{fault}");
    }
});
