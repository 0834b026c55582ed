use proptest::prelude::*;

use super::*;
use crate::archive::file_type::file_type;
use crate::archive::list::list;

/// Small enough that a bomb made by chance ends soon.
fn limits() -> Limits {
    Limits {
        entries_max: 100,
        entry_bytes_max: 1 << 20,
        total_bytes_max: 4 << 20,
        decoder_bytes_max: 8 << 20,
        scratch_bytes_max: 1 << 20,
        ..Limits::default()
    }
}

/// Reads and lists `bytes`, and holds what is true of any bytes.
fn survive(bytes: &[u8]) -> Vec<Seen> {
    let limits = limits();
    let (seen, _) = read_within(bytes, &limits);
    assert!(seen.iter().map(|seen| seen.number).eq(1..=seen.len() as u64));
    assert!(seen.len() as u64 <= limits.entries_max + 1);
    assert!(seen.iter().all(|seen| seen.content.len() as u64 <= limits.entry_bytes_max));
    let paths: std::collections::HashSet<_> = seen.iter().map(|seen| &seen.path).collect();
    assert_eq!(paths.len(), seen.len());
    list(&file(bytes), "upload", &limits).unwrap();
    file_type(&file(bytes)).unwrap();
    seen
}

/// Of each kind one, small.
fn samples() -> Vec<Vec<u8>> {
    let log = log(60);
    let tar = tar_of(&[("a.log", &log), ("dir/b.log", b"b")]);
    let mut zip = ZipMaker::default();
    zip.add(Member::deflated("a", &log));
    zip.add(Member { flags: 8, ..Member::deflated("b", &log) });
    zip.add(Member::new("c", &log, 9, deflate(&log)));
    zip.add(Member::new("d", &log, 12, bzip2(&log)));
    zip.add(Member::new("e", &log, 93, zstd(&log)));
    zip.add(Member::new("f", &log, 95, xz(&log)));
    zip.add(Member::stored("i.tgz", &gzip(&tar)));
    zip.add(Member::stored("i.zip", &zip_of(&[("x", &log)])));
    vec![gzip(&log), zstd(&log), bzip2(&log), xz(&log), gzip(&tar), tar, zip.finish()]
}

#[test]
fn an_archive_that_is_cut_anywhere_gives_a_beginning_of_each_entry() {
    for sample in samples() {
        let whole = survive(&sample);
        // Cuts within a tar's padding are all the same.
        let step = if sample.len() > 4000 { 7 } else { 1 };
        for cut in (1..sample.len()).step_by(step) {
            for seen in survive(&sample[..cut]) {
                let Some(before) = whole.iter().find(|before| before.path == seen.path) else { continue };
                // The first bytes of a magic number are a text like any other.
                assert!(cut < 10 || before.content.starts_with(&seen.content), "{} at {cut}", seen.path);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..2000), magic in 0..9usize) {
        const MAGICS: [&[u8]; 9] = [
            b"", b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", b"BZh91AY&SY", b"\xfd7zXZ\0\0\x04\xe6\xd6\xb4\x46", b"PK\x03\x04",
            b"PK\x05\x06", b"\x50\x2a\x4d\x18", b"PK\x03\x04\x14\0\x08\0\x08\0",
        ];
        survive(&[MAGICS[magic], &bytes].concat());
    }

    #[test]
    fn any_damage_is_survived(
        sample in 0..7usize,
        damage in prop::collection::vec((any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 1..9)), 1..6),
        moved in any::<prop::sample::Index>(),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = samples().swap_remove(sample);
        for (at, new) in damage {
            let at = at.index(bytes.len());
            let end = bytes.len().min(at + new.len());
            bytes[at..end].copy_from_slice(&new[..end - at]);
        }
        if let Some(cut) = cut {
            let (from, to) = (moved.index(bytes.len()), cut.index(bytes.len()));
            bytes.drain(from.min(to)..from.max(to));
        }
        survive(&bytes);
    }
}
