//! The members of an object one by one, with nested objects and arrays by their text: for the envelopes that protocols
//! put around records.

use std::borrow::Cow;

use super::reader::{Fault, Reader, Value};

/// How an object or array is read that is the value of a member or element.
#[derive(Clone, Copy, Debug)]
enum Nested {
    /// To its end, with what lies in it: what is no JSON or too deep is a fault.
    Checked,
    /// By its brackets: a fault in it is met by whoever reads it, and however deep it is it costs what is beside it nothing.
    Balanced,
}

/// A member's value. Text has its escapes resolved; everything else is as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    Text(Cow<'a, str>),
    /// A number in its own digits.
    Number(&'a str),
    /// `true`, `false`, `NaN` or `Infinity`.
    Literal(&'a str),
    Null,
    /// An object by its JSON text.
    Object(&'a str),
    /// An array by its JSON text.
    Array(&'a str),
}

impl<'a> Part<'a> {
    /// The value as text: a text itself, the JSON of everything else; `None` for null.
    pub(crate) fn into_text(self) -> Option<Cow<'a, str>> {
        match self {
            Part::Text(text) => Some(text),
            Part::Number(text) | Part::Literal(text) | Part::Object(text) | Part::Array(text) => {
                Some(Cow::Borrowed(text))
            }
            Part::Null => None,
        }
    }
}

/// A walk over the members of one object.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    reader: Reader<'a>,
    /// How long the byte order mark is that the reader does not see.
    mark_bytes: usize,
    is_first: bool,
    nested: Nested,
}

impl<'a> Members<'a> {
    /// The members of the object that `text` begins with, behind white space and a byte order mark.
    ///
    /// # Errors
    /// `text` begins with something else.
    pub(crate) fn of(text: &'a str) -> Result<Self, Fault> {
        let object = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader::new(object);
        match reader.value()? {
            Value::Object => {
                let mark_bytes = text.len() - object.len();
                Ok(Self { reader, mark_bytes, is_first: true, nested: Nested::Checked })
            }
            _ => Err(Fault { what: "not a JSON object", at: 0 }),
        }
    }

    /// As [`Members::of`], but what the objects and arrays in it say is not looked at; only where they end.
    ///
    /// # Errors
    /// As [`Members::of`].
    pub(crate) fn balanced(text: &'a str) -> Result<Self, Fault> {
        Ok(Self { nested: Nested::Balanced, ..Self::of(text)? })
    }

    /// The next name and value; `None` at the object's end.
    ///
    /// # Errors
    /// The text is no JSON from here on; nothing more is to be asked.
    pub(crate) fn next(&mut self) -> Result<Option<(Cow<'a, str>, Part<'a>)>, Fault> {
        let Some(name) = self.reader.next_key(self.is_first)? else { return Ok(None) };
        self.is_first = false;
        let part = part(&mut self.reader, self.nested)?;
        Ok(Some((name.resolve(), part)))
    }

    /// How many bytes of the object's text have been read.
    pub(crate) fn position(&self) -> usize {
        self.mark_bytes + self.reader.position()
    }

    /// Checks that only white space follows the object, whose end has been met.
    ///
    /// # Errors
    /// Something else does.
    pub(crate) fn end(mut self) -> Result<(), Fault> {
        self.reader.end()
    }
}

/// A walk over the elements of one array.
#[derive(Debug)]
pub(crate) struct Elements<'a> {
    reader: Reader<'a>,
    is_first: bool,
    nested: Nested,
}

impl<'a> Elements<'a> {
    /// The elements of the array that `text` begins with.
    ///
    /// # Errors
    /// `text` begins with something else.
    pub(crate) fn of(text: &'a str) -> Result<Self, Fault> {
        let mut reader = Reader::new(text);
        match reader.value()? {
            Value::Array => Ok(Self { reader, is_first: true, nested: Nested::Checked }),
            _ => Err(Fault { what: "not a JSON array", at: 0 }),
        }
    }

    /// As [`Elements::of`], but what the objects and arrays in it say is not looked at; only where they end.
    ///
    /// # Errors
    /// As [`Elements::of`].
    pub(crate) fn balanced(text: &'a str) -> Result<Self, Fault> {
        Ok(Self { nested: Nested::Balanced, ..Self::of(text)? })
    }

    /// How many bytes of the array's text have been read.
    pub(crate) fn position(&self) -> usize {
        self.reader.position()
    }

    /// The next element; `None` at the array's end.
    ///
    /// # Errors
    /// As [`Members::next`].
    pub(crate) fn next(&mut self) -> Result<Option<Part<'a>>, Fault> {
        if !self.reader.next_element(self.is_first)? {
            return Ok(None);
        }
        self.is_first = false;
        part(&mut self.reader, self.nested).map(Some)
    }
}

/// The text, number or word that `text` is; `None` where it is none of these or more than one.
pub(crate) fn scalar(text: &str) -> Option<Part<'_>> {
    let mut reader = Reader::new(text);
    let part = match reader.value().ok()? {
        Value::Text(text) => Part::Text(text.resolve()),
        Value::Number(digits) => Part::Number(digits),
        Value::Literal(word) => Part::Literal(word),
        Value::Null => Part::Null,
        Value::Object | Value::Array => return None,
    };
    reader.end().is_ok().then_some(part)
}

/// The value that the reader stands before.
fn part<'a>(reader: &mut Reader<'a>, nested: Nested) -> Result<Part<'a>, Fault> {
    Ok(match (reader.value()?, nested) {
        (Value::Text(text), _) => Part::Text(text.resolve()),
        (Value::Number(digits), _) => Part::Number(digits),
        (Value::Literal(word), _) => Part::Literal(word),
        (Value::Null, _) => Part::Null,
        (Value::Object, Nested::Checked) => Part::Object(reader.rest_of_object(1)?),
        (Value::Array, Nested::Checked) => Part::Array(reader.rest_of_array(1)?),
        (Value::Object, Nested::Balanced) => Part::Object(reader.rest_by_brackets()?),
        (Value::Array, Nested::Balanced) => Part::Array(reader.rest_by_brackets()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<(String, Option<String>)>, Fault> {
        let mut members = Members::of(text)?;
        let mut found = Vec::new();
        while let Some((name, part)) = members.next()? {
            found.push((name.into_owned(), part.into_text().map(Cow::into_owned)));
        }
        members.end()?;
        Ok(found)
    }

    #[test]
    fn members_come_in_order_with_nested_ones_by_their_text() {
        let text =
            "\u{feff} {\"a\\n\": \"x\\\"y\", \"b\":-1.50,\"c\":{ \"d\": [1, {}] },\"e\":[ ], \"f\":null,\"g\":true} \n";
        let expected = [
            ("a\n", Some("x\"y")),
            ("b", Some("-1.50")),
            ("c", Some("{ \"d\": [1, {}] }")),
            ("e", Some("[ ]")),
            ("f", None),
            ("g", Some("true")),
        ];
        let expected: Vec<_> =
            expected.map(|(name, value)| (name.to_owned(), value.map(str::to_owned))).into_iter().collect();
        assert_eq!(all(text).unwrap(), expected);
    }

    #[test]
    fn elements_come_in_order_and_a_bad_array_is_a_fault() {
        let all = |text| {
            let mut elements = Elements::of(text)?;
            let mut found = Vec::new();
            while let Some(part) = elements.next()? {
                found.push(part.into_text().map(Cow::into_owned));
            }
            Ok::<_, Fault>(found)
        };
        let expected = vec![Some("a".to_owned()), Some("[1, 2]".to_owned()), None, Some("{}".to_owned())];
        assert_eq!(all(r#" [ "a" ,[1, 2], null,{}] "#), Ok(expected));
        assert_eq!(all("[ ]"), Ok(vec![]));
        for text in ["", "{}", "[", "[1", "[1,]", "[,1]", "[1 2]"] {
            assert!(all(text).is_err(), "{text}");
        }
    }

    #[test]
    fn balanced_members_are_told_apart_however_deep_or_wrong_one_of_them_is() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let text = format!(r#"{{"deep":{deep},"wrong":{{"a" 1, "}}\"]"}},"good":[[1],{{}}]}} "#);
        let mut members = Members::balanced(&text).unwrap();
        for (name, part) in [
            ("deep", Part::Array(&deep)),
            ("wrong", Part::Object(r#"{"a" 1, "}\"]"}"#)),
            ("good", Part::Array("[[1],{}]")),
        ] {
            assert_eq!(members.next(), Ok(Some((Cow::Borrowed(name), part))));
        }
        assert_eq!(members.next(), Ok(None));
        members.end().unwrap();
        let mut elements = Elements::balanced("[{\"a\" 1},[2]").unwrap();
        assert_eq!(elements.next(), Ok(Some(Part::Object("{\"a\" 1}"))));
        assert_eq!(elements.next(), Ok(Some(Part::Array("[2]"))));
        assert_eq!(elements.position(), 12);
        assert!(elements.next().is_err());
        for text in ["{\"a\":[", "{\"a\":{\"}", "{\"a\":[\"\\"] {
            assert!(Members::balanced(text).unwrap().next().is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_object_or_none_alone_is_a_fault() {
        for text in ["", "[]", "{", "{\"a\":}", "{\"a\":{}", "{} {}", "{\"a\" 1}", "5"] {
            assert!(all(text).is_err(), "{text}");
        }
        let deep = "{\"a\":".repeat(100) + &"}".repeat(100);
        assert!(all(&deep).is_err());
    }
}
