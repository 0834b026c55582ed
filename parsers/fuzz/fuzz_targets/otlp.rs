//! Any body is decoded or refused without a panic, in both forms; a record's original bytes are a slice of the body,
//! and a message that is borrowed is of those bytes, unless they are JSON that is not UTF-8.
#![no_main]

use std::borrow::Cow;

use libfuzzer_sys::fuzz_target;
use logseal_parsers::push::otlp::{self, Encoding, Item};
use logseal_parsers::{Context, Zone};
use logseal_parsers_fuzz::is_slice_of;

// 2026-11-20T18:00:00Z
const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::UTC };

fuzz_target!(|body: &[u8]| {
    for encoding in [Encoding::Protobuf, Encoding::Json] {
        let outcome = otlp::decode(encoding, body, &CX, &mut |item| {
            let Item::Record { event, raw, .. } = item else {
                return;
            };
            assert!(is_slice_of(raw, body));
            if encoding == Encoding::Json && std::str::from_utf8(body).is_err() {
                return; // Read from a copy in which bytes are replaced.
            }
            if let (Cow::Borrowed(message), None) = (&event.message, event.attributes.get("event_name")) {
                let is_word = message.len() <= 5;
                assert!(is_word || is_slice_of(message, raw));
            }
        });
        drop(outcome);
    }
});
