//! JSON objects one behind the other on a line.

use crate::json::extent::{Found, Scan};

/// The length of the object at the front of `text`, if another one stands behind it on its line.
pub(super) fn first_of_several(text: &[u8]) -> Option<usize> {
    if text.first() != Some(&b'{') {
        return None;
    }
    let Found::End(length) = Scan::default().advance(text, false) else { return None };
    let behind = text.get(length..)?.iter().find(|b| !matches!(b, b' ' | b'\t'));
    (behind == Some(&b'{')).then_some(length)
}
