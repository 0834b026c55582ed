//! Any line is read without a panic by the parsers of web servers' logs, and the message of what is understood is a slice of it.
#![no_main]

use std::borrow::Cow;

use libfuzzer_sys::fuzz_target;
use logseal_parsers::{Context, Format, LogEvent, Zone, format};
use logseal_parsers_fuzz::is_slice_of;

const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::UTC };

fn is_borrowed_of(event: &LogEvent<'_>, line: &[u8]) -> bool {
    matches!(event.message, Cow::Borrowed(message) if is_slice_of(message, line))
}

fuzz_target!(|line: &[u8]| {
    for format in [Format::Access, Format::ApacheError, Format::Elb, Format::Haproxy, Format::NginxError, Format::Squid]
    {
        let event = format::parse(format, line, &CX);
        assert!(is_borrowed_of(&event, line));
    }
});
