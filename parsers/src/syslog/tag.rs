//! The tag of a BSD syslog line: the program's name, its process id in brackets, and a colon (RFC 3164, section 4.1.3).

/// A tag as it stands in a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    /// The program's name; `-` and nothing both mean that the sender states none.
    pub(crate) app: &'a [u8],
    /// What stands in brackets behind the name.
    pub(crate) proc_id: &'a [u8],
    /// Whether a colon ends the tag.
    pub(crate) colon: bool,
    /// What follows the tag and one blank.
    pub(crate) message: &'a [u8],
}

/// Reads the tag at the front of `text`. A name ends at a blank, a colon or a bracket, as for rsyslog and syslog-ng.
///
/// Text that begins like a JSON object or with logfmt's message has no tag, and neither has text that begins with a column's rule or whose first word a line feed ends.
pub(crate) fn read(text: &[u8]) -> Tag<'_> {
    let end = text.iter().position(|b| matches!(b, b' ' | b'\t' | b'\n' | b':' | b'[')).unwrap_or(text.len());
    if text.starts_with(b"{") || text.starts_with(b"msg=\"") || text.starts_with(b"| ") || text.get(end) == Some(&b'\n')
    {
        return Tag { message: text, ..Tag::default() };
    }
    // "-- root[7]: text": what login makes of its name while it asks for a password.
    let behind_dashes =
        text.strip_prefix(b"-- ").map(|text| text.iter().take_while(|b| b.is_ascii_alphanumeric()).count() + 3);
    let end = behind_dashes.filter(|end| text.get(*end..).and_then(id_before_colon).is_some()).unwrap_or(end);
    let (mut app, rest) = text.split_at_checked(end).unwrap_or((text, b""));
    let behind_blank = || id_before_colon(rest.strip_prefix(b" ")?);
    let (mut proc_id, mut rest) = bracketed(rest).or_else(behind_blank).unwrap_or((b"", rest));
    // metalog writes the name alone, in brackets; others have the id in brackets behind it. A level in them is a part of the text.
    if app.is_empty() && proc_id.first().is_some_and(u8::is_ascii_alphabetic) {
        if names_level(proc_id) {
            return Tag { message: text, ..Tag::default() };
        }
        let is_id = |id: &[u8]| !id.is_empty() && id.iter().all(u8::is_ascii_digit);
        (app, (proc_id, rest)) = (proc_id, bracketed(rest).filter(|(id, _)| is_id(id)).unwrap_or((b"", rest)));
    }
    let (colon, rest) = rest.strip_prefix(b":").map_or((false, rest), |rest| (true, rest));
    let message = match rest {
        [b' ' | b'\t', message @ ..] => message,
        _ => rest,
    };
    Tag { app, proc_id, colon, message }
}

/// The tag at the front of a line that has no time, where only its form tells it from text.
///
/// It is a word that ends in a colon (but no word for a level) or in an id in brackets, or, as firewalls
/// send it directly behind the priority, a word with a `=` in it or a list of topics.
pub(super) fn read_unstamped(text: &[u8]) -> Option<Tag<'_>> {
    let tag = read(text);
    let named = text.first() != Some(&b'[')
        && matches!(tag.app, [b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'%' | b'/' | b'_' | b'.', ..]);
    if !named || !tag.app.is_ascii() {
        return None;
    }
    let bounded =
        tag.message.is_empty() || text.get(..text.len() - tag.message.len()).is_some_and(|t| t.ends_with(b" "));
    let is_tag = match (tag.colon, tag.proc_id.is_empty()) {
        (true, true) => bounded && !names_level(tag.app),
        (_, false) => bounded,
        (false, true) => tag.app.contains(&b'=') || is_topics(tag.app),
    };
    is_tag.then_some(tag)
}

fn names_level(word: &[u8]) -> bool {
    str::from_utf8(word).is_ok_and(|word| crate::level_names::from_word(word).is_some())
}

/// Whether `word` is a list of MikroTik's topics.
fn is_topics(word: &[u8]) -> bool {
    word.contains(&b',') && str::from_utf8(word).is_ok_and(|word| crate::mikrotik::level_of_topics(word).is_some())
}

/// The process id in the brackets that `text` begins with, where a colon and a blank follow, and what follows the bracket.
///
/// SOGo leaves a blank between its name and the brackets.
pub(super) fn id_before_colon(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (id, rest) = bracketed(text)?;
    (!id.is_empty() && id.iter().all(u8::is_ascii_digit) && rest.starts_with(b": ")).then_some((id, rest))
}

/// The text in the brackets that `text` begins with, and what follows them.
fn bracketed(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inside = text.strip_prefix(b"[")?;
    let end = inside.iter().position(|b| matches!(b, b']' | b' ' | b'['))?;
    let (id, rest) = inside.split_at_checked(end)?;
    Some((id, rest.strip_prefix(b"]")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, app: &str, proc_id: &str, message: &str) {
        let tag = read(text.as_bytes());
        let found = [tag.app, tag.proc_id, tag.message].map(String::from_utf8_lossy);
        assert_eq!(found, [app, proc_id, message], "{text}");
    }

    #[test]
    fn name_id_and_message_are_told_apart() {
        check("sshd[812]: text", "sshd", "812", "text");
        check("postfix/smtpd[60203]: text", "postfix/smtpd", "60203", "text");
        check("kernel:  two blanks", "kernel", "", " two blanks");
        check("tag:text", "tag", "", "text");
        check("tag[12] text", "tag", "12", "text");
        check("tag text", "tag", "", "text");
        check("msg=\"a b\" n=7", "", "", "msg=\"a b\" n=7");
        check("| INFO     | text", "", "", "| INFO     | text");
        check("-- root[7]: text", "-- root", "7", "text");
        check("-- root: text", "--", "", "root: text");
        check("[sshd]: text", "sshd", "", "text");
        check("[sshd] text", "sshd", "", "text");
        check("[sshd][7] text", "sshd", "7", "text");
        check("[sshd][main] text", "sshd", "", "[main] text");
        check("[7] text", "", "7", "text");
        check("sogod [7]: text", "sogod", "7", "text");
        check("sogod [7] text", "sogod", "", "[7] text");
        check("[error] text", "", "", "[error] text");
        check("tag", "tag", "", "");
        check("sshd(pam_unix)[12]: text", "sshd(pam_unix)", "12", "text");
        check("a[not an id]: text", "a", "", "[not an id]: text");
        check("- text", "-", "", "text");
        check(": text", "", "", "text");
        check("{\"a\": 1}", "", "", "{\"a\": 1}");
        check("CEF:0|a|b", "CEF", "", "0|a|b");
        check("boom\nTraceback", "", "", "boom\nTraceback");
        check("boom:\nTraceback", "boom", "", "\nTraceback");
        check("MSWinEventLog\t1\tSecurity", "MSWinEventLog", "", "1\tSecurity");
    }

    #[test]
    fn without_a_time_only_the_form_makes_a_tag() {
        for text in ["su: text", "app[7]: text", "app[7] text", "app:", "date=2026-11-20 time=18:00:01"] {
            assert!(read_unstamped(text.as_bytes()).is_some(), "{text}");
        }
        for text in [
            "user alice: text",
            "ERROR: text",
            "http://host/ text",
            "{\"a=\": 1}",
            "[main] text",
            "[main]: text",
            "grüße: text",
            "",
        ] {
            assert_eq!(read_unstamped(text.as_bytes()), None, "{text}");
        }
    }
}
