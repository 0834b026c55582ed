//! Any bytes give the same records however they are split into reads, and none of them is lost. The first three bytes
//! choose the rule, the limit and the size of the reads.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logseal_parsers::multiline::{Joiner, Limits, Rule};

fn records(rule: Rule, limits: Limits, text: &[u8], step: usize) -> Vec<(usize, usize)> {
    let mut joiner = Joiner::new(rule, limits);
    let (mut from, mut found) = (0, Vec::new());
    let mut to = 0;
    loop {
        let is_end = to >= text.len();
        let buffer = &text[from..to];
        let joined = if is_end { joiner.finish(buffer) } else { joiner.next(buffer) };
        match joined {
            Some(joined) => {
                let end = &buffer[joined.bytes.len()..joined.consumed];
                assert!(matches!(end, b"" | b"\n" | b"\r\n"));
                assert!(joined.consumed > 0);
                found.push((from, from + joined.consumed));
                from += joined.consumed;
            }
            None if is_end => break,
            None => to = (to + step).min(text.len()),
        }
    }
    assert_eq!(from, text.len());
    found
}

fuzz_target!(|input: &[u8]| {
    let [rule, limit, step, text @ ..] = input else {
        return;
    };
    let rule = Rule::ALL[usize::from(*rule) % Rule::ALL.len()];
    let limits = Limits { lines_max: usize::from(*limit % 8) + 1, bytes_max: usize::from(*limit) + 1 };
    let whole = records(rule, limits, text, text.len().max(1));
    assert_eq!(records(rule, limits, text, usize::from(*step) + 1), whole);
});
