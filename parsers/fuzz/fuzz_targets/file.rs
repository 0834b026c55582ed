//! Any file gives the same records however it is split into reads, and none of its bytes is twice in them. The first three
//! bytes choose the format, the limit and the size of the reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logseal_parsers::multiline::{Limits, Rule};
use logseal_parsers::{Context, FileOptions, FileParser, Format, Zone};

const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::UTC };
const FORMATS: [Format; 4] = [Format::Auto, Format::Csv, Format::Winevent, Format::Json];

type Place = (Vec<u8>, u64, u32, &'static str);

fn records(options: FileOptions, file: &[u8], step: usize) -> Vec<Place> {
    let mut parser = FileParser::new(options);
    let (mut from, mut to, mut found) = (0, 0, Vec::new());
    loop {
        to = (to + step).min(file.len());
        let is_end = to == file.len();
        from += parser.feed(&file[from..to], is_end, &CX, &mut |record| {
            found.push((record.raw.to_vec(), record.line, record.part, record.event.format));
        });
        if is_end {
            assert_eq!(from, file.len());
            return found;
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let [format, limit, step, file @ ..] = input else {
        return;
    };
    let options = FileOptions {
        format: FORMATS[usize::from(*format) % FORMATS.len()].into(),
        multiline: if *format < 128 { Rule::Auto } else { Rule::Stamp },
        limits: Limits { lines_max: usize::from(*limit % 8) + 1, bytes_max: usize::from(*limit) + 1 },
    };
    let whole = records(options.clone(), file, file.len().max(1));
    assert!(whole.iter().map(|(raw, ..)| raw.len()).sum::<usize>() <= file.len());
    assert_eq!(records(options, file, usize::from(*step) + 1), whole);
});
