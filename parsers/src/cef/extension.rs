//! The extension of a CEF record: keys with values that may hold blanks.

use memchr::memchr;

use crate::Attributes;

/// Adds the pairs of `text`, and then each value that has a label once more under it.
pub(super) fn read(text: &str, attributes: &mut Attributes) {
    let bytes = text.as_bytes();
    let first = attributes.len();
    let mut has_labels = false;
    let mut current: Option<(&str, usize)> = None;
    let mut from = 0;
    while let Some(equals) = memchr(b'=', bytes.get(from..).unwrap_or_default()).map(|found| from + found) {
        if let Some(key_start) = key_before(bytes, from, equals) {
            if let Some((key, value_start)) = current {
                push(attributes, key, text.get(value_start..key_start).unwrap_or_default());
            }
            let key = text.get(key_start..equals).unwrap_or_default();
            has_labels |= key.ends_with("Label");
            current = Some((key, equals + 1));
        }
        from = equals + 1;
    }
    if let Some((key, value_start)) = current {
        push(attributes, key, text.get(value_start..).unwrap_or_default());
    }
    if has_labels {
        add_labelled(attributes, first);
    }
}

/// Where the key begins that ends at `equals`; `None` where the sign is a part of a value.
///
/// Looks back no further than `from`, behind the sign before, so that all looks together cross the text once.
fn key_before(bytes: &[u8], from: usize, equals: usize) -> Option<usize> {
    let before = bytes.get(from..equals)?;
    let is_key = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-' | b'[' | b']' | b'@' | 0x80..);
    let length = before.iter().rev().take_while(|b| is_key(b)).count();
    let start = equals - length;
    let stands_free = start == 0 || bytes.get(start - 1).is_some_and(|b| matches!(b, b' ' | b'\t' | b'\n' | b'|'));
    // A bar divides nothing here, but some devices end the header with two.
    let bar = start > 0 && bytes.get(start - 1) == Some(&b'|');
    (length > 0 && stands_free && (!bar || start == 1)).then_some(start)
}

fn push(attributes: &mut Attributes, key: &str, value: &str) {
    let value = super::unquoted(value.trim_end());
    if value.is_empty() {
        return;
    }
    if memchr(b'\\', value.as_bytes()).is_none() {
        attributes.push(key, value);
    } else {
        attributes.push(key, &unescape(value));
    }
}

/// A value without its escapes; a backslash before anything else stands for itself.
fn unescape(value: &str) -> String {
    let mut plain = String::with_capacity(value.len());
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        let next = (c == '\\').then(|| chars.next_if(|next| matches!(next, '=' | '\\' | '|' | 'n' | 'r'))).flatten();
        plain.push(match next {
            Some('n') => '\n',
            Some('r') => '\r',
            Some(other) => other,
            None => c,
        });
    }
    plain
}

/// Adds `Rule=x` where `cs2=x` and `cs2Label=Rule` are among the pairs from the `first` on.
fn add_labelled(attributes: &mut Attributes, first: usize) {
    // A record has one to a dozen labels; more than these are no device's.
    const LABELS_MAX: usize = 32;
    let labels: Vec<(&str, &str)> = attributes
        .iter()
        .skip(first)
        .filter_map(|(key, label)| Some((key.strip_suffix("Label")?, label)))
        .take(LABELS_MAX)
        .collect();
    let mut labelled = Vec::with_capacity(labels.len());
    for (key, label) in labels {
        let value = attributes.iter().skip(first).find(|(name, _)| *name == key).map(|(_, value)| value);
        if let Some(value) = value {
            labelled.push((label.to_owned(), value.to_owned()));
        }
    }
    for (label, value) in labelled {
        attributes.push(&label, &value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let mut attributes = Attributes::default();
        read(text, &mut attributes);
        attributes.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    fn check(text: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(pairs(text), expected, "{text}");
    }

    #[test]
    fn a_value_ends_before_the_next_key() {
        check("a=1 b=two words  c=3", &[("a", "1"), ("b", "two words"), ("c", "3")]);
        check(" request=http://x/?q=1&r=2 act=no", &[("request", "http://x/?q=1&r=2"), ("act", "no")]);
        check("a= b=2", &[("b", "2")]);
        check("a=x =y = z", &[("a", "x =y = z")]);
        check("no pairs", &[]);
    }

    #[test]
    fn escapes_are_resolved() {
        check(r"a=x\=y b=l1\nl2 c=C:\dir\\x d=e\", &[("a", "x=y"), ("b", "l1\nl2"), ("c", r"C:\dir\x"), ("d", r"e\")]);
        check(r"a=b c\=d", &[("a", "b c=d")]);
    }

    #[test]
    fn a_value_with_a_label_is_found_under_it() {
        check("cs1Label=Rule cs1=r7", &[("cs1Label", "Rule"), ("cs1", "r7"), ("Rule", "r7")]);
    }
}
