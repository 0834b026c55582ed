use super::*;
use crate::archive::file_type::{FileType, file_type};

const MEMBERS: [(&str, &[u8]); 3] = [("dir/a.log", b"1"), ("b.log", &[b'2'; 512]), ("c.log", b"3")];

#[test]
fn a_tar_is_read_however_it_is_packed() {
    let tar = tar_of(&MEMBERS);
    for bytes in [tar.clone(), gzip(&tar), zstd(&tar), bzip2(&tar), xz(&tar)] {
        assert_eq!(file_type(&file(&bytes)).unwrap(), FileType::Tar);
        let (seen, result) = read(&bytes);
        let contents: Vec<_> = seen.iter().map(|seen| (seen.path.as_str(), seen.content.as_slice())).collect();
        assert_eq!(contents, MEMBERS);
        assert!(seen.iter().all(|seen| seen.problem.is_none() && seen.modified == Some(1_700_000_000_000_000)));
        assert_eq!(result, Ok(()));
    }
}

#[test]
fn entries_that_are_not_read_are_skipped() {
    let mut paths = Vec::new();
    let result = walk_bytes(&gzip(&tar_of(&MEMBERS)), &Limits::default(), &mut |entry| {
        paths.push((entry.number, entry.path.to_owned()));
        ControlFlow::Continue(())
    });
    assert_eq!(paths, [(1, "dir/a.log".into()), (2, "b.log".into()), (3, "c.log".into())]);
    assert_eq!(result, Ok(()));
}

#[test]
fn long_names_of_gnu_and_of_pax_are_read() {
    let long = format!("{}/x.log", "d".repeat(200));
    let (seen, _) = read(&tar_of(&[(&long, b"gnu"), ("short", b"2")]));
    assert_eq!(told(&seen), [(long.as_str(), "gnu", None), ("short", "2", None)]);

    let mut builder = tar::Builder::new(Vec::new());
    let long = format!("{}/ü.log", "p".repeat(200));
    builder.append_pax_extensions([("path", long.as_bytes()), ("mtime", &b"1700000000.25"[..])]).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_size(1);
    builder.append_data(&mut header, "stand-in", &b"1"[..]).unwrap();
    let (seen, _) = read(&builder.into_inner().unwrap());
    assert_eq!(told(&seen), [(long.as_str(), "1", None)]);
    assert_eq!(seen[0].modified, Some(1_700_000_000_250_000));
}

fn tar_with(entries: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(content.len() as u64);
        header.set_entry_type(tar::EntryType::new(*kind));
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap()
}

#[test]
fn what_is_no_file_is_told_and_not_read() {
    let tar = tar_with(&[
        ("d/", b'5', b""),
        ("l", b'2', b""),
        ("h", b'1', b""),
        ("dev", b'3', b""),
        ("fifo", b'6', b""),
        ("old/", 0, b""),
        ("sparse", b'S', b"data"),
        ("../f", b'0', b"content"),
    ]);
    let (seen, result) = read(&tar);
    let kinds: Vec<_> = seen.iter().map(|seen| (seen.path.as_str(), seen.kind)).collect();
    assert_eq!(
        kinds,
        [
            ("d", EntryKind::Directory),
            ("l", EntryKind::Symlink),
            ("h", EntryKind::HardLink),
            ("dev", EntryKind::Special),
            ("fifo", EntryKind::Special),
            ("old", EntryKind::Directory),
            ("sparse", EntryKind::File),
            ("f", EntryKind::File),
        ]
    );
    assert!(matches!(seen[6].problem, Some(EntryProblem::UnsupportedFormat(_))));
    assert_eq!((seen[7].content.as_slice(), seen[7].renamed_from.is_some(), result), (&b"content"[..], true, Ok(())));
}

#[test]
fn a_cut_tar_gives_what_is_whole_and_the_beginning_of_the_rest() {
    let tar = tar_of(&MEMBERS);
    let (seen, result) = read(&tar[..512 + 512 + 512 + 100]);
    assert_eq!(seen.len(), 2);
    assert_eq!((seen[1].content.len(), seen[1].problem), (100, Some(EntryProblem::Damaged("it is cut"))));
    assert_eq!(result, Err(EntryProblem::Damaged("it ends within an entry")));

    let (seen, result) = read(&tar[..512 + 512 + 300]);
    assert_eq!((seen.len(), result), (1, Err(EntryProblem::Damaged("it ends within a header"))));
    let (seen, result) = read(&tar[..1024]);
    assert_eq!((seen.len(), result.unwrap_err().code()), (1, "damaged"));
}

#[test]
fn behind_a_damaged_header_the_next_whole_one_is_found() {
    let mut tar = tar_of(&MEMBERS);
    tar[1024 + 3] ^= 1;
    let (seen, result) = read(&tar);
    assert_eq!(told(&seen), [("dir/a.log", "1", None), ("c.log", "3", None)]);
    assert_eq!(result.unwrap_err().code(), "damaged");
}

#[test]
fn tars_behind_one_another_are_read_as_one_and_other_bytes_are_told() {
    let two = [tar_of(&[("a", b"1")]), tar_of(&[("a", b"2")])].concat();
    assert_eq!((told(&read(&two).0), read(&two).1), (vec![("a", "1", None), ("a#2", "2", None)], Ok(())));
    let (seen, result) = read(&[two, vec![b'x'; 700]].concat());
    assert_eq!((seen.len(), result), (2, Err(EntryProblem::TrailingBytes)));
}

#[test]
fn damage_of_the_packing_is_told_of_the_entry_and_of_the_upload() {
    let log = log(50_000);
    let bytes = gzip(&tar_of(&[("a", b"1"), ("b", &log), ("c", b"3")]));
    let (seen, result) = read(&bytes[..bytes.len() / 2]);
    let cut = EntryProblem::Damaged("it is cut");
    assert_eq!((seen.len(), seen[0].problem, seen[1].problem, result), (2, None, Some(cut), Err(cut)));
    assert!(log.starts_with(&seen[1].content) && seen[1].content.len() > log.len() / 3);
}

#[test]
fn an_extended_header_of_any_size_takes_bounded_memory() {
    let huge = vec![b'n'; 3 << 20];
    let tar = tar_with(&[("././@LongLink", b'L', &huge), ("a", b'0', b"content")]);
    let (seen, result) = read(&tar);
    let renamed_from = seen[0].renamed_from.as_ref().unwrap();
    assert_eq!((seen[0].path.len(), renamed_from.len(), seen[0].content.as_slice()), (1024, 1027, &b"content"[..]));
    assert_eq!(result, Ok(()));
}
