//! RFC 5424's structured data (section 6.3): `[id name="value" …]`, repeated, or `-`.
//!
//! In a value `\"`, `\\` and `\]` stand for the second character; a backslash before anything else is itself.
//! Tolerated, since programs send it: blanks before `]` and after `=`, a name without a value, and a value
//! without quotes, and brackets that close within a quoted value. Any other `"` or `]` that is not escaped inside a value leaves no way
//! to tell where it ends.

use std::borrow::Cow;

use nom::bytes::complete::{take_while, take_while1};
use nom::{IResult, Parser};

use crate::{Attributes, cursor};

/// Adds the parameters of the elements at the front of `text` to `attributes`; returns what follows the elements.
pub(super) fn read<'a>(text: &'a [u8], attributes: &mut Attributes) -> Option<&'a [u8]> {
    if let Some(rest) = text.strip_prefix(b"-") {
        return Some(rest);
    }
    let mut rest = element(text.strip_prefix(b"[")?, attributes)?;
    while let Some(next) = rest.strip_prefix(b"[") {
        rest = element(next, attributes)?;
    }
    Some(rest)
}

/// Reads one element behind its `[`; returns what follows its `]`.
fn element<'a>(text: &'a [u8], attributes: &mut Attributes) -> Option<&'a [u8]> {
    let (mut rest, id) = name(text).ok()?;
    let id = cursor::text(id);
    let mut empty = true;
    loop {
        let (after_blanks, blanks) = blanks(rest).ok()?;
        if let Some(after) = after_blanks.strip_prefix(b"]") {
            if empty {
                attributes.push(&id, "");
            }
            return Some(after);
        }
        if blanks.is_empty() {
            return None;
        }
        let (after_name, name) = name(after_blanks).ok()?;
        let (after, value) = match after_name.strip_prefix(b"=") {
            Some(after) => value(blanks_skipped(after))?,
            None => (after_name, Cow::Borrowed(&b""[..])),
        };
        attributes.push_scoped(&id, &cursor::text(name), &cursor::text(&value));
        empty = false;
        rest = after;
    }
}

/// An element's id or a parameter's name: no space, `=`, `]`, `"` or control character.
fn name(text: &[u8]) -> IResult<&[u8], &[u8], ()> {
    take_while1(|b: u8| b > b' ' && !matches!(b, b'=' | b']' | b'"' | 0x7F)).parse(text)
}

fn blanks(text: &[u8]) -> IResult<&[u8], &[u8], ()> {
    take_while(|b| b == b' ').parse(text)
}

fn blanks_skipped(text: &[u8]) -> &[u8] {
    blanks(text).map_or(text, |(rest, _)| rest)
}

/// Reads a value, quoted or not; returns what follows it.
fn value(text: &[u8]) -> Option<(&[u8], Cow<'_, [u8]>)> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let end = text.iter().position(|b| matches!(b, b' ' | b']' | b'"'))?;
        let (value, rest) = text.split_at_checked(end)?;
        return Some((rest, Cow::Borrowed(value)));
    };
    let mut from = 0;
    let mut escapes = 0;
    let mut open_brackets: usize = 0;
    loop {
        let passed = memchr::memchr3(b'"', b'\\', b']', quoted.get(from..)?)?;
        let at = from + passed;
        match quoted.get(at)? {
            b'"' => {
                let value = quoted.get(..at)?;
                let value = if escapes == 0 { Cow::Borrowed(value) } else { Cow::Owned(unescaped(value)) };
                return Some((quoted.get(at + 1..)?, value));
            }
            b'\\' => {
                escapes += 1;
                // The escaped character is skipped; a backslash that escapes nothing is followed by plain text.
                from = at + 2;
            }
            _ => {
                // Only these are counted: most values have no bracket to close.
                open_brackets += memchr::memchr_iter(b'[', quoted.get(from..at)?).count();
                open_brackets = open_brackets.checked_sub(1)?;
                from = at + 1;
            }
        }
    }
}

fn unescaped(value: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(value.len());
    let mut bytes = value.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match bytes.peek() {
            Some(&next @ (b'"' | b'\\' | b']')) if byte == b'\\' => {
                plain.push(next);
                bytes.next();
            }
            _ => plain.push(byte),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)], rest: &str) {
        let mut attributes = Attributes::default();
        assert_eq!(read(text.as_bytes(), &mut attributes), Some(rest.as_bytes()), "{text}");
        assert_eq!(attributes.iter().collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn parameters_become_attributes_in_their_order() {
        check("- text", &[], " text");
        check(r#"[a@1 x="1" y="2"][b z=""] text"#, &[("a@1.x", "1"), ("a@1.y", "2"), ("b.z", "")], " text");
        check(r#"[a x="1" x="2"][a x="3"]"#, &[("a.x", "1"), ("a.x", "2"), ("a.x", "3")], "");
        check("[flag][a x=\"grüße\"]", &[("flag", ""), ("a.x", "grüße")], "");
    }

    #[test]
    fn escapes_are_resolved_and_other_backslashes_kept() {
        check(r#"[a x="q\"b\]s\\"]"#, &[("a.x", r#"q"b]s\"#)], "");
        check(r#"[a x="C:\temp\\"]"#, &[("a.x", r"C:\temp\")], "");
    }

    #[test]
    fn what_programs_get_wrong_without_ambiguity_is_understood() {
        check(r#"[a x="1" ] t"#, &[("a.x", "1")], " t");
        check(r#"[a x= "1"] t"#, &[("a.x", "1")], " t");
        check("[a x=10 y] t", &[("a.x", "10"), ("a.y", "")], " t");
        check(
            r#"[a x="[1]"][b y="f[0][1] of [2]" z="[3"] t"#,
            &[("a.x", "[1]"), ("b.y", "f[0][1] of [2]"), ("b.z", "[3")],
            " t",
        );
    }

    #[test]
    fn broken_elements_are_refused() {
        for text in ["", "X", "[]", "[ ]", "[\"]", "[a", "[a ", "[a x", "[a x=", "[a =1]"] {
            assert_eq!(read(text.as_bytes(), &mut Attributes::default()), None, "{text}");
        }
        for text in [r#"[a x="1"#, r#"[a x="1\"]"#, r#"[a x="]"]"#, r#"[a x="[1]]"]"#, r#"[a x=""b"]"#, r#"[a x="1\"#] {
            assert_eq!(read(text.as_bytes(), &mut Attributes::default()), None, "{text}");
        }
    }
}
