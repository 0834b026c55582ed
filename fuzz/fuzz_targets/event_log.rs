//! Whatever stands in a binary event log, reading it ends, and gives the same records however the bytes come.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logseal::event_log::{EventLog, MAGIC};
use logseal_parsers::{Context, Zone};

const CHUNK_BYTES: usize = 64 << 10;
const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::UTC };

/// The raw bytes of the records of a file that comes in pieces of `piece` bytes.
fn read(file: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let (mut log, mut buffer, mut found) = (EventLog::default(), Vec::new(), Vec::new());
    for piece in file.chunks(piece).chain([&[][..]]) {
        buffer.extend_from_slice(piece);
        let taken = log.feed(&buffer, piece.is_empty(), &CX, &mut |record| {
            assert_eq!(record.line, found.len() as u64 + 1);
            found.push(record.raw.to_vec());
        });
        buffer.drain(..taken);
    }
    assert!(buffer.is_empty());
    found
}

// A byte, and then the front of the file's only chunk: with an odd one, room that is not used follows up to the chunk's end; with an even
// one the file ends there.
fuzz_target!(|input: &[u8]| {
    let Some((how, front)) = input.split_first() else { return };
    let mut file = vec![0; 4096];
    file[..MAGIC.len()].copy_from_slice(MAGIC);
    file.extend_from_slice(&front[..front.len().min(CHUNK_BYTES)]);
    if how % 2 == 1 {
        file.resize(4096 + CHUNK_BYTES, 0);
    }
    assert_eq!(read(&file, file.len()), read(&file, 4000));
});
