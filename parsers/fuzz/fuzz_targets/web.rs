//! Any line is read without a panic by the parsers of web servers' logs, and the message of what is understood is a slice of it.
#![no_main]

use std::borrow::Cow;

use libfuzzer_sys::fuzz_target;
use logseal_parsers::{Context, Format, LogEvent, Zone, format};

const CX: Context = Context {
    received_at: 1_795_197_600_000_000,
    zone: Zone::UTC,
};

fn is_slice_of(event: &LogEvent<'_>, line: &[u8]) -> bool {
    let Cow::Borrowed(message) = event.message else {
        return false;
    };
    let (line, message) = (line.as_ptr_range(), message.as_ptr_range());
    line.start <= message.start && message.end <= line.end
}

fuzz_target!(|line: &[u8]| {
    for format in [
        Format::Access,
        Format::ApacheError,
        Format::Elb,
        Format::Haproxy,
        Format::NginxError,
        Format::Squid,
    ] {
        let event = format::parse(format, line, &CX);
        assert!(is_slice_of(&event, line));
    }
});
