use logseal_parsers::{FileOptions, FileParser, Zone};

use super::either::FileReader;
use super::evtx_writer::{CHUNK_BYTES, CHUNK_HEADER_BYTES, Chunk, FILE_HEADER_BYTES, file, log, seal, xml};
use super::*;

const CX: Context = Context { received_at: 1_790_000_000_000_000, zone: Zone::UTC };
/// Where the first chunk of a file begins.
const FIRST: usize = FILE_HEADER_BYTES;

/// What was read of a record.
#[derive(Clone, Debug, PartialEq)]
struct Read {
    line: u64,
    raw: String,
    /// All fields, for comparison.
    event: String,
    user: String,
    error: Option<String>,
}

fn read_by(bytes: &[u8], piece: usize) -> Vec<Read> {
    let (mut reader, mut buffer, mut found) = (FileReader::new(FileOptions::default()), Vec::new(), Vec::new());
    let mut pieces = bytes.chunks(piece);
    loop {
        let next = pieces.next();
        buffer.extend_from_slice(next.unwrap_or_default());
        let taken = reader.feed(&buffer, next.is_none(), &CX, &mut |record| {
            assert_eq!((record.last_line, record.part), (record.line, 0));
            found.push(Read {
                line: record.line,
                raw: String::from_utf8(record.raw.to_vec()).unwrap(),
                event: format!("{:?}", Fields::of(&record)),
                user: record.event.user_name.to_string(),
                error: record.event.parse_error.as_deref().map(str::to_owned),
            });
        });
        buffer.drain(..taken);
        assert!(buffer.len() < CHUNK_BYTES);
        if next.is_none() {
            assert!(buffer.is_empty());
            assert_eq!(reader.is_damaged(), found.iter().any(|record: &Read| record.raw.starts_with("chunk")));
            return found;
        }
    }
}

/// The fields of an event, without its message, which is the whole text.
#[derive(Debug)]
#[expect(dead_code, reason = "they are compared as they are shown")]
struct Fields {
    timestamp: Option<i64>,
    level: logseal_parsers::Level,
    texts: [String; 5],
    ip: Option<std::net::IpAddr>,
    format: &'static str,
    attributes: Vec<(String, String)>,
}

impl Fields {
    fn of(record: &FileRecord<'_>) -> Self {
        let event = &record.event;
        let texts = [&event.host, &event.app, &event.msg_id, &event.proc_id, &event.user_name];
        Self {
            timestamp: event.timestamp,
            level: event.level,
            texts: texts.map(ToString::to_string),
            ip: event.ip,
            format: event.format,
            attributes: event.attributes.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        }
    }
}

fn read(bytes: &[u8]) -> Vec<Read> {
    read_by(bytes, 256 << 10)
}

/// The users of all events that were read without doubt, and the errors of the others.
fn told(bytes: &[u8]) -> (Vec<String>, Vec<String>) {
    let records = read(bytes);
    assert!(records.iter().enumerate().all(|(at, record)| record.line == at as u64 + 1));
    let users = records.iter().filter(|record| record.error.is_none()).map(|record| record.user.clone()).collect();
    (users, records.iter().filter_map(|record| record.error.clone()).collect())
}

fn users(ids: std::ops::RangeInclusive<u64>) -> Vec<String> {
    ids.map(|id| format!("user{id}")).collect()
}

/// Three chunks of four events.
fn three_chunks() -> Vec<u8> {
    log(1..13, 4, |id| format!("user{id}"))
}

#[test]
fn an_event_is_the_record_that_its_xml_is() {
    let user = "bob & <co>";
    let mut chunk = Chunk::new();
    chunk.inline(17, user);
    chunk.templated(18, user);
    // This one refers to the template of the one before.
    chunk.templated(19, user);
    let records = read(&file(&[chunk.finish()]));
    assert_eq!(records.len(), 3);
    for (id, record) in (17..).zip(records) {
        let exported = xml(id, "bob &amp; &lt;co&gt;");
        let mut expected = String::new();
        FileParser::new(FileOptions::default()).feed(exported.as_bytes(), true, &CX, &mut |record| {
            expected = format!("{:?}", Fields::of(&record));
        });
        assert_eq!((record.event.as_str(), record.error), (expected.as_str(), None));
        assert_eq!(record.user, user);
        assert!(record.raw.starts_with("<Event xmlns=") && record.raw.ends_with("</Event>"), "{}", record.raw);
    }
}

#[test]
fn the_records_do_not_depend_on_how_the_bytes_come() {
    let bytes = three_chunks();
    let whole = read(&bytes);
    assert_eq!(whole.iter().map(|record| record.user.clone()).collect::<Vec<_>>(), users(1..=12));
    for piece in [1021, 4096, 65_536, 70_000] {
        assert_eq!(read_by(&bytes, piece), whole, "{piece}");
    }
    assert_eq!(read_by(&bytes[..FIRST + 3000], 1), read(&bytes[..FIRST + 3000]));
}

#[test]
fn a_chunk_that_is_none_costs_itself_alone() {
    let mut bytes = three_chunks();
    bytes[FIRST + CHUNK_BYTES] = b'X';
    let (found, errors) = told(&bytes);
    assert_eq!(found, [users(1..=4), users(9..=12)].concat());
    let [error] = &errors[..] else { panic!("{errors:?}") };
    assert!(error.starts_with("chunk 2 is damaged: "), "{error}");
    let record = read(&bytes).into_iter().find(|record| record.error.is_some()).unwrap();
    assert_eq!(record.raw, "chunk 2 of the event log, at byte 69632 of the file");
}

#[test]
fn ids_that_are_missing_in_a_chunk_and_between_chunks_are_told() {
    let missing = |ids: &[u64]| {
        let mut reader = FileReader::new(FileOptions::default());
        let mut records = 0;
        reader.feed(&log(ids.iter().copied(), 3, |id| id.to_string()), true, &CX, &mut |_| records += 1);
        assert_eq!((records, reader.is_damaged()), (ids.len(), false));
        reader.missing().map(|missing| missing.to_string()).unwrap_or_default()
    };
    assert_eq!(missing(&[4, 5, 6, 7, 8]), "");
    assert_eq!(missing(&[4, 6, 7, 9, 10]), "2 record ids are missing between others, first 5");
    assert_eq!(missing(&[4, 5, 6, 11]), "4 record ids are missing between others, first 7 to 10");
    assert_eq!(missing(&[8, 9, 10, 4, 5, 6, 7]), "", "a log that went on at its front");
}

#[test]
fn the_events_of_a_chunk_with_a_wrong_checksum_say_so() {
    for at in [CHUNK_BYTES + 52, CHUNK_BYTES + 124] {
        let mut bytes = three_chunks();
        bytes[FIRST + at] ^= 1;
        let (found, errors) = told(&bytes);
        assert_eq!((found, errors.len()), ([users(1..=4), users(9..=12)].concat(), 5));
        assert!(errors.iter().all(|error| error.starts_with("chunk 2 is damaged: the checksum of its ")), "{errors:?}");
        let read: Vec<String> = read(&bytes)[5..9].iter().map(|record| record.user.clone()).collect();
        assert_eq!(read, users(5..=8));
    }
}

/// Says in the header of the second of [`three_chunks`], with checksums that are right, that `last` is its last record, and that
/// nothing is used behind the record `free_behind`.
fn forge(bytes: &mut [u8], last: u64, free_behind: usize) {
    let chunk = &mut bytes[FIRST + CHUNK_BYTES..FIRST + 2 * CHUNK_BYTES];
    let mut places: Vec<usize> = memchr::memmem::find_iter(chunk, b"**\0\0").collect();
    places.push(u32::from_le_bytes(chunk[48..52].try_into().unwrap()) as usize);
    chunk[32..40].copy_from_slice(&last.to_le_bytes());
    chunk[48..52].copy_from_slice(&(places[free_behind] as u32).to_le_bytes());
    seal(chunk);
}

#[test]
fn records_that_the_header_of_their_chunk_does_not_count_are_read_in_order_and_say_so() {
    // A header that is older than its records, and such as are made to hide them.
    for (last, free_behind) in [(6, 2), (6, 4), (8, 2), (u64::MAX, 2)] {
        let mut bytes = three_chunks();
        forge(&mut bytes, last, free_behind);
        let records = read(&bytes);
        let read: Vec<_> = records.iter().map(|record| (record.user.as_str(), record.error.as_deref())).collect();
        assert_eq!(read[4], ("", Some("chunk 2 is damaged: its header does not count the records 7 to 8")));
        assert_eq!(read[5..7], [("user5", None), ("user6", None)], "{last}, {free_behind}");
        let error = Some("chunk 2 is damaged: its header does not count this record");
        assert_eq!(read[7..9], [("user7", error), ("user8", error)], "{last}, {free_behind}");
        assert_eq!(told(&bytes).0, [users(1..=6), users(9..=12)].concat());
        let place = records[4].raw.strip_prefix("chunk 2 of the event log, at byte ").unwrap();
        let place: usize = place.strip_suffix(" of the file").unwrap().parse().unwrap();
        assert_eq!(bytes[place..place + 4], *b"**\0\0");
        assert_eq!(bytes[place + 8..place + 16], 7_u64.to_le_bytes());
    }
}

#[test]
fn all_records_of_a_chunk_whose_header_counts_none_are_read() {
    let mut bytes = three_chunks();
    forge(&mut bytes, u64::MAX, 0);
    let (found, errors) = told(&bytes);
    assert_eq!(found, [users(1..=4), users(9..=12)].concat());
    assert_eq!(
        (errors.len(), errors[0].as_str()),
        (5, "chunk 2 is damaged: its header does not count the records 5 to 8")
    );
}

#[test]
fn records_of_an_earlier_round_in_the_free_part_are_neither_read_nor_damage() {
    let mut chunk = Chunk::new();
    (1..=4).for_each(|id| chunk.inline(if id == 4 { 1 } else { id + 10 }, "user"));
    let mut bytes = file(&[three_chunks()[FIRST..FIRST + CHUNK_BYTES].to_vec(), chunk.finish()]);
    forge(&mut bytes, 13, 3);
    assert_eq!(told(&bytes), ([users(1..=4), vec!["user".to_owned(); 3]].concat(), vec![]));
}

#[test]
fn a_damaged_record_costs_itself_alone_and_is_told_by_its_number() {
    let mut chunk = Chunk::new();
    for id in 1..=5 {
        if id == 3 {
            chunk.record(id, |xml| xml.raw(&[0x0f, 1, 1, 0, 0xee, 0xee]));
        } else {
            chunk.inline(id, &format!("user{id}"));
        }
    }
    let bytes = file(&[chunk.finish()]);
    let (found, errors) = told(&bytes);
    assert_eq!(found, [users(1..=2), users(4..=5)].concat());
    let [error] = &errors[..] else { panic!("{errors:?}") };
    assert!(error.starts_with("chunk 1, record 3 is damaged: "), "{error}");
    let record = &read(&bytes)[2];
    let place = record.raw.strip_prefix("chunk 1, record 3 of the event log, at byte ").unwrap();
    let place: usize = place.strip_suffix(" of the file").unwrap().parse().unwrap();
    assert_eq!(bytes[place..place + 16], [&b"**\0\0"[..], &34_u32.to_le_bytes(), &3_u64.to_le_bytes()].concat());
}

#[test]
fn a_record_header_that_is_destroyed_costs_the_record() {
    let mut bytes = three_chunks();
    let second = memchr::memmem::find_iter(&bytes, b"**\0\0").nth(1).unwrap();
    bytes[second..second + 4].fill(0xff);
    seal(&mut bytes[FIRST..FIRST + CHUNK_BYTES]);
    let (found, errors) = told(&bytes);
    assert_eq!(found, [users(1..=1), users(3..=12)].concat());
    assert_eq!(errors.len(), 1, "{errors:?}");
}

#[test]
fn a_file_that_ends_within_a_chunk_gives_what_is_whole() {
    let bytes = three_chunks();
    let last = memchr::memmem::find_iter(&bytes, b"**\0\0").nth(10).unwrap();
    let (found, errors) = told(&bytes[..last + 40]);
    assert_eq!(found, users(1..=8));
    assert!(errors.iter().all(|error| error.starts_with("chunk 3")), "{errors:?}");
    assert_eq!(errors[0], "chunk 3 is damaged: the file ends within it");
    let read: Vec<String> = read(&bytes[..last + 40]).into_iter().map(|record| record.user).collect();
    assert_eq!(read[9..11], users(9..=10));
    let (found, errors) = told(&bytes[..FIRST + CHUNK_BYTES + 100]);
    assert_eq!((found, errors.len()), (users(1..=4), 1));
}

#[test]
fn room_that_was_never_used_is_no_damage() {
    let mut chunk = Chunk::new();
    chunk.inline(1, "user1");
    let bytes = file(&[vec![0; CHUNK_BYTES], chunk.finish(), vec![0; CHUNK_BYTES], vec![0; 1000]]);
    assert_eq!(told(&bytes), (users(1..=1), vec![]));
    assert_eq!(told(&bytes[..FIRST]), (vec![], vec![]));
    assert_eq!(told(&bytes[..100]), (vec![], vec![]));
}

#[test]
fn what_only_begins_like_one_is_text() {
    for text in ["Elf", "ElfFile", "ElfFile is how it begins\n"] {
        let records = read_by(text.as_bytes(), 1);
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].raw, text.trim_end());
    }
}

#[test]
fn an_event_that_grows_too_large_is_cut_and_a_chunk_that_does_is_left() {
    let mut chunk = Chunk::new();
    chunk.inline(1, "user1");
    chunk.repeated(2, &"ä".repeat(3000), 100);
    chunk.inline(3, "user3");
    let records = read(&file(&[chunk.finish()]));
    let errors: Vec<_> = records.iter().map(|record| record.error.as_deref()).collect();
    assert_eq!(errors, [None, Some("too long: only its beginning is kept"), None]);
    assert!(records[1].raw.len() > (256 << 10) - 4 && records[1].raw.len() <= 256 << 10);

    let mut chunk = Chunk::new();
    (1..=8).for_each(|id| chunk.repeated(id, &"x".repeat(3000), 300));
    let (found, errors) = told(&file(&[chunk.finish(), three_chunks()[FIRST..].to_vec()]));
    assert_eq!(found, users(1..=12));
    assert!(errors.last().unwrap().ends_with("its events come to more than 4 MiB as text"), "{errors:?}");
    assert_eq!(errors.len(), 5);
}

/// What the fuzz target `event_log` begins with: a byte that says whether room follows, and the used part of a chunk.
fn seeds() -> [(&'static str, Vec<u8>); 4] {
    let used = |mut bytes: Vec<u8>, how: u8| {
        let end = memchr::memmem::rfind(&bytes, b"**\0\0").unwrap();
        let size = u32::from_le_bytes(bytes[end + 4..end + 8].try_into().unwrap()) as usize;
        bytes.truncate(end + size);
        [&[how][..], &bytes].concat()
    };
    let chunk = |write: &dyn Fn(&mut Chunk)| {
        let mut chunk = Chunk::new();
        write(&mut chunk);
        chunk.finish()
    };
    let templated = chunk(&|chunk| (1..=2).for_each(|id| chunk.templated(id, "bob")));
    let mut stale = three_chunks();
    forge(&mut stale, 6, 2);
    [
        ("inline", used(chunk(&|chunk| chunk.inline(1, "bob")), 1)),
        ("templated", used(templated.clone(), 1)),
        ("cut", used(templated, 0)),
        ("stale", used(stale[FIRST + CHUNK_BYTES..FIRST + 2 * CHUNK_BYTES].to_vec(), 1)),
    ]
}

#[test]
fn the_fuzz_target_begins_with_what_is_written_here() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/event_log");
    for (name, bytes) in seeds() {
        let path = folder.join(name);
        if !path.exists() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &bytes).unwrap();
        }
        assert!(std::fs::read(&path).unwrap() == bytes, "{} is another: remove it to have it written", path.display());
        assert!(bytes.len() < 8192, "{} bytes are more than the fuzzer's inputs have", bytes.len());
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { cases: 200, ..Default::default() })]

    /// Checksums are mended, so that what is behind them is met too.
    #[test]
    fn damage_anywhere_is_told_and_costs_no_other_chunk(
        changes in proptest::collection::vec((0_usize..CHUNK_HEADER_BYTES + 4000, proptest::prelude::any::<u8>()), 1..20),
        length in 0..CHUNK_BYTES,
        is_sealed: bool,
    ) {
        let mut bytes = three_chunks();
        let second = &mut bytes[FIRST + CHUNK_BYTES..FIRST + 2 * CHUNK_BYTES];
        for (at, byte) in changes {
            second[at] = byte;
        }
        let free_at = u32::from_le_bytes(second[48..52].try_into().unwrap()) as usize;
        if is_sealed && (CHUNK_HEADER_BYTES..=CHUNK_BYTES).contains(&free_at) {
            seal(second);
        }
        let (found, _) = told(&bytes);
        proptest::prop_assert!(found.starts_with(&users(1..=4)) && found.ends_with(&users(9..=12)));
        // The same as the last chunk of a file that is cut.
        let cut = &bytes[..FIRST + CHUNK_BYTES + length];
        proptest::prop_assert!(told(cut).0.starts_with(&users(1..=4)));
        proptest::prop_assert_eq!(read_by(cut, 7000), read(cut));
    }
}
