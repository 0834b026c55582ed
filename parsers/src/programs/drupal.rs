//! Drupal's records over syslog, whose parts are divided by bars; the site is free to choose the program's name:
//!
//! ```text
//! https://a.example|1700000000|user|192.0.2.7|https://a.example/user|https://a.example/|0||Login attempt failed for bob.
//! ```

use super::{Found, patterns, template};

/// The parts before the message, by the names of Drupal's placeholders. The time is the header's.
const PARTS: [&str; 8] = ["base_url", "", "type", "", "request_uri", "referer", "uid", "link"];

/// Whether `message` begins like a record of Drupal's.
pub(super) fn may_be(message: &[u8]) -> bool {
    message.starts_with(b"http") && memchr::memchr(b'|', message).is_some()
}

/// Reads a record in the module's own order.
pub(super) fn read(text: &str) -> Option<Found<'_>> {
    let mut parts = text.splitn(PARTS.len() + 1, '|');
    let before = [(); PARTS.len()].map(|()| parts.next().unwrap_or_default());
    let message = parts.next()?;
    let [_, at, _, ip, ..] = before;
    let is_time = (9..=11).contains(&at.len()) && at.bytes().all(|b| b.is_ascii_digit());
    template::address_of(ip).filter(|_| is_time)?;
    let mut found = template::first(patterns::of("drupal")?, message).unwrap_or_default();
    found.ip = ip;
    for (name, value) in PARTS.into_iter().zip(before).filter(|(name, _)| !name.is_empty()) {
        found.fields.push((name, value));
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_and_the_client_of_a_record_are_read() {
        for (text, expected) in [
            (
                "https://a.example/shop|1700000000|user|192.0.2.7|https://a.example/shop/user|https://a.example/|0||Login attempt failed for bob.",
                "bob 192.0.2.7 failure user",
            ),
            (
                "http://a.example|1700000000|user|2001:db8::7|http://a.example/user|http://a.example/user|1||Session opened for ann lee.",
                "ann lee 2001:db8::7 success user",
            ),
            (
                "http://a.example|1700000000|page not found|192.0.2.7|http://a.example/x|||0||x",
                " 192.0.2.7  page not found",
            ),
        ] {
            let found = read(text).unwrap_or_else(|| panic!("{text} is not read"));
            let kind = found.fields.iter().find(|(name, _)| *name == "type").map_or("", |(_, value)| value);
            assert_eq!(format!("{} {} {} {kind}", found.user, found.ip, found.outcome), expected, "{text}");
        }
    }

    #[test]
    fn other_texts_with_bars_are_refused() {
        for text in [
            "",
            "http://a|b",
            "http://a.example|x|user|192.0.2.7|a|b|0||c",
            "http://a.example|1700000000|user|x|a|b|0||c",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
