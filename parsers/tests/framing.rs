//! Streams of syslog frames as senders write them, whole and in any pieces.

use logseal_parsers::framing::{Framer, FramerConfig, Step};
use proptest::prelude::*;

/// A frame's bytes, and whether it was cut.
type Taken = (Vec<u8>, bool);

/// A connection: a framer with the buffer that its caller holds.
struct Connection {
    framer: Framer,
    buf: Vec<u8>,
    frames: Vec<Taken>,
}

impl Connection {
    fn new(max_frame: usize) -> Self {
        Self { framer: Framer::new(FramerConfig { max_frame }), buf: Vec::new(), frames: Vec::new() }
    }

    fn read(&mut self, bytes: &[u8]) {
        self.buf.extend_from_slice(bytes);
        self.take(|framer, buf| framer.next(buf));
    }

    fn pause(&mut self) {
        self.take(|framer, buf| framer.flush_idle(buf));
    }

    fn end(mut self) -> Vec<Taken> {
        self.take(|framer, buf| framer.finish(buf));
        assert!(self.buf.is_empty(), "bytes left at the end: {:?}", self.buf);
        self.frames
    }

    fn take(&mut self, mut step: impl for<'b> FnMut(&mut Framer, &'b [u8]) -> Step<'b>) {
        loop {
            let consumed = match step(&mut self.framer, &self.buf) {
                Step::Frame(frame) => {
                    assert!(!frame.bytes.is_empty() && frame.consumed > 0);
                    self.frames.push((frame.bytes.to_vec(), frame.truncated));
                    frame.consumed
                }
                Step::NeedMore { consumed } => {
                    self.buf.drain(..consumed);
                    return;
                }
            };
            self.buf.drain(..consumed);
        }
    }
}

fn frames_of(max_frame: usize, reads: &[&[u8]]) -> Vec<Taken> {
    let mut connection = Connection::new(max_frame);
    for bytes in reads {
        connection.read(bytes);
    }
    connection.end()
}

fn check(stream: &str, expected: &[&str]) {
    let expected: Vec<Taken> = expected.iter().map(|frame| (frame.as_bytes().to_vec(), false)).collect();
    assert_eq!(frames_of(1000, &[stream.as_bytes()]), expected, "{stream:?} at once");
    let bytes: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
    assert_eq!(frames_of(1000, &bytes), expected, "{stream:?} byte by byte");
}

#[test]
fn counted_octets_that_rsyslog_compressed_are_a_frame_as_they_are() {
    // Line feeds and NULs inside and at their end are theirs.
    let zipped = b"z\x78\xda\x03\n<13>x\n\0".as_slice();
    let stream = [b"12 ", zipped, b"<13>text\n12 ", zipped, b"12 ", zipped].concat();
    let expected = [zipped, b"<13>text", zipped, zipped].map(|frame| (frame.to_vec(), false));
    for piece in [1, 2, 5, stream.len()] {
        let reads: Vec<&[u8]> = stream.chunks(piece).collect();
        assert_eq!(frames_of(64, &reads), expected, "in pieces of {piece}");
    }
    assert_eq!(frames_of(64, &[b"14 ", zipped]), [(zipped.to_vec(), true)]);
    assert_eq!(frames_of(64, &[b"9 zebras graze\n"]), [(b"9 zebras graze".to_vec(), false)]);
}

#[test]
fn counts_and_delimiters_may_be_mixed() {
    check("", &[]);
    check("<13>a\n<13>b\r\n<13>c", &["<13>a", "<13>b", "<13>c"]);
    check("5 <13>a5 <13>b", &["<13>a", "<13>b"]);
    check("5 <13>a<13>b\n6 <13>c\n\n\n<13>d\n", &["<13>a", "<13>b", "<13>c", "<13>d"]);
    check("plain\nwords\n", &["plain", "words"]);
}

#[test]
fn a_counted_frame_keeps_its_line_feeds_and_loses_the_last() {
    check("9 <13>a\nb\nc5 <13>d", &["<13>a\nb\nc", "<13>d"]);
    check("6 <13>a\n7 <13>b\r\n", &["<13>a", "<13>b"]);
}

#[test]
fn numbers_before_text_are_counts_only_if_they_fit() {
    check("404 not found\n2026 was a year\n", &["404 not found", "2026 was a year"]);
    check("1 2026-11-20T18:00:00Z h a - - - x\n", &["1 2026-11-20T18:00:00Z h a - - - x"]);
    check("5 lines\n5 apple\n", &["5 lines", "5 apple"]);
    check("6 first\n7 second\n", &["first", "second"]);
    check("5 first6 second", &["first", "second"]);
    // Right behind a counted frame a count is one, whatever line ends it counts.
    check("4 cart8 a\nb\0c\n\n\n5 <13>x", &["cart", "a\nb\0c", "<13>x"]);
    check("4 cart9 a\nb", &["cart", "9 a", "b"]);
    check("5 cart\n\n8 a\nb\0c\n\n\n", &["cart", "8 a", "b", "c"]);
    check("12", &["12"]);
    check("12 ", &["12 "]);
    check("0 <13>a\n", &["0 <13>a"]);
}

#[test]
fn nul_delimits_for_senders_that_use_it() {
    check("<14>a\0<14>b\nc\0<14>d\0", &["<14>a", "<14>b\nc", "<14>d"]);
    check("<14>a\n\0<14>b\n\0", &["<14>a", "<14>b"]);
    check("<14>a\0<14>b\n<14>c\nd\n", &["<14>a", "<14>b", "<14>c", "d"]);
    check("<14>a\0<14>b\n<p>\0", &["<14>a", "<14>b\n<p>"]);
}

#[test]
fn blanks_before_a_priority_are_skipped_and_others_kept() {
    check("<13>a\n <13>b\n   indented\n", &["<13>a", "<13>b", "   indented"]);
}

#[test]
fn after_a_wrong_count_the_next_frame_is_found() {
    // Characters were counted instead of bytes: "<13>grün" is 8 characters, but 9 bytes.
    check("8 <13>grün5 <13>b", &["<13>grü", "n", "<13>b"]);
    check("8 <13>grün\n<13>b\n", &["<13>grü", "n", "<13>b"]);
    // The count includes a line end that was not sent.
    check("6 <13>a6 <13>b\n", &["<13>a6", "<13>b"]);
}

#[test]
fn an_absurd_count_is_text() {
    check("2000000010 <13>a\n5 <13>b", &["2000000010 <13>a", "<13>b"]);
    check("999999999 <13>a\n5 <13>b", &["999999999 <13>a", "<13>b"]);
}

#[test]
fn a_frame_beyond_the_limit_is_cut_and_its_rest_skipped() {
    for stream in ["<13>abcdefgh\n<13>b\n", "12 <13>abcdefgh5 <13>b", "12 <13>abcdefgh<13>b\n"] {
        for piece in 1..stream.len() {
            let reads: Vec<&[u8]> = stream.as_bytes().chunks(piece).collect();
            let expected = [(b"<13>abcd".to_vec(), true), (b"<13>b".to_vec(), false)];
            assert_eq!(frames_of(8, &reads), expected, "{stream:?} in pieces of {piece}");
        }
    }
}

#[test]
fn a_frame_of_exactly_the_limit_is_whole() {
    for stream in ["<13>abcd\n", "8 <13>abcd", "<13>abcd"] {
        assert_eq!(frames_of(8, &[stream.as_bytes()]), [(b"<13>abcd".to_vec(), false)], "{stream:?}");
    }
}

#[test]
fn a_counted_frame_that_the_end_cuts_off_is_kept_and_marked() {
    assert_eq!(frames_of(1000, &[b"50 <13>a"]), [(b"<13>a".to_vec(), true)]);
}

#[test]
fn a_pause_ends_a_message_without_delimiter() {
    let mut connection = Connection::new(1000);
    connection.read(b"<13>first");
    connection.pause();
    connection.read(b"<13>Nov 20 18:00:00 h a: x<13>Nov 20 18:00:01 h a: y<14>1 2026-11-20T18:00:01Z h a - - - z");
    assert_eq!(connection.frames.len(), 1);
    connection.pause();
    let frames: Vec<_> = connection.end().into_iter().map(|(frame, _)| String::from_utf8(frame).unwrap()).collect();
    let expected = [
        "<13>first",
        "<13>Nov 20 18:00:00 h a: x",
        "<13>Nov 20 18:00:01 h a: y",
        "<14>1 2026-11-20T18:00:01Z h a - - - z",
    ];
    assert_eq!(frames, expected);
}

#[test]
fn a_pause_leaves_a_count_and_its_frame_alone() {
    let mut connection = Connection::new(1000);
    for piece in ["1", "1 ", "<13>hel", "lo w", "<13>next\n"] {
        connection.read(piece.as_bytes());
        connection.pause();
    }
    assert_eq!(connection.end(), [(b"<13>hello w".to_vec(), false), (b"<13>next".to_vec(), false)]);
}

#[test]
fn a_pause_ends_a_frame_whose_count_was_too_large() {
    let mut connection = Connection::new(1000);
    connection.read(b"50 <13>hello\n");
    connection.pause();
    connection.read(b"<13>next\n");
    assert_eq!(connection.end(), [(b"<13>hello".to_vec(), false), (b"<13>next".to_vec(), false)]);
}

/// A message with the framing in which it is sent.
#[derive(Clone, Debug)]
enum Sent {
    Counted(String),
    Line(String),
}

fn message() -> impl Strategy<Value = String> {
    ("<1[0-9]{2}>", "[a-zé:.][a-zé:. ]{0,30}").prop_map(|(priority, text)| priority + &text)
}

fn sent() -> impl Strategy<Value = Sent> {
    let counted = (message(), "(\n[a-z]{1,5}){0,3}").prop_map(|(message, lines)| Sent::Counted(message + &lines));
    prop_oneof![counted, message().prop_map(Sent::Line)]
}

/// Cuts `stream` at `cuts` (modulo its length).
fn pieces<'a>(stream: &'a [u8], cuts: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
    cuts.sort_unstable();
    let mut pieces = Vec::new();
    let (mut rest, mut done) = (stream, 0);
    for cut in cuts {
        let (piece, after) = rest.split_at(cut - done);
        pieces.push(piece);
        (rest, done) = (after, cut);
    }
    pieces.push(rest);
    pieces
}

/// Bytes that often look like frames.
fn almost_frames() -> impl Strategy<Value = Vec<u8>> {
    let part = prop::sample::select(vec![
        "<13>",
        "5 ",
        "12 <13>",
        "30 ",
        "\n",
        "\0",
        "\r\n",
        " ",
        "abc",
        "<14>Nov 20 18:00:00 ",
        "<14>1 - ",
        "7",
        "99 x",
        "<",
        "é",
    ]);
    let part =
        prop_oneof![8 => part.prop_map(|text| text.as_bytes().to_vec()), 1 => prop::collection::vec(any::<u8>(), 0..4)];
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn mixed_frames_come_back_however_they_are_split(
        frames in prop::collection::vec(sent(), 0..20),
        ends in prop::sample::select(vec!["\n", "\r\n", "\n\0"]),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
    ) {
        let mut stream = String::new();
        let mut expected = Vec::new();
        for frame in &frames {
            match frame {
                Sent::Counted(message) => stream += &format!("{} {message}", message.len()),
                Sent::Line(message) => stream += &format!("{message}{ends}"),
            }
            let (Sent::Counted(message) | Sent::Line(message)) = frame;
            expected.push((message.clone().into_bytes(), false));
        }
        prop_assert_eq!(frames_of(1000, &pieces(stream.as_bytes(), &cuts)), expected);
    }

    #[test]
    fn any_split_of_any_bytes_gives_the_same_frames(
        stream in almost_frames(),
        max_frame in 1_usize..60,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
    ) {
        prop_assert_eq!(frames_of(max_frame, &pieces(&stream, &cuts)), frames_of(max_frame, &[&stream]));
    }

    #[test]
    fn without_cut_frames_no_byte_is_lost_or_doubled(
        stream in almost_frames(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..20),
    ) {
        let splits: Vec<_> = cuts.iter().map(|(cut, _)| *cut).collect();
        let mut connection = Connection::new(10_000);
        for (nth, piece) in pieces(&stream, &splits).into_iter().enumerate() {
            connection.read(piece);
            if cuts.get(nth).is_some_and(|(_, pause)| *pause) {
                connection.pause();
            }
        }
        // Frames are parts of the stream in its order; between them stand only delimiters, blanks and counts.
        let mut rest = &stream[..];
        for (frame, _) in connection.end() {
            let at = rest.windows(frame.len()).position(|window| window == frame).unwrap();
            prop_assert!(rest[..at].iter().all(|b| b"0123456789 \r\n\0".contains(b)), "lost {:?}", &rest[..at]);
            rest = &rest[at + frame.len()..];
        }
        prop_assert!(rest.iter().all(|b| b"0123456789 \r\n\0".contains(b)), "lost {:?}", rest);
    }
}

#[test]
fn a_sender_that_delimits_nothing_is_told_by_its_own_header_before_a_line_feed() {
    let first = "<27>Nov 14 22:13:20 web1 shop[7]: one";
    let second = "<27>Nov 14 22:13:21 web1 shop[7]: two";
    let newer = "<27>1 2023-11-14T22:13:20Z web1 shop 7 1 - ";
    for (one, two) in [(first.to_owned(), second.to_owned()), (format!("{newer}a<b"), format!("{newer}c"))] {
        let stream = format!("{one}{two}\nmore");
        for split in 0..stream.len() {
            let (before, after) = stream.as_bytes().split_at(split);
            let found = frames_of(1000, &[before, after]);
            let texts: Vec<_> = found.iter().map(|(bytes, _)| String::from_utf8_lossy(bytes)).collect();
            assert_eq!(texts, [one.as_str(), &two, "more"], "{split}");
        }
    }
    // What is quoted of another program, or without a header, is a part of the text.
    for text in [
        "<13>Nov 14 22:13:20 web1 relay: dropped <27>Nov 14 22:13:21 web1 shop[7]: two",
        "<13>Nov 14 22:13:20 web1 shop: a<27>b",
    ] {
        let found = frames_of(1000, &[text.as_bytes(), b"\n"]);
        assert_eq!(found, [(text.as_bytes().to_vec(), false)]);
    }
}
