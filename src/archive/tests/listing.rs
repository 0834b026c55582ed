use super::*;
use crate::archive::entry::Listing;
use crate::archive::file_type::FileType;
use crate::archive::list::list;
use crate::archive::source::ReadAt;

fn listed(bytes: &[u8]) -> Listing {
    list(&file(bytes), "upload", &Limits::default()).unwrap()
}

#[test]
fn a_zip_is_listed_with_sizes_and_problems_and_its_nested_archives_as_one() {
    let log = log(1000);
    let inner = zip_of(&[("x", b"1")]);
    let mut zip = ZipMaker::default();
    zip.add(Member::deflated("a", &log));
    zip.add(Member { flags: 1, ..Member::stored("a", b"secret") });
    zip.add(Member::stored("i.zip", &inner));
    zip.add(Member::stored(".DS_Store", b""));
    let listing = listed(&zip.finish());
    let names: Vec<_> = listing.entries.iter().map(|entry| (entry.number, entry.path.as_str())).collect();
    assert_eq!(names, [(1, "a"), (2, "a#2"), (3, "i.zip"), (4, ".DS_Store")]);
    assert_eq!(listing.entries[0].size, Some(log.len() as u64));
    assert!(listing.entries[0].ratio().unwrap() > 2.0 && listing.ratio().unwrap() > 2.0);
    assert!(listing.entries[1].is_encrypted());
    assert_eq!(listing.entries[3].problem, Some(EntryProblem::NotALog(EntryKind::MacMetadata)));
    assert_eq!((listing.file_type, listing.problem), (FileType::Zip, None));
    assert_eq!(listing.size(), Some(log.len() as u64 + 6 + inner.len() as u64));
}

/// Bytes that count how many of them are read.
struct Counting(Vec<u8>, std::cell::Cell<usize>);

impl ReadAt for Counting {
    fn bytes(&self) -> std::io::Result<u64> {
        Ok(self.0.len() as u64)
    }

    fn read_at(&self, out: &mut [u8], at: u64) -> std::io::Result<usize> {
        let count = std::io::Read::read(&mut &self.0[at as usize..], out)?;
        self.1.set(self.1.get() + count);
        Ok(count)
    }
}

#[test]
fn of_a_zip_little_is_read_to_list_it() {
    let large = vec![b'x'; 3 << 20];
    let mut zip = ZipMaker::default();
    ["a", "b", "c"].into_iter().for_each(|name| zip.add(Member::stored(name, &large)));
    let zip = Counting(zip.finish(), std::cell::Cell::new(0));
    let listing = list(&zip, "upload", &Limits::default()).unwrap();
    assert_eq!((listing.entries.len(), listing.problem), (3, None));
    assert!(zip.1.get() < 256 << 10, "{} bytes of {}", zip.1.get(), zip.0.len());
}

#[test]
fn a_tar_is_listed_up_to_its_damage() {
    let tar = tar_of(&[("a", b"1"), ("b", b"22")]);
    let listing = listed(&gzip(&tar));
    let sizes: Vec<_> = listing.entries.iter().map(|entry| (entry.path.as_str(), entry.size)).collect();
    assert_eq!(sizes, [("a", Some(1)), ("b", Some(2))]);
    assert_eq!((listing.file_type, listing.problem, listing.size()), (FileType::Tar, None, Some(3)));
    let cut = gzip(&log(9000));
    assert_eq!(listed(&cut).entries.len(), 1);
    let listing = listed(&tar[..1100]);
    assert_eq!((listing.entries.len(), listing.problem.unwrap().code()), (1, "damaged"));
}

#[test]
fn a_file_that_is_no_archive_is_one_entry() {
    let listing = listed(b"plain");
    assert_eq!((listing.entries[0].path.as_str(), listing.size(), listing.ratio()), ("upload", Some(5), Some(1.0)));
    let packed = gzip(b"content");
    let listing = listed(&packed);
    assert_eq!((listing.file_type, listing.size()), (FileType::Gzip, None));
    assert_eq!(listing.entries[0].compressed_size, Some(packed.len() as u64));
    assert!(listed(b"Rar!\x1a\x07\x01\0").entries[0].problem.is_some());
}

#[test]
fn a_listing_has_no_more_entries_than_are_allowed() {
    let limits = Limits { entries_max: 1, ..Limits::default() };
    for bytes in [zip_of(&[("a", b"1"), ("b", b"2")]), tar_of(&[("a", b"1"), ("b", b"2")])] {
        let listing = list(&file(&bytes), "upload", &limits).unwrap();
        assert_eq!((listing.entries.len(), listing.problem.unwrap().code()), (1, "too_many_entries"));
    }
}
