//! What programs post to an address that takes JSON: one object, several in an array, or one behind the other, on one line each or
//! spread over many.
//!
//! [`Splitter`] cuts such a body into its objects. Where it is no JSON, lines are what is left: a line outside of every object is given
//! as it is, and an object that the next line cannot go on with ends where that line begins with the brace of another. So a broken
//! record costs its neighbours nothing.

use memchr::{memchr2, memchr3, memmem};

use crate::json::members::Members;

/// A longer object is cut here.
pub const OBJECT_BYTES_MAX: usize = 1 << 20;

/// Containers in each other beyond this many are counted, and no more looked at.
const STACK_BITS: u32 = 64;

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
    /// Objects (1) and arrays (0) around the reader within the open object, the innermost in the lowest bit.
    stack: u64,
    depth: u32,
    /// The last byte within the open object that is no white space and in no string.
    last: u8,
    is_line_start: bool,
    is_in_array: bool,
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
            stack: 0,
            depth: 0,
            last: 0,
            is_line_start: true,
            is_in_array: false,
        }
    }
}

impl Splitter {
    /// Takes the next piece of the body; calls `each` with everything that ends in it.
    pub fn feed(&mut self, piece: &[u8], mut each: impl FnMut(Piece<'_>)) {
        let mut kept = 0;
        let mut at = 0;
        while let Some(&byte) = piece.get(at) {
            let is_new_record = byte == b'{' && self.is_line_start && self.cannot_go_on();
            if is_new_record {
                self.keep(piece.get(kept..at).unwrap_or_default());
                kept = at;
                self.close(&mut each);
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
                    self.close(&mut each);
                }
                End::Behind => {
                    let bytes = piece.get(kept..at).unwrap_or_default();
                    kept = at;
                    if self.open.is_empty() && bytes.len() <= OBJECT_BYTES_MAX {
                        each(Piece { bytes, line: self.open_line, is_cut: false });
                        self.place = Place::Outside;
                    } else {
                        self.keep(bytes);
                        self.close(&mut each);
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

    /// Whether a brace here is none of the open object's. In JSON it stands behind a colon or, in an array, at the begin or
    /// behind a comma; and a line does not end within a text.
    fn cannot_go_on(&self) -> bool {
        let is_in_array = self.depth > 0 && self.stack & 1 == 0;
        match self.place {
            Place::Outside | Place::Rubbish => false,
            Place::Text | Place::Escape => true,
            Place::Object if self.depth > STACK_BITS => false,
            Place::Object => !matches!((self.last, is_in_array), (b':', _) | (b'[' | b',', true)),
        }
    }

    /// Goes on by one byte.
    fn step(&mut self, byte: u8) -> End {
        match (self.place, byte) {
            (Place::Outside, b'{') => {
                (self.place, self.stack, self.depth, self.last) = (Place::Object, 1, 1, byte);
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
                (self.place, self.stack, self.depth, self.last) = (Place::Object, 0, 1, byte);
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

    fn step_in_object(&mut self, byte: u8) -> End {
        match byte {
            b'"' => self.place = Place::Text,
            b'{' | b'[' => {
                self.stack = self.stack << 1 | u64::from(byte == b'{');
                self.depth = self.depth.saturating_add(1);
            }
            b'}' | b']' => {
                self.stack >>= 1;
                self.depth -= 1;
                if self.depth == 0 {
                    return End::Behind;
                }
            }
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            self.last = byte;
        }
        End::No
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = OBJECT_BYTES_MAX - self.open.len().min(OBJECT_BYTES_MAX);
        self.is_cut |= bytes.len() > room;
        self.open.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn close(&mut self, each: &mut impl FnMut(Piece<'_>)) {
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
