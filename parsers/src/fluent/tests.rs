use super::*;
use crate::{Level, Zone};

const CX: Context = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };
const RECORD: &[u8] = b"\x83\xa3log\xa5hello\xa5level\xa4warn\xa4user\xa5alice";

fn events(bytes: &[u8]) -> Vec<(String, Option<i64>)> {
    let message = message(bytes).unwrap();
    let mut found = Vec::new();
    let mut scratch = Vec::new();
    let mut note = |entry: &Entry<'_>| {
        let event = parse(entry, &message.tag, &mut scratch, &CX);
        assert!(matches!(event.message, Cow::Borrowed(_)), "{event:?}");
        assert_eq!((event.level, &*event.user_name, event.format), (Level::Warn, "alice", FORMAT));
        found.push((String::from_utf8_lossy(&event.message).into_owned(), event.timestamp));
    };
    match message.entries {
        Entries::Bare(raw) => note(&bare_entry(raw)),
        Entries::Several(mut rest) => {
            while !rest.is_empty() {
                let (entry, behind) = next_entry(rest).unwrap();
                note(&entry);
                rest = behind;
            }
        }
        Entries::Compressed(_) => panic!("not compressed"),
    }
    found
}

#[test]
fn each_mode_gives_its_records_with_their_times() {
    let hello = |time: i64| ("hello".to_owned(), Some(time));
    let bare = [b"\x93\xa3app\xce\x65\x53\xf1\x00", RECORD].concat();
    assert_eq!(events(&bare), [hello(1_700_000_000_000_000)]);
    let entry = [b"\x92\xd7\x00\x65\x53\xf1\x00\x1d\xcd\x65\x00", RECORD].concat();
    let forward = [b"\x92\xa3app\x92", &entry[..], &entry].concat();
    assert_eq!(events(&forward), [hello(1_700_000_000_500_000), hello(1_700_000_000_500_000)]);
    let packed = [b"\x92\xa3app\xc4", &[2 * entry.len() as u8][..], &entry, &entry].concat();
    assert_eq!(events(&packed).len(), 2);
}

#[test]
fn a_chunk_is_found_among_the_options() {
    let options = b"\x83\xa4size\x01\xa5chunk\xa4abcd\xa1x\xc0";
    let bytes = [b"\x94\xa3app\x01", RECORD, options].concat();
    assert_eq!(message(&bytes).unwrap().chunk, Some(&b"abcd"[..]));
    assert_eq!(acknowledgement(b"abcd"), b"\x81\xa3ack\xa4abcd");
    let null = [b"\x94\xa3app\x01", RECORD, b"\xc0"].concat();
    assert_eq!(message(&null).unwrap().chunk, None);
}

#[test]
fn a_bad_entry_is_kept_whole_and_costs_no_neighbour() {
    let entries = [&b"\x05\x92\x01"[..], RECORD].concat();
    let (bad, rest) = next_entry(&entries).unwrap();
    let mut scratch = Vec::new();
    let event = parse(&bad, "app", &mut scratch, &CX);
    assert_eq!((&*event.message, event.parse_error.as_deref()), (&b"\x05"[..], Some("the record is no map")));
    assert_eq!(next_entry(rest).unwrap().0.time, Some(1_000_000));
}

#[test]
fn compressed_entries_are_known_by_their_beginning() {
    let bytes = b"\x92\xa3app\xc4\x04\x1f\x8b\x08\x00";
    assert_eq!(message(bytes).unwrap().entries, Entries::Compressed(b"\x1f\x8b\x08\x00"));
}

#[test]
fn zstd_is_known_as_well() {
    let bytes = b"\x92\xa3app\xc4\x05\x28\xb5\x2f\xfd\x00";
    assert_eq!(message(bytes).unwrap().entries, Entries::Compressed(b"\x28\xb5\x2f\xfd\x00"));
}

#[test]
fn metadata_beside_the_time_are_attributes_and_may_state_the_level() {
    let record = b"\x81\xa3log\xa5hello";
    let metadata = b"\x81\xa4otlp\x82\xafseverity_number\x11\xa3env\xa4prod";
    let entries = [b"\x92\x92\xd7\x00\x65\x53\xf1\x00\x1d\xcd\x65\x00", &metadata[..], record].concat();
    let (entry, rest) = next_entry(&entries).unwrap();
    let mut scratch = Vec::new();
    let event = parse(&entry, "app", &mut scratch, &CX);
    assert_eq!((&*event.message, event.timestamp), (&b"hello"[..], Some(1_700_000_000_500_000)));
    assert_eq!((event.level, event.attributes.get("metadata.otlp.env"), rest), (Level::Error, Some("prod"), &b""[..]));

    let option = b"\x82\xa8metadata\x81\xa6source\xa5suite\xa5chunk\xa2c1";
    let bytes = [b"\x94\xa3app\xce\x65\x53\xf1\x00", &record[..], option].concat();
    let message = message(&bytes).unwrap();
    let Entries::Bare(raw) = message.entries else { panic!("{message:?}") };
    let entry = bare_entry(raw).with_metadata(message.metadata);
    let event = parse(&entry, "app", &mut scratch, &CX);
    assert_eq!((message.chunk, event.attributes.get("metadata.source")), (Some(&b"c1"[..]), Some("suite")));
}

#[test]
fn a_time_may_be_in_other_units_or_a_text() {
    let record = b"\x81\xa3log\xa5hello";
    for (time, micros) in [
        (&b"\xcf\0\0\x01\x8b\xcf\xe5\x68\0"[..], Some(1_700_000_000_000_000)),
        (b"\xd3\0\0\x01\x8b\xcf\xe5\x68\0", Some(1_700_000_000_000_000)),
        (b"\xff", Some(-1_000_000)),
        (b"\xd7\0\xff\xff\xff\xff\0\0\0\0", None),
        (b"\xaa1700000000", Some(1_700_000_000_000_000)),
        (b"\xb42023-11-14T22:13:20Z", Some(1_700_000_000_000_000)),
        (b"\xc0", None),
        // Zero is what loggers write that know no time.
        (b"\0", None),
        (b"\xd7\0\0\0\0\0\0\0\0\x07", None),
        (b"\xcb\0\0\0\0\0\0\0\0", None),
    ] {
        let bytes = [b"\x93\xa3app", time, record].concat();
        let Entries::Bare(raw) = message(&bytes).unwrap().entries else { panic!("{time:?}") };
        let entry = bare_entry(raw);
        assert_eq!(entry.time, micros, "{time:?}");
        assert_eq!(&*parse(&entry, "app", &mut Vec::new(), &CX).message, b"hello");
    }
}

#[test]
fn a_record_without_a_message_has_its_json_as_message() {
    let mut scratch = Vec::new();
    let event = parse(&bare_entry(b"\x01\x81\xa1n\x07"), "app", &mut scratch, &CX);
    assert_eq!(&*event.message, br#"{"n":7}"#);
    assert_eq!((event.attributes.get("n"), event.attributes.get("tag")), (Some("7"), Some("app")));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>) {
        if let Ok(message) = message(&bytes) {
            let mut scratch = Vec::new();
            if let Entries::Bare(raw) | Entries::Several(raw) = message.entries {
                let _event = parse(&bare_entry(raw), &message.tag, &mut scratch, &CX);
                if let Ok((entry, _)) = next_entry(raw) {
                    let _event = parse(&entry, &message.tag, &mut Vec::new(), &CX);
                }
            }
        }
    }
}
