//! Any body is decoded or refused without a panic, in both forms.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logseal_parsers::push::loki::{self, Encoding};
use logseal_parsers::{Context, Zone};

// 2026-11-20T18:00:00Z
const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::UTC };

fuzz_target!(|body: &[u8]| {
    for encoding in [Encoding::Protobuf, Encoding::Json] {
        let outcome = loki::decode(encoding, body, &CX, &mut |record| {
            let event = record.event;
            assert!(event.parse_error.is_none() || event.message.len() <= record.raw.len() * 3);
        });
        drop(outcome);
    }
});
