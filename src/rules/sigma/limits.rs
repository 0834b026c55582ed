//! What bounds the time and the memory that a text from outside may cost.
//!
//! Before a text is made into values it is walked through without keeping anything (`walk`): repeated aliases cannot make
//! much of little. Conditions are measured before they are parsed, for their parser descends with each parenthesis.

use std::cell::Cell;
use std::fmt;

use regex::RegexBuilder;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The longest text.
pub const TEXT_BYTES_MAX: usize = 1 << 20;
/// The longest text with `action`, which repeats parts of itself.
pub const ACTION_BYTES_MAX: usize = 64 << 10;
/// The most documents of a text.
pub const DOCUMENTS_MAX: usize = 500;
/// The most brackets that open in a document, so that it does not nest deeply: the scanner looks at all that are open.
const BRACKETS_MAX: usize = 2000;
/// The most values of a text, with what aliases repeat.
const VALUES_MAX: usize = 200_000;
/// The most bytes of these values.
const VALUE_BYTES_MAX: usize = 4 << 20;
/// The longest single value.
const STRING_BYTES_MAX: usize = 16 << 10;
/// The longest condition, the most words in it and the deepest parentheses.
const CONDITION_BYTES_MAX: usize = 8 << 10;
const CONDITION_WORDS_MAX: usize = 400;
const CONDITION_DEPTH_MAX: usize = 32;
/// The most wildcards of a value.
const WILDCARDS_MAX: usize = 64;
/// What a regular expression may be compiled to, and how many a rule may have.
const REGEX_BYTES_MAX: usize = 1 << 20;
const REGEXES_MAX: usize = 100;
const REGEX_NEST_MAX: u32 = 50;

/// Refuses a text for its size or its nesting.
pub(crate) fn check_text(text: &str) -> Result<(), String> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!("the text has {} bytes, more than {TEXT_BYTES_MAX}", text.len()));
    }
    let (mut documents, mut brackets) = (1, 0);
    for line in text.lines() {
        if line.starts_with("---") {
            (documents, brackets) = (documents + 1, 0);
        }
        brackets += line.bytes().filter(|b| matches!(b, b'[' | b'{')).count();
        if brackets > BRACKETS_MAX {
            return Err(format!("a document opens more than {BRACKETS_MAX} brackets"));
        }
    }
    if documents > DOCUMENTS_MAX {
        return Err(format!("the text has more than {DOCUMENTS_MAX} documents"));
    }
    Ok(())
}

/// Refuses a condition that is too long or nests too deeply to be parsed.
pub(crate) fn check_condition(condition: &str) -> Result<(), String> {
    if condition.len() > CONDITION_BYTES_MAX {
        return Err(format!("a condition is longer than {CONDITION_BYTES_MAX} bytes"));
    }
    if condition.split_whitespace().count() > CONDITION_WORDS_MAX {
        return Err(format!("a condition is longer than {CONDITION_WORDS_MAX} words"));
    }
    let opened = condition.bytes().filter(|b| *b == b'(').count();
    let mut depth: usize = 0;
    for byte in condition.bytes() {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > CONDITION_DEPTH_MAX || opened > CONDITION_WORDS_MAX {
            return Err(format!("a condition nests deeper than {CONDITION_DEPTH_MAX} parentheses"));
        }
    }
    Ok(())
}

/// Refuses a value with too many wildcards.
pub(crate) fn check_wildcards(count: usize) -> Result<(), String> {
    if count > WILDCARDS_MAX {
        return Err(format!("a value has {count} wildcards, more than {WILDCARDS_MAX}"));
    }
    Ok(())
}

/// Refuses a regular expression that is none, or is too large; `count` is its number in the rule.
pub(crate) fn check_regex(pattern: &str, count: usize) -> Result<(), String> {
    if count > REGEXES_MAX {
        return Err(format!("the rule has more than {REGEXES_MAX} regular expressions"));
    }
    let mut builder = RegexBuilder::new(pattern);
    let built = builder.size_limit(REGEX_BYTES_MAX).nest_limit(REGEX_NEST_MAX).build();
    built.map(drop).map_err(|error| match error {
        regex::Error::CompiledTooBig(_) => "a regular expression is too large".to_owned(),
        // Its last line says what is wrong; those before it show the expression.
        error => {
            let text = error.to_string();
            let what = text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            let start: String = pattern.chars().take(80).collect();
            format!("the regular expression `{start}` is not supported: {what}")
        }
    })
}

/// Counts what a text holds, and ends with an error where that is too much.
#[derive(Default)]
pub(crate) struct Budget {
    values: Cell<usize>,
    bytes: Cell<usize>,
}

impl Budget {
    fn spend<E: Error>(&self, bytes: usize) -> Result<(), E> {
        self.values.set(self.values.get() + 1);
        self.bytes.set(self.bytes.get() + bytes);
        if bytes > STRING_BYTES_MAX {
            return Err(E::custom(format_args!("a value is longer than {STRING_BYTES_MAX} bytes")));
        }
        if self.values.get() > VALUES_MAX || self.bytes.get() > VALUE_BYTES_MAX {
            return Err(E::custom("too many values, with what aliases repeat"));
        }
        Ok(())
    }
}

/// Walks through one value and keeps nothing of it.
#[derive(Clone, Copy)]
pub(crate) struct Walk<'b>(pub(crate) &'b Budget);

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        self.0.spend(1)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.0.spend(8)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.0.spend(8)
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<(), E> {
        self.0.spend(16)
    }

    fn visit_u128<E: Error>(self, _: u128) -> Result<(), E> {
        self.0.spend(16)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.0.spend(8)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.0.spend(text.len())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.0.spend(1)
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        self.0.spend(1)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        self.0.spend(1)?;
        while members.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        self.0.spend(1)?;
        while entries.next_key_seed(self)?.is_some() {
            entries.next_value_seed(self)?;
        }
        Ok(())
    }

    fn visit_enum<A: serde::de::EnumAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        Err(A::Error::custom("tags are not supported"))
    }
}
