use super::*;

const TOO_DEEP: EntryProblem = EntryProblem::NestedTooDeep { limit: 1 };

#[test]
fn one_archive_within_another_is_read() {
    let zip = zip_of(&[("d/a.log", b"in zip")]);
    let tar = tar_of(&[("b.log", b"in tar")]);
    let members: [(&str, &[u8]); 5] =
        [("i.zip", &zip), ("i.tar", &tar), ("i.tgz", &gzip(&tar)), ("c.log.xz", &xz(b"packed")), ("d.log", b"plain")];
    let expected = [
        ("i.zip/d/a.log", "in zip", None),
        ("i.tar/b.log", "in tar", None),
        ("i.tgz/b.log", "in tar", None),
        ("c.log.xz", "packed", None),
        ("d.log", "plain", None),
    ];
    let tar = tar_of(&members);
    for bytes in [zip_of(&members), gzip(&tar), tar] {
        let (seen, result) = read(&bytes);
        assert_eq!((told(&seen), result), (expected.to_vec(), Ok(())));
        assert!(seen.iter().map(|seen| seen.number).eq(1..=5));
    }
}

#[test]
fn what_is_nested_deeper_is_told() {
    let deep = zip_of(&[("a.gz", &gzip(b"1")), ("b", b"2"), ("c.zip", &zip_of(&[("d", b"3")]))]);
    let (seen, result) = read(&zip_of(&[("i.zip", &deep), ("e", b"4")]));
    let expected = [
        ("i.zip/a.gz", "", Some(TOO_DEEP)),
        ("i.zip/b", "2", None),
        ("i.zip/c.zip", "", Some(TOO_DEEP)),
        ("e", "4", None),
    ];
    assert_eq!((told(&seen), result), (expected.to_vec(), Ok(())));

    assert_eq!(told(&read(&gzip(&gzip(b"1"))).0), [("upload", "1", None)]);
    assert_eq!(told(&read(&gzip(&gzip(&gzip(b"1")))).0), [("upload", "", Some(TOO_DEEP))]);
    assert_eq!(told(&read(&gzip(&zip_of(&[("a", b"1")]))).0), [("a", "1", None)]);
    let packed_zip = gzip(&zip_of(&[("t.tgz", &gzip(&tar_of(&[("a", b"1")]))), ("b.gz", &gzip(b"2"))]));
    let (seen, result) = read(&packed_zip);
    assert_eq!((told(&seen), result), (vec![("t.tgz/a", "1", None), ("b.gz", "2", None)], Ok(())));
    assert_eq!(told(&read(&tar_of(&[("i.zip.gz", &gzip(&zip_of(&[("a", b"1")])))])).0), [("i.zip.gz/a", "1", None)]);
    let limits = Limits { nesting_max: 0, ..Limits::default() };
    let (seen, _) = read_within(&gzip(&tar_of(&[("a", b"1"), ("b.gz", &gzip(b"2"))])), &limits);
    assert_eq!(told(&seen), [("a", "1", None), ("b.gz", "", Some(EntryProblem::NestedTooDeep { limit: 0 }))]);
}

#[test]
fn a_damaged_archive_within_another_harms_only_itself() {
    let zip = zip_of(&[("a", b"1"), ("b", b"2")]);
    let tar = tar_of(&[("a", b"1"), ("b", b"2")]);
    let bytes = tar_of(&[("cut.zip", &zip[..zip.len() - 30]), ("cut.tar", &tar[..600]), ("good", b"3")]);
    let (seen, result) = read(&bytes);
    let paths: Vec<_> =
        seen.iter().map(|seen| (seen.path.as_str(), seen.problem.map(|problem| problem.code()))).collect();
    assert_eq!(
        paths,
        [
            ("cut.zip/a", None),
            ("cut.zip/b", None),
            ("cut.zip", Some("damaged")),
            ("cut.tar/a", None),
            ("cut.tar", Some("damaged")),
            ("good", None),
        ]
    );
    assert_eq!((seen[2].kind, result), (EntryKind::Archive, Ok(())));
}

#[test]
fn damage_around_a_nested_archive_is_told_of_it() {
    let inner = zip_of(&[("a", &log(3000)), ("b", b"2")]);
    let mut zip = ZipMaker::default();
    zip.add(Member { crc: 1, ..Member::deflated("i.zip", &inner) });
    zip.add(Member::stored("good", b"3"));
    let (seen, _) = read(&zip.finish());
    let paths: Vec<_> = seen.iter().map(|seen| (seen.path.as_str(), seen.problem)).collect();
    let mismatch = Some(EntryProblem::ChecksumMismatch);
    assert_eq!(paths, [("i.zip/a", None), ("i.zip/b", None), ("i.zip", mismatch), ("good", None)]);
}

#[test]
fn the_checksum_around_a_packed_file_is_checked_too() {
    let mut zip = ZipMaker::default();
    zip.add(Member { crc: 1, ..Member::stored("a.gz", &gzip(b"content")) });
    let (seen, _) = read(&zip.finish());
    assert_eq!(told(&seen), [("a.gz", "content", Some(EntryProblem::ChecksumMismatch))]);
}

#[test]
fn numbers_do_not_depend_on_what_is_read() {
    let zip = zip_of(&[("a", b"1"), ("b", b"2")]);
    let bytes = zip_of(&[("i.zip", &zip[..zip.len() - 9]), ("t.tgz", &gzip(&tar_of(&[("c", &log(9))]))), ("d", b"4")]);
    let (seen, _) = read(&bytes);
    for first in 0..seen.len() as u64 {
        let mut resumed = Vec::new();
        let result = walk_bytes(&bytes, &Limits::default(), &mut |entry| {
            if entry.number > first {
                resumed.push(Seen::of(entry));
            }
            ControlFlow::Continue(())
        });
        assert_eq!((resumed.as_slice(), result), (&seen[first as usize..], Ok(())));
    }
}
