//! A document that holds several records: `{"Records": [{…}, {…}]}`, as AWS CloudTrail writes its files (Azure: `records`).
//!
//! [`parse`](super::parse) reads any document as one record. Whoever takes in whole files asks [`records`] first, and reads
//! and keeps each record by itself.

use super::reader::{Reader, Value};

/// The records of a document, each as its own JSON text in `document`; `None` where the document is another.
///
/// The document is one object whose only member is `Records` (or `records`), an array of objects.
#[must_use]
pub fn records(document: &[u8]) -> Option<Records<'_>> {
    let text = std::str::from_utf8(document).ok()?;
    // Most documents are told apart by their beginning.
    let inner = text.trim_start_matches('\u{feff}').trim_start().strip_prefix('{')?.trim_start();
    if !(inner.starts_with("\"Records\"") || inner.starts_with("\"records\"")) {
        return None;
    }
    let mut reader = Reader::new(text.strip_prefix('\u{feff}').unwrap_or(text));
    let is_object = matches!(reader.value().ok()?, Value::Object);
    let is_records = reader.next_key(true).ok()?.is_some_and(|key| matches!(&*key.resolve(), "Records" | "records"));
    if !is_object || !is_records || !matches!(reader.value().ok()?, Value::Array) {
        return None;
    }
    let array = reader.rest_of_array(1).ok()?;
    let ends = reader.next_key(false).ok()?.is_none() && reader.end().is_ok();
    let rest = array.strip_prefix('[').and_then(|array| array.strip_suffix(']')).filter(|_| ends)?;
    let records = Records { rest };
    records.clone().all(|record| record.starts_with('{')).then_some(records)
}

/// See [`records`].
#[derive(Clone, Debug)]
pub struct Records<'a> {
    /// What follows the last record: valid JSON values with commas between them.
    rest: &'a str,
}

impl<'a> Records<'a> {
    /// The values of `text`, which have commas between them; what is no JSON is divided at the commas outside of brackets and quotes.
    pub(crate) fn of_values(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// What follows the last value that was asked for, with the comma before it.
    pub(crate) fn rest(&self) -> &'a str {
        self.rest
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<Self::Item> {
        let text = self.rest.trim_ascii_start();
        let text = text.strip_prefix(',').unwrap_or(text).trim_ascii_start();
        if text.is_empty() {
            return None;
        }
        let (record, rest) = text.split_at_checked(end_of_value(text))?;
        self.rest = rest;
        Some(record.trim_ascii_end())
    }
}

/// Where the first of several values ends: at the comma that is in no string, object or array.
fn end_of_value(text: &str) -> usize {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_record_is_its_own_text() {
        let document = br#" {"Records": [{"a":"]},{\"","b":[1,{}]} , {"c":2},{}] } "#;
        let found: Vec<_> = records(document).unwrap().collect();
        assert_eq!(found, [r#"{"a":"]},{\"","b":[1,{}]}"#, r#"{"c":2}"#, "{}"]);
        assert_eq!(records(br#"{"Records":[]}"#).unwrap().count(), 0);
    }

    #[test]
    fn other_documents_are_one_record() {
        for document in [
            "",
            "{}",
            "[]",
            r#"{"Records":[1]}"#,
            r#"{"Records":{}}"#,
            r#"{"Records":[{}],"more":1}"#,
            r#"{"entries":[{}]}"#,
            r#"{"Records":[{}"#,
            r#"{"Records":[{}]}x"#,
            r#"{"a":1}"#,
        ] {
            assert!(records(document.as_bytes()).is_none(), "{document}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_records_that_were_written_come_back(texts: Vec<String>) {
            let written: Vec<_> = texts.iter().map(|text| serde_json::json!({ "a": [text, 1] })).collect();
            let document = serde_json::json!({ "Records": written }).to_string();
            let found: Vec<serde_json::Value> =
                records(document.as_bytes()).unwrap().map(|record| serde_json::from_str(record).unwrap()).collect();
            proptest::prop_assert_eq!(found, written);
        }

        #[test]
        fn any_bytes_are_divided_or_refused(document: Vec<u8>, likely in "\\{\"Records\":\\[([{}\\[\\],\"\\\\a1 ]){0,20}\\]\\}") {
            for document in [&document, likely.as_bytes()] {
                let _: Option<usize> = records(document).map(Iterator::count);
            }
        }
    }
}
