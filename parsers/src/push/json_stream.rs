//! What programs post to an address that takes JSON: one object, several in an array, or one behind the other, on one line each or
//! spread over many.
//!
//! [`Splitter`] cuts such a body into its objects. Where it is no JSON, lines are what is left: a line outside of every object is given
//! as it is, and an object that the next line cannot go on with ends where that line begins with the brace of another; where a line
//! ends behind a colon, it is told by whether the object has an end. So a broken record costs its neighbours nothing.

use memchr::{memchr2, memchr3, memmem};

use crate::json::members::Members;
use crate::json::nesting::Nesting;

/// A longer object is cut here.
pub const OBJECT_BYTES_MAX: usize = 1 << 20;

/// One object, or a line that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Its bytes, without white space around them.
    pub bytes: &'a [u8],
    /// The line on which it begins, counted from 1.
    pub line: u64,
    /// The rest of it, beyond [`OBJECT_BYTES_MAX`], is left out.
    pub is_cut: bool,
}

/// Cuts a body that comes in pieces, in bounded memory.
#[derive(Debug)]
pub struct Splitter {
    /// The begin of an object or line whose end has not come.
    open: Vec<u8>,
    is_cut: bool,
    /// Where it begins, and where the reader is.
    open_line: u64,
    line: u64,
    place: Place,
    /// What of the open object is around the reader.
    nesting: Nesting,
    /// Where in the open object a line begins with a brace behind a colon: with another object, should this one have no end.
    doubt: Option<Doubt>,
    /// What was in doubt is read again: such braces begin other objects.
    is_doubt_over: bool,
    is_line_start: bool,
    is_in_array: bool,
}

/// A place in the open object.
#[derive(Clone, Copy, Debug)]
struct Doubt {
    at: usize,
    line: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Between objects.
    Outside,
    /// In something that is no object, to the end of its line (or element).
    Rubbish,
    Object,
    Text,
    Escape,
}

impl Default for Splitter {
    fn default() -> Self {
        Self {
            open: Vec::new(),
            is_cut: false,
            open_line: 1,
            line: 1,
            place: Place::Outside,
            nesting: Nesting::default(),
            doubt: None,
            is_doubt_over: false,
            is_line_start: true,
            is_in_array: false,
        }
    }
}

impl Splitter {
    /// Takes the next piece of the body; calls `each` with everything that ends in it.
    pub fn feed(&mut self, piece: &[u8], mut each: impl FnMut(Piece<'_>)) {
        self.walk(piece, &mut each);
    }

    fn walk(&mut self, piece: &[u8], each: &mut dyn FnMut(Piece<'_>)) {
        let mut kept = 0;
        let mut at = 0;
        while let Some(&byte) = piece.get(at) {
            if byte == b'{' && self.is_line_start {
                if self.cannot_go_on() {
                    self.keep(piece.get(kept..at).unwrap_or_default());
                    kept = at;
                    self.close(each);
                } else if self.place == Place::Object && self.nesting.is_behind_colon() {
                    self.doubt.get_or_insert(Doubt { at: self.open.len() + (at - kept), line: self.line });
                }
            }
            if self.place == Place::Text {
                let rest = piece.get(at..).unwrap_or_default();
                let Some(found) = memchr3(b'"', b'\\', b'\n', rest) else {
                    self.is_line_start = false;
                    break;
                };
                if found > 0 {
                    self.is_line_start = false;
                    at += found;
                    continue;
                }
            }
            let was_outside = self.place == Place::Outside;
            if was_outside {
                kept = at;
                self.open_line = self.line;
            }
            let ends = self.step(byte);
            if byte == b'\n' {
                self.line += 1;
            }
            self.is_line_start = byte == b'\n';
            at += 1;
            match ends {
                End::No if self.place == Place::Outside => kept = at,
                End::No => {}
                End::Before => {
                    self.keep(piece.get(kept..at - 1).unwrap_or_default());
                    kept = at;
                    self.close(each);
                }
                End::Behind => {
                    let bytes = piece.get(kept..at).unwrap_or_default();
                    kept = at;
                    self.doubt = None;
                    if self.open.is_empty() && bytes.len() <= OBJECT_BYTES_MAX {
                        each(Piece { bytes, line: self.open_line, is_cut: false });
                        self.place = Place::Outside;
                    } else {
                        self.keep(bytes);
                        self.close(each);
                    }
                }
            }
        }
        self.keep(piece.get(kept..).unwrap_or_default());
    }

    /// The body has ended: gives what nothing ended.
    pub fn finish(&mut self, mut each: impl FnMut(Piece<'_>)) {
        self.close(&mut each);
    }

    /// Whether a brace at the front of a line is none of the open object's: a line does not end within a text.
    fn cannot_go_on(&self) -> bool {
        match self.place {
            Place::Outside | Place::Rubbish => false,
            Place::Text | Place::Escape => true,
            Place::Object => !self.nesting.takes_object() || self.is_doubt_over && self.nesting.is_behind_colon(),
        }
    }

    /// Goes on by one byte.
    fn step(&mut self, byte: u8) -> End {
        match (self.place, byte) {
            (Place::Outside, b'{') => {
                self.begin_object(byte);
                End::No
            }
            (Place::Outside, b'[') if !self.is_in_array => {
                self.is_in_array = true;
                End::No
            }
            (Place::Outside, b']') if self.is_in_array => {
                self.is_in_array = false;
                End::No
            }
            // Some writers put commas between objects and no brackets around them.
            (Place::Outside, b',') => End::No,
            // An array within the array is no object, but as a whole.
            (Place::Outside, b'[') => {
                self.begin_object(byte);
                End::No
            }
            (Place::Outside, byte) if byte.is_ascii_whitespace() || byte == 0 => End::No,
            (Place::Outside, _) => {
                self.place = Place::Rubbish;
                End::No
            }
            (Place::Rubbish, b'\n') => End::Before,
            (Place::Rubbish, b',') if self.is_in_array => End::Before,
            (Place::Rubbish, b']') if self.is_in_array => {
                self.is_in_array = false;
                End::Before
            }
            (Place::Rubbish, _) => End::No,
            (Place::Escape, _) => {
                self.place = Place::Text;
                End::No
            }
            (Place::Text, b'\\') => {
                self.place = Place::Escape;
                End::No
            }
            (Place::Text, b'"') => {
                self.place = Place::Object;
                End::No
            }
            (Place::Text, _) => End::No,
            (Place::Object, _) => self.step_in_object(byte),
        }
    }

    fn begin_object(&mut self, byte: u8) {
        (self.place, self.nesting) = (Place::Object, Nesting::default());
        self.nesting.step(byte);
    }

    fn step_in_object(&mut self, byte: u8) -> End {
        if byte == b'"' {
            self.place = Place::Text;
        }
        self.nesting.step(byte);
        if self.nesting.depth() == 0 { End::Behind } else { End::No }
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = OBJECT_BYTES_MAX - self.open.len().min(OBJECT_BYTES_MAX);
        self.is_cut |= bytes.len() > room;
        self.open.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    /// Gives what is open, which ends here.
    fn close(&mut self, each: &mut dyn FnMut(Piece<'_>)) {
        let Some(doubt) = self.doubt.take().filter(|doubt| doubt.at < self.open.len()) else {
            return self.give(each);
        };
        let others = self.open.split_off(doubt.at);
        let is_cut = std::mem::take(&mut self.is_cut);
        self.give(each);
        let line = std::mem::replace(&mut self.line, doubt.line);
        self.is_doubt_over = true;
        self.is_line_start = true;
        self.walk(&others, each);
        self.is_doubt_over = false;
        self.line = line;
        self.is_cut = is_cut;
        self.give(each);
    }

    fn give(&mut self, each: &mut dyn FnMut(Piece<'_>)) {
        let bytes = self.open.trim_ascii();
        if !bytes.is_empty() {
            each(Piece { bytes, line: self.open_line, is_cut: self.is_cut });
        }
        self.open.clear();
        self.is_cut = false;
        self.place = Place::Outside;
    }
}

/// Whether what is open ends at a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    No,
    Before,
    Behind,
}

/// Hands the records of a body or frame that is there as a whole to `each`: all of it or, where it is no single object, each object in
/// it, whether they stand in an array, on lines of their own or one behind the other. A line that is no object is a record, too.
///
/// Costs a look for the marks between two objects, and a walk only where there may be some.
pub fn each_record(body: &[u8], mut each: impl FnMut(&[u8])) {
    let body = body.trim_ascii();
    if body.is_empty() {
        return;
    }
    let is_array = body.strip_prefix(b"[").is_some_and(|inner| inner.trim_ascii_start().starts_with(b"{"));
    let may_be_several = is_array || memchr2(b'\n', 0, body).is_some() || memmem::find(body, b"}{").is_some();
    if !may_be_several || is_object(body) {
        return each(body);
    }
    let lines = || body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    if lines().any(|line| line.len() > OBJECT_BYTES_MAX) && cuts(body) {
        return lines().filter(|line| !line.is_empty()).for_each(each);
    }
    let mut splitter = Splitter::default();
    splitter.feed(body, |piece| each(piece.bytes));
    splitter.finish(|piece| each(piece.bytes));
}

/// Whether a [`Splitter`] would cut something in `body`.
fn cuts(body: &[u8]) -> bool {
    let mut is_cut = false;
    let mut note = |piece: Piece<'_>| is_cut |= piece.is_cut;
    let mut splitter = Splitter::default();
    splitter.feed(body, &mut note);
    splitter.finish(&mut note);
    is_cut
}

/// Whether all of `text` is one object.
fn is_object(text: &[u8]) -> bool {
    let walk = |text| {
        let mut members = Members::of(text)?;
        while members.next()?.is_some() {}
        members.end()
    };
    std::str::from_utf8(text).is_ok_and(|text| walk(text).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(body: &[u8], size: usize) -> Vec<(String, u64)> {
        let (mut splitter, mut found) = (Splitter::default(), Vec::new());
        let mut note = |piece: Piece<'_>| found.push((String::from_utf8_lossy(piece.bytes).into_owned(), piece.line));
        for piece in body.chunks(size) {
            splitter.feed(piece, &mut note);
        }
        splitter.finish(&mut note);
        found
    }

    fn check(body: &str, expected: &[(&str, u64)]) {
        let expected: Vec<_> = expected.iter().map(|(text, line)| ((*text).to_owned(), *line)).collect();
        for size in 1..=body.len().max(1) {
            assert_eq!(cut(body.as_bytes(), size), expected, "{body} in pieces of {size}");
        }
    }

    #[test]
    fn objects_are_found_however_they_are_put_together() {
        check("", &[]);
        check("{\"a\":1},\n{\"b\":2},{\"c\":3}", &[(r#"{"a":1}"#, 1), (r#"{"b":2}"#, 2), (r#"{"c":3}"#, 2)]);
        check(" \n", &[]);
        check(r#"{"a":1}"#, &[(r#"{"a":1}"#, 1)]);
        check("[{\"a\":1},\n {\"b\":[{}]}]", &[(r#"{"a":1}"#, 1), (r#"{"b":[{}]}"#, 2)]);
        check(
            "{\"a\":1}{\"b\":2} {\"c\":3}\n{\"d\":4}\n\0",
            &[(r#"{"a":1}"#, 1), (r#"{"b":2}"#, 1), (r#"{"c":3}"#, 1), (r#"{"d":4}"#, 2)],
        );
        check(
            "{\n \"a\": {\n  \"b\": \"}{\\\"\"\n },\n \"c\": [\n{\"d\": 1},\n{}]\n}\n{}",
            &[("{\n \"a\": {\n  \"b\": \"}{\\\"\"\n },\n \"c\": [\n{\"d\": 1},\n{}]\n}", 1), ("{}", 9)],
        );
    }

    #[test]
    fn a_body_is_one_record_or_one_a_line_or_an_array_of_them() {
        let of = |body: &str| {
            let mut found = Vec::new();
            each_record(body.as_bytes(), |record| found.push(String::from_utf8_lossy(record).into_owned()));
            found
        };
        assert_eq!(of("{\"a\":\n1}\n"), ["{\"a\":\n1}"]);
        assert_eq!(of("{\"a\":1}\r\n\n {\"b\":2} \n"), ["{\"a\":1}", "{\"b\":2}"]);
        assert_eq!(of("[ {\"a\":1}, {\"b\":[{}]}\n]"), ["{\"a\":1}", "{\"b\":[{}]}"]);
        assert_eq!(of("{\"a\":\"}{\"}{\"b\":2}"), ["{\"a\":\"}{\"}", "{\"b\":2}"]);
        assert_eq!(of("{\"a\":\"}{\"}"), ["{\"a\":\"}{\"}"]);
        assert_eq!(of("{\"a\":1}\nrubbish"), ["{\"a\":1}", "rubbish"]);
        assert_eq!(of("{\"a\":1}\0{\"b\":2}\0"), ["{\"a\":1}", "{\"b\":2}"]);
        assert_eq!(of("rubbish, and [more]"), ["rubbish, and [more]"]);
        assert_eq!(of("[1] rubbish"), ["[1] rubbish"]);
        assert_eq!(of(" \r\n "), [""; 0]);
        let huge = format!("{{\"short_message\":\"{}\"}}", "x".repeat(2 << 20));
        assert_eq!(of(&format!("{huge}\n{{}}\n")), [huge, "{}".to_owned()]);
        let long = format!("[{}{{}}]", "{\"a\":1},".repeat(200_000));
        assert_eq!(of(&long).len(), 200_001);
    }

    #[test]
    fn a_broken_record_costs_its_neighbours_nothing() {
        let good = r#"{"a":1}"#;
        for bad in [
            "text, more [x]",
            r#"{"a":1"#,
            r#"{"a":"x"#,
            r#"{"a":1,"#,
            r#"{"a":"\"#,
            r#"{"a":[1"#,
            r#"{"a""#,
            "{",
            "}",
            "]",
        ] {
            check(&format!("{good}\n{bad}\n{good}\r\n"), &[(good, 1), (bad, 2), (good, 3)]);
        }
        check("[5, \"a\", {\"a\":1}, null]", &[("5", 1), ("\"a\"", 1), (good, 1), ("null", 1)]);
        check("{\"a\":\n{\"b\":\n{\"c\":2}}\n}", &[("{\"a\":\n{\"b\":\n{\"c\":2}}\n}", 1)]);
        check("{\"a\":\n{\"b\":2}\n{\"c\":3}", &[(r#"{"a":"#, 1), (r#"{"b":2}"#, 2), (r#"{"c":3}"#, 3)]);
        check("{\"a\":\n{\"b\":\n{\"c\":3}", &[(r#"{"a":"#, 1), (r#"{"b":"#, 2), (r#"{"c":3}"#, 3)]);
        check("[{\"a\":1}]\ntext", &[(good, 1), ("text", 2)]);
        check("[[1,{\"b\":[2]}], {\"a\":1}, []]", &[("[1,{\"b\":[2]}]", 1), (good, 1), ("[]", 1)]);
        check("[{\"a\":1},\n[text\n{\"a\":1}]", &[(good, 1), ("[text", 2), (good, 3)]);
    }

    #[test]
    fn an_endless_object_is_cut() {
        let body = format!("{{\"a\":\"{}\"}}\n{{\"b\":2}}", "x".repeat(2 << 20));
        let (mut splitter, mut found) = (Splitter::default(), Vec::new());
        for piece in body.as_bytes().chunks(10_000) {
            splitter.feed(piece, |piece| found.push((piece.bytes.len(), piece.is_cut)));
        }
        splitter.finish(|piece| found.push((piece.bytes.len(), piece.is_cut)));
        assert_eq!(found, [(OBJECT_BYTES_MAX, true), (7, false)]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_cut_alike_in_any_pieces(body in "[{}\\[\\]\":,a\\\\ \n0]{0,60}", size in 1_usize..10) {
            proptest::prop_assert_eq!(cut(body.as_bytes(), size), cut(body.as_bytes(), body.len().max(1)));
        }

        #[test]
        fn nothing_but_white_space_and_array_marks_is_lost(body in "[{}\\[\\]\":,a\\\\ \n0]{0,60}") {
            let left = |text: &str| text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ',' | '[' | ']')).collect::<String>();
            let found: String = cut(body.as_bytes(), 7).into_iter().map(|(text, _)| text).collect();
            proptest::prop_assert_eq!(left(&found), left(&body));
        }
    }
}
