//! The lines of any file are read without a panic, whatever they say of each other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logseal_parsers::{Context, Format, LineParser, StreamFormat, Zone};
use logseal_parsers_fuzz::assert_promises_of;

const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::UTC };

fuzz_target!(|file: &[u8]| {
    for format in [Format::Auto, Format::Csv, Format::Tsv, Format::W3c, Format::Zeek, Format::Ltsv] {
        let mut parser = LineParser::new(format);
        for line in file.split(|b| *b == b'\n') {
            let event = parser.parse(line, &CX);
            assert_promises_of(&event, line);
        }
    }
    // A stream whose format is chosen: each of the first lines often enough, and then the others.
    for chosen in file.split(|b| *b == b'\n').take(3) {
        let mut stream = StreamFormat::default();
        let often = std::iter::repeat_n(chosen, 17);
        for line in often.chain(file.split(|b| *b == b'\n').take(32)) {
            let event = stream.read(line, &CX);
            assert_promises_of(&event, line);
        }
    }
});
