//! The fields of a record: `name=value`, the value bare, in double quotes, or hexadecimal where it may hold anything.

use std::borrow::Cow;

use crate::Attributes;

/// Whether the kernel and the daemon write the text of this field in hexadecimal where it has blanks, quotes or control
/// characters.
fn is_encoded(name: &str) -> bool {
    // Most names are told apart by their first letter.
    match name.as_bytes().first() {
        Some(b'a') => name == "acct",
        Some(b'c') => matches!(name, "cgroup" | "cmd" | "comm" | "cwd"),
        Some(b'd') => matches!(name, "data" | "device" | "dir"),
        Some(b'e') => name == "exe",
        Some(b'f') => name == "file",
        Some(b'g') => name == "grp",
        Some(b'i') => matches!(name, "id" | "img-ctx"),
        Some(b'k') => name == "key",
        Some(b'n') => matches!(name, "name" | "new-disk" | "new_group"),
        Some(b'o') => matches!(name, "ocomm" | "old-disk" | "op"),
        Some(b'p') => matches!(name, "path" | "proctitle"),
        Some(b'r') => name == "root_dir",
        Some(b's') => name == "sw",
        Some(b'u') => name == "unit",
        Some(b'v') => matches!(name, "vm" | "vm-ctx"),
        Some(b'w') => name == "watch",
        _ => false,
    }
}

/// Adds the fields of `text`, a record of the type `kind`; words without a value are passed over.
pub(super) fn read(text: &str, kind: &str, attributes: &mut Attributes) {
    let mut rest = text.trim_start();
    if let Some(decision) = rest.strip_prefix("avc:") {
        rest = access_vector(decision.trim_start(), attributes);
    }
    let mut word = "";
    while !rest.is_empty() {
        let word_end = rest.bytes().take_while(|b| !matches!(b, b' ' | b'=')).count();
        let (name, after) = rest.split_at_checked(word_end).unwrap_or((rest, ""));
        let Some(value) = after.strip_prefix('=') else {
            word = name;
            rest = after.trim_start();
            continue;
        };
        // Before Linux 3.14 a login has "old auid=4294967295 new auid=0".
        let name = match (std::mem::take(&mut word), name) {
            ("old", "auid") => "old-auid",
            ("old", "ses") => "old-ses",
            _ => name,
        };
        if let Some(inner) = value.strip_prefix('\'') {
            // Nothing inside is quoted twice: the last quote ends it.
            let (inner, after) = inner.rsplit_once('\'').unwrap_or((inner, ""));
            inner_fields(inner, kind, attributes);
            rest = after.trim_start();
            continue;
        }
        let (raw, quoted, after) = value_of(value);
        push(attributes, kind, name, raw, quoted);
        rest = after.trim_start();
    }
}

/// The fields within `msg='…'`.
fn inner_fields(text: &str, kind: &str, attributes: &mut Attributes) {
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let word_end = rest.bytes().take_while(|b| !matches!(b, b' ' | b'=')).count();
        let (name, after) = rest.split_at_checked(word_end).unwrap_or((rest, ""));
        if let Some(value) = after.strip_prefix('=') {
            let (raw, quoted, after) = value_of(value);
            push(attributes, kind, name, raw, quoted);
            rest = after.trim_start();
        } else {
            rest = after.trim_start();
        }
    }
}

/// SELinux' `denied  { read write } for  …`, under the names that ausearch has for it.
fn access_vector<'a>(text: &'a str, attributes: &mut Attributes) -> &'a str {
    let Some((result, rest)) = text.split_once('{') else { return text };
    let Some((permissions, rest)) = rest.split_once('}') else { return text };
    attributes.push("seresult", result.trim());
    attributes.push("seperms", permissions.trim());
    rest.trim_start()
}

/// The value that `text` begins with, whether it stood in quotes, and what follows it.
fn value_of(text: &str) -> (&str, bool, &str) {
    if let Some(quoted) = text.strip_prefix('"')
        && let Some((value, after)) = quoted.split_once('"')
    {
        return (value, true, after);
    }
    let end = text.bytes().take_while(|b| *b != b' ').count();
    let (value, after) = text.split_at_checked(end).unwrap_or((text, ""));
    (value.strip_suffix(',').unwrap_or(value), false, after)
}

fn push(attributes: &mut Attributes, kind: &str, name: &str, raw: &str, quoted: bool) {
    let is_unset = matches!(raw, "" | "?" | "(null)");
    if name.is_empty() || is_unset {
        return;
    }
    let argument = if kind == "EXECVE" { argument(name) } else { None };
    // Red Hat 5 puts what PAM says of the client in parentheses.
    let name = name.trim_start_matches('(');
    let raw = if quoted || raw.contains('(') { raw } else { raw.trim_end_matches(')') };
    // The id of an account is a number where it has no letter.
    let is_plain_id = || name == "id" && raw.bytes().all(|b| b.is_ascii_digit());
    let value = if !quoted && argument == Some(Argument::Piece) {
        // The kernel encodes all pieces of one if any has to be.
        match hexadecimal(raw) {
            Some(bytes) => text_of(bytes),
            None => Cow::Borrowed(raw),
        }
    } else if !quoted && (is_encoded(name) || argument.is_some()) && !is_plain_id() {
        decoded(raw).unwrap_or(Cow::Borrowed(raw))
    } else {
        Cow::Borrowed(raw)
    };
    attributes.push(name, &value);
}

/// The text that `raw` is in hexadecimal; `None` where it is not. The NULs between the words of a command line are blanks.
///
/// A text without a blank, a quote or another byte than ASCII's is written as it is, so that digits that would give one are none.
fn decoded(raw: &str) -> Option<Cow<'_, str>> {
    let text = hexadecimal(raw)?;
    let is_plain = text.iter().all(|byte| matches!(byte, b'!' | b'#'..=b'~'));
    (!is_plain).then(|| text_of(text))
}

fn text_of(mut bytes: Vec<u8>) -> Cow<'static, str> {
    bytes.iter_mut().filter(|byte| **byte == 0).for_each(|byte| *byte = b' ');
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// A word of a command line, or one of the pieces in which a long one comes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Argument {
    Whole,
    Piece,
}

/// What `a1` and `a1[0]` name; `a1_len` is a number.
fn argument(name: &str) -> Option<Argument> {
    let number = name.strip_prefix('a')?;
    let behind = number.trim_start_matches(|c: char| c.is_ascii_digit());
    match behind {
        _ if behind.len() == number.len() => None,
        "" => Some(Argument::Whole),
        _ => (behind.starts_with('[') && behind.ends_with(']')).then_some(Argument::Piece),
    }
}

/// The bytes that `raw` is in hexadecimal, in capitals as the kernel writes it; `None` where it is not.
pub(super) fn hexadecimal(raw: &str) -> Option<Vec<u8>> {
    let bytes = raw.as_bytes();
    if bytes.len() < 2 || !bytes.len().is_multiple_of(2) {
        return None;
    }
    let nibble = |b: u8| match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'A'..=b'F' => Some(b - b'A' + 10),
        _ => None,
    };
    let mut decoded = Vec::with_capacity(bytes.len() / 2);
    for pair in bytes.chunks_exact(2) {
        let [high, low] = pair else { return None };
        decoded.push(nibble(*high)? << 4 | nibble(*low)?);
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: &str, text: &str, expected: &[(&str, &str)]) {
        let mut attributes = Attributes::default();
        read(text, kind, &mut attributes);
        assert_eq!(attributes.iter().collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn the_former_id_of_a_login_is_not_its_id() {
        check(
            "LOGIN",
            "login pid=7 old auid=4294967295 new auid=0 old ses=4 new ses=5",
            &[("pid", "7"), ("old-auid", "4294967295"), ("auid", "0"), ("old-ses", "4"), ("ses", "5")],
        );
    }

    #[test]
    fn encoded_texts_are_decoded_where_a_field_may_be_encoded() {
        check("PROCTITLE", "proctitle=6C73002D6C", &[("proctitle", "ls -l")]);
        check(
            "EXECVE",
            "a0=\"sh\" a1_len=8192 a1[0]=6C73202D6C a1[1]=6364",
            &[("a0", "sh"), ("a1_len", "8192"), ("a1[0]", "ls -l"), ("a1[1]", "cd")],
        );
        check("EXECVE", "argc=2 a0=\"ls\" a1=2D6C20", &[("argc", "2"), ("a0", "ls"), ("a1", "-l ")]);
        check("SYSCALL", "a0=2D6C pid=1234 comm=\"4142\"", &[("a0", "2D6C"), ("pid", "1234"), ("comm", "4142")]);
        check("PATH", "name=abc", &[("name", "abc")]);
        check("PATH", "name=626F62", &[("name", "626F62")]);
    }

    #[test]
    fn a_number_is_no_text_and_parentheses_are_no_part_of_a_field() {
        check(
            "ADD_USER",
            "msg='op=add-user id=1002 res=success'",
            &[("op", "add-user"), ("id", "1002"), ("res", "success")],
        );
        check(
            "USER_ERR",
            "msg='PAM: bad_ident acct=\"?\" : exe=\"/x\" (hostname=h, addr=192.0.2.7, terminal=ssh res=failed)'",
            &[("exe", "/x"), ("hostname", "h"), ("addr", "192.0.2.7"), ("terminal", "ssh"), ("res", "failed")],
        );
    }

    #[test]
    fn decisions_of_selinux_are_named() {
        check(
            "AVC",
            "avc:  denied  { read write } for  pid=3 tclass=dir",
            &[("seresult", "denied"), ("seperms", "read write"), ("pid", "3"), ("tclass", "dir")],
        );
    }

    #[test]
    fn words_between_the_fields_are_passed_over() {
        check("LOGIN", " login pid=3 old auid=1 new auid=2, x", &[("pid", "3"), ("old-auid", "1"), ("auid", "2")]);
        check(
            "USER_ACCT",
            "msg='PAM: accounting acct=bob : exe=\"/x\" addr=? res=success'",
            &[("acct", "bob"), ("exe", "/x"), ("res", "success")],
        );
    }
}
