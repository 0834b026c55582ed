//! Bits that change by themselves: never wrong data, always an account of every id.

use super::*;

/// Two groups of one frame, then one group of two; returns the file name and its bytes.
fn written(dir: &Path, seal: bool) -> (PathBuf, Vec<u8>) {
    let (mut spool, _) = open(dir);
    append(&mut spool, &[(2, 6)]).unwrap();
    append(&mut spool, &[(1, 3)]).unwrap();
    append(&mut spool, &[(1, 2), (2, 4)]).unwrap();
    if seal {
        spool.seal().unwrap();
    }
    drop(spool);
    let file = segment_file(dir, if seal { "sealed" } else { "open" });
    let bytes = fs::read(&file).unwrap();
    (file, bytes)
}

const IDS: u64 = 6;

/// Every bit that means something: header, seal record, frames.
fn meaningful_bits(bytes: &[u8]) -> impl Iterator<Item = usize> {
    let ranges = [0..52, 512..548, 1024..bytes.len()];
    ranges.into_iter().flatten().flat_map(|byte| byte * 8..byte * 8 + 8)
}

fn flipped(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut bad = bytes.to_vec();
    bad[bit / 8] ^= 1 << (bit % 8);
    bad
}

/// One folder used again and again: what an open leaves behind is removed.
fn reset(dir: &Path, file: &Path, bytes: &[u8]) {
    let spool = dir.join("spool");
    if spool.exists() {
        fs::remove_dir_all(&spool).unwrap();
    }
    fs::create_dir_all(spool.join("segments")).unwrap();
    fs::write(spool.join("segments").join(file.file_name().unwrap()), bytes).unwrap();
}

#[test]
fn any_flipped_bit_of_an_open_segment_is_a_reported_loss_or_a_kept_cut_of_the_last_frame() {
    let original = quick_dir();
    let (file, bytes) = written(original.path(), false);
    let last_frame_at = bytes.len() - 48;
    let dir = quick_dir();
    for bit in meaningful_bits(&bytes) {
        reset(dir.path(), &file, &flipped(&bytes, bit));
        let (mut spool, recovered) = open(dir.path());
        let seen = read_all(&mut spool);
        let there: u64 = seen.iter().filter(|s| s.2).map(|s| s.1).sum();
        let lost: u64 = recovered.losses.iter().map(|l| l.last_id - l.first_id + 1).sum();
        let told: u64 = seen.iter().filter(|s| !s.2).map(|s| s.1).sum();
        assert_eq!(lost, told, "bit {bit}: a follower is told of each loss");
        if bit / 8 < last_frame_at {
            assert_eq!((there + lost, recovered.next_id), (IDS, IDS + 1), "bit {bit}");
            assert_eq!(recovered.cuts, [], "bit {bit}");
        } else {
            let [cut] = &recovered.cuts[..] else {
                panic!("bit {bit}: {recovered:?}");
            };
            assert_eq!((cut.first_id, there, lost), (5, 4, 0), "bit {bit}");
            let kept = fs::read(cut.kept.as_ref().unwrap()).unwrap();
            assert_eq!(kept, flipped(&bytes, bit)[last_frame_at..], "bit {bit}");
        }
        // Only the first frame of the last group may not have been acknowledged.
        for loss in &recovered.losses {
            assert_eq!(loss.acknowledged, loss.first_id != 4, "bit {bit}: {loss:?}");
            assert_eq!(fs::read(&loss.kept).unwrap(), flipped(&bytes, bit), "bit {bit}");
        }
    }
}

#[test]
fn any_flipped_bit_of_a_sealed_segment_leaves_each_id_read_right_or_named_as_lost() {
    let original = quick_dir();
    let (file, bytes) = written(original.path(), true);
    let dir = quick_dir();
    for bit in meaningful_bits(&bytes) {
        reset(dir.path(), &file, &flipped(&bytes, bit));
        let (mut spool, recovered) = open(dir.path());
        assert_eq!(recovered.next_id, IDS + 1, "bit {bit}");
        let lost = read_all(&mut spool).iter().filter(|s| !s.2).count();
        // `read_all` has checked that the ids are complete and the data right.
        assert_eq!(lost, usize::from(bit / 8 >= 1024), "bit {bit}: one frame is lost");
        let repaired = usize::from(bit / 8 < 1024);
        assert_eq!(recovered.repaired.len(), repaired, "bit {bit}");
    }
}

#[test]
fn a_sealed_segment_cut_at_any_byte_loses_no_whole_frame_and_names_every_lost_id() {
    let original = quick_dir();
    let (file, bytes) = written(original.path(), true);
    let dir = quick_dir();
    let ends = [1024, 1074, 1121, 1167, 1215];
    assert_eq!(ends[4], bytes.len());
    for len in (0..60).chain(500..550).chain(1000..bytes.len()) {
        reset(dir.path(), &file, &bytes[..len]);
        let (mut spool, recovered) = open(dir.path());
        let whole = ends.iter().filter(|end| **end <= len).count().saturating_sub(1);
        let rows_there: u64 = [2, 1, 1, 2].iter().take(whole).sum();
        let lost: Vec<_> = recovered.losses.iter().map(|l| (l.first_id, l.last_id, l.acknowledged)).collect();
        assert_eq!(lost, [(rows_there + 1, IDS, true)], "cut at {len}");
        assert_eq!(recovered.next_id, IDS + 1);
        let seen = read_all(&mut spool);
        let there: u64 = seen.iter().filter(|s| s.2).map(|s| s.1).sum();
        assert_eq!(there, rows_there, "cut at {len}");
    }
}

#[test]
fn a_repaired_segment_keeps_its_id_and_is_whole_at_the_next_start() {
    let original = quick_dir();
    let (file, bytes) = written(original.path(), false);
    let dir = quick_dir();
    reset(dir.path(), &file, &flipped(&bytes, 1080 * 8));
    let (spool, recovered) = open(dir.path());
    assert_eq!(recovered.losses.len(), 1);
    let sealed = segment_file(dir.path(), "sealed");
    let id = recovered.losses[0].segment.to_string();
    assert!(sealed.to_str().unwrap().contains(&id));
    let mut reason = recovered.losses[0].kept.clone().into_os_string();
    reason.push(".reason");
    assert!(fs::read_to_string(reason).unwrap().contains("lost ids: 3 to 3"));
    drop(spool);
    let (mut spool, recovered) = open(dir.path());
    assert_eq!((recovered.losses, recovered.repaired), (vec![], vec![]));
    assert_eq!(read_all(&mut spool), [(1, 2, true), (3, 1, false), (4, 1, true), (5, 2, true)]);
}

#[test]
fn a_segment_damaged_twice_keeps_both_originals() {
    let dir = quick_dir();
    let (file, _) = written(dir.path(), true);
    let mut kept = Vec::new();
    for at in [3, 5] {
        let mut bytes = fs::read(&file).unwrap();
        bytes[at] ^= 1;
        fs::write(&file, &bytes).unwrap();
        let (_, recovered) = open(dir.path());
        kept.push((recovered.repaired[0].clone(), bytes));
    }
    for (path, bytes) in &kept {
        assert_eq!(&fs::read(path).unwrap(), bytes);
    }
}

#[test]
fn a_frame_planted_in_a_payload_is_not_taken_for_one_when_the_frame_around_it_is_damaged() {
    let dir = quick_dir();
    let other = quick_dir();
    let (_, foreign) = written(other.path(), false);
    let planted = &foreign[1024..];
    let (mut spool, _) = open(dir.path());
    let behind = payload(2, 9);
    let group = [
        Frame { first_id: 1, rows: 1, payload: &[IoSlice::new(planted)] },
        Frame { first_id: 2, rows: 1, payload: &[IoSlice::new(&behind)] },
    ];
    spool.append(&group, now()).unwrap();
    drop(spool);
    let file = segment_file(dir.path(), "open");
    let mut bytes = fs::read(&file).unwrap();
    bytes[1024 + 30] ^= 1;
    fs::write(&file, bytes).unwrap();
    let (mut spool, _) = open(dir.path());
    assert_eq!(read_all(&mut spool), [(1, 1, false), (2, 1, true)]);
}

#[test]
fn a_missing_segment_is_a_gap_and_a_copied_one_is_set_aside() {
    let dir = quick_dir();
    let (mut spool, _) = open(dir.path());
    for _ in 0..3 {
        append(&mut spool, &[(2, 5)]).unwrap();
        spool.seal().unwrap();
    }
    drop(spool);
    let segments = segment_files(dir.path());
    fs::remove_file(&segments[1]).unwrap();
    let name = segments[2].file_name().unwrap().to_str().unwrap();
    let (ids, uuid) = name.split_at(34);
    let (first, rest) = uuid.split_at(1);
    let other = if first == "0" { "1" } else { "0" };
    let copy = segments[2].with_file_name(format!("{ids}{other}{rest}"));
    fs::copy(&segments[2], &copy).unwrap();
    let note = segments[2].with_file_name("note.txt");
    fs::write(&note, "from the operator").unwrap();
    let (mut spool, recovered) = open(dir.path());
    assert_eq!(recovered.gaps, [3..=4]);
    assert_eq!(recovered.foreign, [note]);
    assert_eq!(recovered.next_id, 7);
    let there: Vec<u64> = read_all(&mut spool).iter().map(|s| s.0).collect();
    assert_eq!(there, [1, 5], "no id is seen twice");
    assert_eq!(recovered.repaired.len(), 1);
}
