use super::*;
use crate::archive::file_type::{FileType, file_type};

const DAMAGED: &str = "damaged";

#[test]
fn a_zip_of_another_program_is_read_in_all_its_methods() {
    use zip::CompressionMethod as Method;
    let log = log(5000);
    let methods = [Method::Stored, Method::Deflated, Method::Bzip2, Method::Xz];
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for method in methods {
        let options = zip::write::SimpleFileOptions::default().compression_method(method);
        writer.start_file(method.to_string(), options).unwrap();
        writer.write_all(&log).unwrap();
    }
    writer.add_directory("empty", zip::write::SimpleFileOptions::default()).unwrap();
    let bytes = writer.finish().unwrap().into_inner();
    assert_eq!(file_type(&file(&bytes)).unwrap(), FileType::Zip);
    let (seen, result) = read(&bytes);
    let (directory, files) = seen.split_last().unwrap();
    for (seen, method) in files.iter().zip(methods) {
        assert_eq!((seen.path.as_str(), seen.problem), (method.to_string().as_str(), None));
        assert!(seen.content == log, "{method}");
    }
    assert_eq!(directory.problem, Some(EntryProblem::NotALog(EntryKind::Directory)));
    assert_eq!((files.len(), result), (4, Ok(())));
}

fn lzma(bytes: &[u8], with_end_marker: bool) -> Vec<u8> {
    let options = lzma_rust2::LzmaOptions::with_preset(1);
    let mut writer = lzma_rust2::LzmaWriter::new_no_header(Vec::new(), &options, with_end_marker).unwrap();
    let mut packed = vec![9, 4, 5, 0, writer.props()];
    packed.extend(options.dict_size.to_le_bytes());
    writer.write_all(bytes).unwrap();
    packed.extend(writer.finish().unwrap());
    packed
}

#[test]
fn lzma_is_read_with_an_end_marker_and_without() {
    let log = log(5000);
    let mut zip = ZipMaker::default();
    zip.add(Member { flags: 2, ..Member::new("marked", &log, 14, lzma(&log, true)) });
    zip.add(Member::new("sized", &log, 14, lzma(&log, false)));
    let mut cut = lzma(&log, false);
    cut.truncate(cut.len() / 2);
    zip.add(Member::new("cut", &log, 14, cut));
    let (seen, _) = read(&zip.finish());
    assert!(seen[..2].iter().all(|seen| seen.content == log && seen.problem.is_none()));
    assert!(log.starts_with(&seen[2].content) && !seen[2].content.is_empty());
    assert_eq!(seen[2].problem, Some(EntryProblem::Damaged("it is cut")));
}

#[test]
fn deflate64_and_zstd_are_read() {
    // Without matches of 258 bytes, both forms of deflate have the same bytes.
    let mut zip = ZipMaker::default();
    zip.add(Member::new("deflate64", b"some content", 9, deflate(b"some content")));
    zip.add(Member::new("zstd", b"some content", 93, zstd(b"some content")));
    let (seen, _) = read(&zip.finish());
    assert_eq!(told(&seen), [("deflate64", "some content", None), ("zstd", "some content", None)]);
}

#[test]
fn entries_of_one_name_are_all_read_and_told_apart() {
    let (seen, _) = read(&zip_of(&[("a", b"1"), ("a#2", b"2"), ("a", b"3"), ("a", b"4")]));
    assert_eq!(told(&seen), [("a", "1", None), ("a#2", "2", None), ("a#3", "3", None), ("a#4", "4", None)]);
}

#[test]
fn an_entry_that_cannot_be_read_harms_no_other() {
    let mut zip = ZipMaker::default();
    zip.add(Member { flags: 1, ..Member::stored("password", b"????????????secret") });
    zip.add(Member::new("aes", b"secret", 99, b"????????????".to_vec()));
    zip.add(Member::new("ppmd", b"x", 98, b"?".to_vec()));
    zip.add(Member { packed: b"\x07no deflate".to_vec(), ..Member::deflated("broken", b"content") });
    zip.add(Member { crc: 7, ..Member::deflated("checksum", b"content") });
    zip.add(Member { size: 8, ..Member::deflated("short", b"content") });
    zip.add(Member { attributes: 0o120_777 << 16, ..Member::stored("link", b"/etc/shadow") });
    zip.add(Member::stored("__MACOSX/._good", b"fork"));
    zip.add(Member::stored("dir/.DS_Store", b"store"));
    zip.add(Member { attributes: 0o010_600 << 16, ..Member::deflated("from a pipe", b"content") });
    let (seen, result) = read(&zip.finish());
    let damaged = EntryProblem::Damaged;
    let mac = Some(EntryProblem::NotALog(EntryKind::MacMetadata));
    assert_eq!(
        told(&seen),
        [
            ("password", "", Some(EntryProblem::Encrypted)),
            ("aes", "", Some(EntryProblem::Encrypted)),
            ("ppmd", "", Some(EntryProblem::UnsupportedMethod(98))),
            ("broken", "", Some(damaged("its deflate data is wrong"))),
            ("checksum", "content", Some(EntryProblem::ChecksumMismatch)),
            ("short", "content", Some(damaged("it is shorter than the archive says"))),
            ("link", "", Some(EntryProblem::NotALog(EntryKind::Symlink))),
            ("__MACOSX/._good", "", mac),
            ("dir/.DS_Store", "", mac),
            ("from a pipe", "content", None),
        ]
    );
    assert_eq!(result, Ok(()));
}

#[test]
fn an_entry_ends_where_the_archive_says_it_does() {
    let mut zip = ZipMaker::default();
    zip.add(Member { size: 3, ..Member::deflated("long", b"content") });
    let (seen, _) = read(&zip.finish());
    assert_eq!(seen[0].problem, Some(EntryProblem::Damaged("it is longer than the archive says")));
}

#[test]
fn names_are_decoded_and_made_harmless() {
    let mut crc = flate2::Crc::new();
    crc.update(b"Gr????e");
    let unicode: Vec<u8> = [&[1][..], &crc.sum().to_le_bytes(), "Grüße".as_bytes()].concat();
    let extra = [&[0x75, 0x70][..], &(unicode.len() as u16).to_le_bytes(), &unicode].concat();
    let mut zip = ZipMaker::default();
    zip.add(Member { name: b"M\x81ller\\log".to_vec(), ..Member::stored("", b"1") });
    zip.add(Member { name: "Müller".into(), flags: 1 << 11, ..Member::stored("", b"2") });
    zip.add(Member { name: b"Gr????e".to_vec(), extra, ..Member::stored("", b"3") });
    zip.add(Member::stored("/../etc/./passwd", b"4"));
    zip.add(Member::stored("C:\\..\\x\0\u{202e}y", b"5"));
    zip.add(Member::stored("..", b"6"));
    zip.add(Member::stored(&"é".repeat(600), b"7"));
    let (seen, _) = read(&zip.finish());
    let names: Vec<_> = seen.iter().map(|seen| (seen.path.as_str(), seen.renamed_from.as_deref())).collect();
    let long = "é".repeat(512);
    let cut = format!("{long}…");
    assert_eq!(
        names,
        [
            ("Müller/log", None),
            ("Müller", None),
            ("Grüße", None),
            ("etc/passwd", Some("/../etc/./passwd")),
            ("x\u{fffd}\u{fffd}y", Some("C:\\..\\x\\u{0}\\u{202e}y")),
            ("(without a name)", Some("..")),
            (long.as_str(), Some(cut.as_str())),
        ]
    );
    assert!(seen.iter().all(|seen| seen.problem.is_none() && seen.content.len() == 1));
}

#[test]
fn the_time_of_change_is_that_of_the_finest_field() {
    let mut zip = ZipMaker::default();
    let unix = [0x55, 0x54, 5, 0, 1, 0, 0xf1, 0x53, 0x65];
    let filetime = (1_700_000_000u64 + 11_644_473_600) * 10_000_000 + 1_234_560;
    let mut ntfs = vec![0x0a, 0, 32, 0, 0, 0, 0, 0, 1, 0, 24, 0];
    ntfs.extend(filetime.to_le_bytes());
    ntfs.extend([0; 16]);
    zip.add(Member::stored("dos", b""));
    zip.add(Member { extra: unix.to_vec(), ..Member::stored("unix", b"") });
    zip.add(Member { extra: [&ntfs[..], &unix].concat(), ..Member::stored("ntfs", b"") });
    let (seen, _) = read(&zip.finish());
    let times: Vec<_> = seen.iter().map(|seen| seen.modified.unwrap()).collect();
    assert_eq!(times, [1_706_933_106_000_000, 1_700_000_000_000_000, 1_700_000_000_123_456]);
}

fn with_descriptors() -> ZipMaker {
    let mut zip = ZipMaker::default();
    zip.add(Member { flags: 8, ..Member::deflated("first", &log(100)) });
    zip.add(Member { flags: 8, ..Member::stored("second", b"PK\x07\x08 is in it") });
    zip.add(Member::deflated("third", b"content"));
    zip
}

#[test]
fn without_its_directory_a_zip_is_read_by_its_local_headers() {
    let whole = read(&with_descriptors().finish());
    assert_eq!((whole.0.len(), whole.1), (3, Ok(())));
    let (seen, result) = read(&with_descriptors().bytes);
    assert_eq!(seen, whole.0);
    assert_eq!(result.unwrap_err().code(), DAMAGED);
}

#[test]
fn behind_a_broken_header_of_the_directory_the_other_entries_are_found_once() {
    let zip = with_descriptors();
    let second_at = zip.bytes.len() + 46 + 5;
    let mut bytes = zip.finish();
    let whole = read(&bytes);
    bytes[second_at] = b'?';
    let (seen, result) = read(&bytes);
    assert_eq!(seen, whole.0);
    assert_eq!(result.unwrap_err().code(), DAMAGED);
}

#[test]
fn a_local_header_that_is_missing_costs_its_entry_only() {
    let mut bytes = zip_of(&[("a", b"1"), ("b", b"2")]);
    let second_at = memchr::memmem::rfind(&bytes, b"PK\x03\x04").unwrap();
    bytes[second_at] = b'?';
    let (seen, result) = read(&bytes);
    assert_eq!(told(&seen[..1]), [("a", "1", None)]);
    assert_eq!(seen[1].problem.unwrap().code(), DAMAGED);
    assert_eq!(result, Ok(()));
}

#[test]
fn zip64_is_read() {
    let mut zip = ZipMaker::default();
    zip.add(Member::stored("a", b"content"));
    // Sizes and place move to the extra field, the directory's place to the record of zip64.
    for at in [20, 24, 42] {
        zip.directory[at..at + 4].fill(0xff);
    }
    zip.directory[30] = 28;
    zip.directory.extend([1, 0, 24, 0]);
    for number in [7u64, 7, 0] {
        zip.directory.extend(number.to_le_bytes());
    }
    let (start, size) = (zip.bytes.len() as u64, zip.directory.len() as u64);
    let mut bytes = [zip.bytes, zip.directory].concat();
    bytes.extend(b"PK\x06\x06");
    bytes.extend(44u64.to_le_bytes());
    bytes.extend([45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for number in [1, 1, size, start] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(b"PK\x06\x07\0\0\0\0");
    bytes.extend((start + size).to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([0xff; 12]);
    bytes.extend([0; 2]);
    let (seen, result) = read(&bytes);
    assert_eq!((told(&seen), result), (vec![("a", "content", None)], Ok(())));
}

#[test]
fn an_empty_zip_has_no_entries_and_a_comment_may_stand_at_its_end() {
    assert_eq!(read(&ZipMaker::default().finish()), (vec![], Ok(())));
    let mut bytes = zip_of(&[("a", b"1")]);
    let length_at = bytes.len() - 2;
    bytes[length_at] = 9;
    bytes.extend(b"PK\x05\x06 says");
    assert_eq!(told(&read(&bytes).0), [("a", "1", None)]);
}
