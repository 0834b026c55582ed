//! A value of any type (`AnyValue`), and how it is written as text.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A decoded `AnyValue`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Any<'a> {
    #[default]
    Empty,
    /// A text, as bytes: senders have been seen that do not keep to UTF-8.
    Text(Cow<'a, [u8]>),
    /// A number, a truth, a list or a map, as JSON.
    Json(Cow<'a, str>),
}

impl Any<'_> {
    /// The value as an attribute holds it; `None` for an empty one.
    pub(super) fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Empty => None,
            Self::Text(text) => Some(String::from_utf8_lossy(text)),
            Self::Json(json) => Some(Cow::Borrowed(json)),
        }
    }

    /// Appends the value as JSON.
    pub(super) fn write_json(&self, out: &mut String) {
        match self {
            Self::Empty => out.push_str("null"),
            Self::Text(text) => write_text(&String::from_utf8_lossy(text), out),
            Self::Json(json) => out.push_str(json),
        }
    }
}

/// Appends `text` as a JSON string.
pub(super) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                // Writing to a String does not fail.
                write!(out, "\\u{:04x}", control as u32).ok();
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// Appends `items` between brackets, separated by commas.
pub(super) fn write_joined<T, E>(
    brackets: [char; 2],
    out: &mut String,
    mut next: impl FnMut() -> Result<Option<T>, E>,
    mut write: impl FnMut(T, &mut String) -> Result<(), E>,
) -> Result<(), E> {
    let [open, close] = brackets;
    out.push(open);
    let mut is_first = true;
    while let Some(item) = next()? {
        if !is_first {
            out.push(',');
        }
        is_first = false;
        write(item, out)?;
    }
    out.push(close);
    Ok(())
}
