use super::*;
use crate::archive::file_type::{FileType, file_type};

type Pack = fn(&[u8]) -> Vec<u8>;

const PACKERS: [(Pack, FileType); 4] =
    [(gzip, FileType::Gzip), (zstd, FileType::Zstd), (bzip2, FileType::Bzip2), (xz, FileType::Xz)];

#[test]
fn a_plain_file_is_one_entry_under_its_own_name() {
    let (seen, result) = read(b"one\ntwo");
    assert_eq!(told(&seen), [("upload", "one\ntwo", None)]);
    assert_eq!((result, file_type(&file(b"one")).unwrap()), (Ok(()), FileType::Single));
    assert_eq!(told(&read(b"").0), [("upload", "", None)]);
}

#[test]
fn each_packing_is_undone_with_all_its_members_and_the_zeros_behind_them() {
    let log = log(50_000);
    for (pack, expected) in PACKERS {
        let mut packed = pack(&log);
        assert_eq!(file_type(&file(&packed)).unwrap(), expected);
        packed.extend(pack(b""));
        packed.extend(pack(b"the last line"));
        packed.extend([0; 512]);
        let (seen, result) = read(&packed);
        assert!(seen[0].content == [&log[..], b"the last line"].concat(), "{expected:?}");
        assert_eq!((seen.len(), seen[0].problem, result), (1, None, Ok(())), "{expected:?}");
    }
}

#[test]
fn what_follows_a_packed_file_is_told_behind_its_content() {
    for (pack, expected) in PACKERS {
        let (seen, _) = read(&[&pack(b"content")[..], b"\0\0\0\0garbage"].concat());
        assert_eq!(told(&seen), [("upload", "content", Some(EntryProblem::TrailingBytes))], "{expected:?}");
    }
}

#[test]
fn a_cut_file_gives_what_stands_before_the_cut() {
    let log = log(100_000);
    for (pack, expected) in PACKERS {
        let packed = pack(&log);
        let (seen, _) = read(&packed[..packed.len() * 3 / 4]);
        assert_eq!(seen[0].problem, Some(EntryProblem::Damaged("it is cut")), "{expected:?}");
        assert!(log.starts_with(&seen[0].content) && seen[0].content.len() > log.len() / 2, "{expected:?}");
    }
}

#[test]
fn damage_takes_nothing_of_the_members_before_it() {
    let log = log(40_000);
    for (pack, expected) in PACKERS {
        let mut second = pack(&log);
        let middle = second.len() / 2;
        second[middle..middle + 64].fill(0xa5);
        let (seen, _) = read(&[pack(&log), second].concat());
        assert!(seen[0].content.starts_with(&log), "{expected:?}");
        let problem = seen[0].problem.unwrap();
        assert!(
            matches!(problem, EntryProblem::Damaged(_) | EntryProblem::ChecksumMismatch),
            "{expected:?}: {problem}"
        );
    }
}

#[test]
fn deflate_gives_every_byte_up_to_the_damage() {
    // Stored blocks of one byte and, behind them, a block of the type that does not exist.
    let block = |byte: u8| [0, 1, 0, 0xfe, 0xff, byte];
    let mut packed = gzip(b"")[..10].to_vec();
    (0..70_000u32).for_each(|n| packed.extend(block(n as u8)));
    packed.push(0x06);
    let (seen, _) = read(&packed);
    assert_eq!((seen[0].content.len(), seen[0].problem.map(|problem| problem.code())), (70_000, Some("damaged")));
}

#[test]
fn a_wrong_checksum_is_told_behind_the_whole_content() {
    let mut packed = gzip(b"content");
    let crc_at = packed.len() - 8;
    packed[crc_at] ^= 1;
    assert_eq!(told(&read(&packed).0), [("upload", "content", Some(EntryProblem::ChecksumMismatch))]);
}

#[test]
fn every_field_of_a_gzip_header_is_skipped() {
    let plain = gzip(b"content");
    let mut packed = vec![0x1f, 0x8b, 8, 0x02 | 0x04 | 0x08 | 0x10, 1, 2, 3, 4, 0, 3, 5, 0];
    packed.extend(b"extraname\0comment\0\x01\x02");
    packed.extend(&plain[10..]);
    assert_eq!(told(&read(&packed).0), [("upload", "content", None)]);
    let (seen, _) = read(&packed[..20]);
    assert_eq!(told(&seen), [("upload", "", Some(EntryProblem::Damaged("it is cut")))]);
}

#[test]
fn skippable_frames_of_zstd_are_skipped() {
    let packed = [&b"\x50\x2a\x4d\x18\x04\0\0\0pzst"[..], &zstd(b"content")].concat();
    assert_eq!(told(&read(&packed).0), [("upload", "content", None)]);
}

#[test]
fn other_packings_do_not_pass_for_logs() {
    for bytes in [
        &b"7z\xbc\xaf\x27\x1c\0\x04"[..],
        b"Rar!\x1a\x07\x01\0",
        b"\x04\x22\x4d\x18d@\xa7",
        b"\x1f\x9d\x90",
        b"LPKSHHRH\0",
    ] {
        let (seen, _) = read(bytes);
        assert!(matches!(seen[0].problem, Some(EntryProblem::UnsupportedFormat(_))));
        assert_eq!(seen[0].content, b"");
    }
    assert_eq!(told(&read(b"BZh1 is how it begins").0), [("upload", "BZh1 is how it begins", None)]);
}
