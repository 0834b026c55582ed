//! Any line is read as a Windows event or refused, without a panic; so is any document that may hold several records.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logseal_parsers::{Context, Zone, json, winevent};

// 2026-11-20T18:00:00Z
const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::UTC };

fuzz_target!(|line: &[u8]| {
    if let Some(event) = winevent::parse(line, &CX) {
        assert!(event.parse_error.is_none());
    }
    if let Some(records) = json::records(line) {
        for record in records {
            assert!(
                json::parse(record.as_bytes(), &CX)
                    .parse_error
                    .is_none_or(|fault| fault.contains("more than 4096 leaves") || fault.contains("names too long"))
            );
        }
    }
});
