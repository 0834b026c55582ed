//! Where a zip begins, and where its entries end: what is said of it, and what is so.

use super::*;
use crate::archive::file_type::{FileType, file_type};
use crate::archive::list::list;

#[test]
fn entries_that_share_their_bytes_are_read_once() {
    // The second header is quoted by the first entry's data, as in Fifield's bombs.
    let mut inner = ZipMaker::default();
    inner.add(Member::deflated("kernel", &[0; 1000]));
    let quoted = inner.bytes.clone();
    let mut zip = ZipMaker::default();
    zip.add(Member::stored("outer", &quoted));
    let quoted_at = (zip.bytes.len() - quoted.len()) as u32;
    let mut entry = inner.directory.clone();
    entry[42..46].copy_from_slice(&quoted_at.to_le_bytes());
    zip.directory.extend(&entry);
    zip.directory.extend(&entry);
    zip.count += 2;
    let (seen, result) = read(&zip.finish());
    // The first ends where the second begins, and nothing of it is left.
    let codes: Vec<_> =
        seen.iter().map(|seen| (seen.path.as_str(), seen.problem.map(|problem| problem.code()))).collect();
    assert_eq!(codes, [("outer", Some("damaged")), ("kernel", None), ("kernel#2", Some("overlapping"))]);
    assert_eq!((seen[1].content.len(), result), (1000, Ok(())));
}

#[test]
fn an_entry_that_claims_bytes_of_the_next_one_has_the_problem_itself() {
    for (claimed, flags) in [(60, 0), (0xffff_fff0, 0), (0xffff_fff0, 8)] {
        for pack in [Member::deflated, Member::stored] {
            let mut zip = ZipMaker::default();
            zip.add(Member { flags, ..pack("liar", b"its content") });
            zip.add(Member { flags, ..pack("sound", b"content") });
            let mut bytes = zip.finish();
            for (name, is_first) in [("liar", true), ("sound", false)] {
                // Its size in the directory; the last one runs into the directory itself.
                let mut bytes = bytes.clone();
                let at = memchr::memmem::rfind(&bytes, name.as_bytes()).unwrap() - 46 + 20;
                let size = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
                bytes[at..at + 4].copy_from_slice(&size.saturating_add(claimed).to_le_bytes());
                let (seen, result) = read(&bytes);
                let codes: Vec<_> = told(&seen)
                    .into_iter()
                    .map(|(path, text, problem)| (path, text, problem.map(|p| p.code())))
                    .collect();
                let [liar, sound] = if is_first { [Some("damaged"), None] } else { [None, Some("damaged")] };
                assert_eq!((codes, result), (vec![("liar", "its content", liar), ("sound", "content", sound)], Ok(())));
            }
            // Where no header stands, no entry begins.
            let at = memchr::memmem::rfind(&bytes, b"sound").unwrap() - 4;
            bytes[at..at + 4].copy_from_slice(&36u32.to_le_bytes());
            assert_eq!(told(&read(&bytes).0)[0], ("liar", "its content", None));
        }
    }
}

#[test]
fn a_zip_that_unpacks_itself_is_one_and_a_text_before_an_end_record_is_not() {
    let zip = zip_of(&[("a", b"1"), ("b", b"2")]);
    let bytes = [b"MZ\x90\0\x03\0\0\0This program cannot be run in DOS mode.".to_vec(), zip.clone()].concat();
    assert_eq!(file_type(&file(&bytes)).unwrap(), FileType::Zip);
    assert_eq!((told(&read(&bytes).0), read(&bytes).1), (vec![("a", "1", None), ("b", "2", None)], Ok(())));
    assert_eq!(list(&file(&bytes), "upload", &Limits::default()).unwrap().entries.len(), 2);
    let text = [b"a text\n".repeat(100), zip].concat();
    assert_eq!(file_type(&file(&text)).unwrap(), FileType::Single);
    let wide: Vec<u8> = "a text\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(file_type(&file(&[wide, ZipMaker::default().finish()].concat())).unwrap(), FileType::Single);
}

#[test]
fn what_is_put_between_the_files_start_and_the_archive_moves_it() {
    let bytes = [b"PK\x05\x06 as if it were empty".to_vec(), zip_of(&[("a", b"1"), ("b", b"2")])].concat();
    assert_eq!((told(&read(&bytes).0), read(&bytes).1), (vec![("a", "1", None), ("b", "2", None)], Ok(())));
}
