//! Any line is read without a panic in every format; what is not understood is kept whole, and a record
//! that serde_json reads is refused for no other reason than a bound.
#![no_main]

use std::borrow::Cow;

use libfuzzer_sys::fuzz_target;
use logseal_parsers::{Context, Format, Zone, format, json};

// 2026-11-20T18:00:00Z
const CX: Context = Context {
    received_at: 1_795_197_600_000_000,
    zone: Zone::Fixed(3600),
};

fuzz_target!(|line: &[u8]| {
    for &format in Format::ALL {
        let event = format::parse(format, line, &CX);
        if event.parse_error.is_some() && event.parse_error.as_deref() != Some("JSON is not UTF-8")
        {
            assert_eq!(&*event.message, line);
        }
    }
    let event = json::parse(line, &CX);
    if let Cow::Borrowed(message) = event.message {
        let (line, message) = (line.as_ptr_range(), message.as_ptr_range());
        assert!(message.is_empty() || (line.start <= message.start && message.end <= line.end));
    }
    let bound = ["nested too deep", "more than 4096 leaves", "names too long"];
    if serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(line).is_ok()
        && let Some(fault) = event.parse_error
    {
        assert!(
            bound.iter().any(|bound| fault.starts_with(bound)),
            "{fault}"
        );
    }
});
