//! Crashes: the process ends without a word, and the end of a file is as far as the disk got.

use super::*;

/// An open segment with two acknowledged groups and one more; returns its bytes, the length before
/// the last group, and where each frame ends.
fn crashed(dir: &Path) -> (PathBuf, Vec<u8>, u64, Vec<u64>) {
    let (mut spool, _) = open(dir);
    append(&mut spool, &[(1, 20), (2, 0)]).unwrap();
    append(&mut spool, &[(1, 33)]).unwrap();
    let acked = spool.open_bytes();
    append(&mut spool, &[(3, 5), (1, 60), (1, 1)]).unwrap();
    drop(spool);
    let file = segment_file(dir, "open");
    let bytes = fs::read(&file).unwrap();
    let mut ends = vec![1024];
    for len in [20, 0, 33, 5, 60, 1] {
        ends.push(ends.last().unwrap() + 44 + len);
    }
    assert_eq!((ends[3], ends[6]), (acked, bytes.len() as u64));
    (file, bytes, acked, ends)
}

const FRAMES: [Seen; 6] = [(1, 1, true), (2, 2, true), (4, 1, true), (5, 3, true), (8, 1, true), (9, 1, true)];

/// A copy of nothing but this open segment in a new folder.
fn folder_with(file: &Path, bytes: &[u8]) -> tempfile::TempDir {
    let dir = quick_dir();
    let segments = dir.path().join("spool/segments");
    fs::create_dir_all(&segments).unwrap();
    fs::write(segments.join(file.file_name().unwrap()), bytes).unwrap();
    dir
}

#[test]
fn a_spool_cut_at_every_byte_of_its_last_group_recovers_every_whole_frame_and_reports_no_damage() {
    let original = quick_dir();
    let (file, bytes, acked, ends) = crashed(original.path());
    for len in acked as usize..=bytes.len() {
        let dir = folder_with(&file, &bytes[..len]);
        let (mut spool, recovered) = open(dir.path());
        let whole = ends.iter().filter(|end| **end <= len as u64).count() - 1;
        assert!(whole >= 3, "the acknowledged frames are there");
        let expected = &FRAMES[..whole];
        let next_id = expected.last().map_or(1, |(first, rows, _)| first + rows);
        assert_eq!(recovered.next_id, next_id, "cut at {len}");
        assert_eq!(read_all(&mut spool), expected, "cut at {len}");
        assert_eq!((recovered.losses, recovered.repaired), (vec![], vec![]));
        let rest = len as u64 - ends[whole];
        let cut: Vec<_> = recovered.cuts.iter().map(|c| (c.bytes, c.kept.is_some())).collect();
        let expected = if rest == 0 { vec![] } else { vec![(rest, false)] };
        assert_eq!(cut, expected, "cut at {len}");
        // The ids of the cut rows are given again.
        append(&mut spool, &[(1, 10)]).unwrap();
    }
}

#[test]
fn a_first_group_cut_anywhere_leaves_no_segment() {
    let original = quick_dir();
    let (mut spool, _) = open(original.path());
    append(&mut spool, &[(4, 9)]).unwrap();
    drop(spool);
    let file = segment_file(original.path(), "open");
    let bytes = fs::read(&file).unwrap();
    let near_edges = (0..80).chain(500..600).chain(1000..bytes.len());
    for len in near_edges {
        let dir = folder_with(&file, &bytes[..len]);
        let (spool, recovered) = open(dir.path());
        assert_eq!((spool.next_id(), recovered.sealed), (1, 0), "cut at {len}");
        assert!(recovered.fresh);
        assert_eq!(segment_files(dir.path()), Vec::<PathBuf>::new());
        assert_eq!(files(&dir.path().join("spool/rejected")), Vec::<PathBuf>::new());
    }
}

#[test]
fn a_tail_of_zeros_is_cut_and_a_tail_of_garbage_is_cut_and_kept() {
    let original = quick_dir();
    let (file, bytes, _, ends) = crashed(original.path());
    for (tail, kept) in [(vec![0; 100_000], false), (vec![7; 700_000], true), (vec![9; 3], true)] {
        let torn = [&bytes[..], &tail].concat();
        let dir = folder_with(&file, &torn);
        let (mut spool, recovered) = open(dir.path());
        assert_eq!(read_all(&mut spool), FRAMES);
        assert_eq!((&recovered.losses, &recovered.repaired), (&vec![], &vec![]));
        let [cut] = &recovered.cuts[..] else {
            panic!("{recovered:?}");
        };
        assert_eq!((cut.offset, cut.bytes, cut.first_id), (ends[6], tail.len() as u64, 10));
        assert_eq!(cut.kept.is_some(), kept);
        if let Some(kept) = &cut.kept {
            assert_eq!(fs::read(kept).unwrap(), tail);
        }
    }
}

#[test]
fn recovery_killed_before_its_rename_is_done_again() {
    let original = quick_dir();
    let (file, bytes, _, _) = crashed(original.path());
    let dir = folder_with(&file, &bytes);
    drop(open(dir.path()));
    let sealed = segment_file(dir.path(), "sealed");
    let open_again = sealed.with_file_name(file.file_name().unwrap());
    fs::rename(&sealed, &open_again).unwrap();
    fs::write(open_again.with_extension("open.tmp"), b"half a rewrite").unwrap();
    let (mut spool, recovered) = open(dir.path());
    assert_eq!((recovered.cuts, recovered.losses), (vec![], vec![]));
    assert_eq!(read_all(&mut spool), FRAMES);
}

#[test]
fn a_seal_record_of_a_seal_that_failed_does_not_hide_the_rows_behind_it() {
    let original = quick_dir();
    let (file, bytes, _, ends) = crashed(original.path());
    let header = crate::spool::format::SegmentHeader::decode(&bytes).unwrap();
    let stale = crate::spool::format::SealRecord { rows: 4, bytes: ends[3], last_id: 4 };
    let mut with_record = bytes.clone();
    with_record[512..548].copy_from_slice(&stale.encode(header.id));
    let dir = folder_with(&file, &with_record);
    let (mut spool, recovered) = open(dir.path());
    assert_eq!((recovered.cuts, recovered.losses), (vec![], vec![]));
    assert_eq!(read_all(&mut spool), FRAMES);

    // But it proves that rows before it were acknowledged: their damage is no torn write.
    let dir = folder_with(&file, &with_record[..ends[2] as usize + 10]);
    let (mut spool, recovered) = open(dir.path());
    let [loss] = &recovered.losses[..] else {
        panic!("{recovered:?}");
    };
    assert_eq!((loss.first_id, loss.last_id, loss.acknowledged), (4, 4, true));
    assert_eq!(read_all(&mut spool), [FRAMES[0], FRAMES[1], (4, 1, false)]);
    assert_eq!(spool.next_id(), 5);
}
