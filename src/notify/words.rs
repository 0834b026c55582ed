//! Words and cuts that several channels share.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};

use super::message::{AlertFacts, Event, Message};

/// Facts that are lists show so much of them.
const LIST_CHARACTERS_MAX: usize = 400;
const VALUE_CHARACTERS_MAX: usize = 200;

/// `HIGH: SSH brute force`, with what happened to it unless it was raised.
pub(super) fn title(message: &Message) -> String {
    let alert = &message.alert;
    let name = one_line(&alert.rule_name);
    match message.event {
        Event::Raised => format!("{}: {name}", alert.severity.name().to_uppercase()),
        Event::Resolved => format!("RESOLVED: {name}"),
        Event::Test => format!("TEST: {name}"),
    }
}

/// What there is to say of an alert beside its title and description, name by value.
pub(super) fn facts(alert: &AlertFacts) -> Vec<(Cow<'static, str>, String)> {
    let mut facts: Vec<(Cow<'static, str>, String)> = vec![
        ("Severity".into(), alert.severity.name().to_owned()),
        ("Status".into(), alert.status.name().to_owned()),
        ("Rule".into(), alert.rule_code.clone()),
        ("First seen".into(), seconds(alert.triggered_at)),
        ("Last seen".into(), seconds(alert.last_seen_at)),
        ("Records".into(), alert.log_count.to_string()),
    ];
    let mut add = |name: Cow<'static, str>, value: &str, most| {
        if !value.is_empty() {
            facts.push((name, cut(&one_line(value), most).into_owned()));
        }
    };
    add("Cluster".into(), alert.cluster.as_deref().unwrap_or_default(), VALUE_CHARACTERS_MAX);
    add("Hosts".into(), &alert.hosts.join(", "), LIST_CHARACTERS_MAX);
    add("Address".into(), alert.related_ip.as_deref().unwrap_or_default(), VALUE_CHARACTERS_MAX);
    add("User".into(), alert.related_user.as_deref().unwrap_or_default(), VALUE_CHARACTERS_MAX);
    for (name, value) in &alert.group {
        add(Cow::Owned(one_line(name).into_owned()), value, VALUE_CHARACTERS_MAX);
    }
    add("Tags".into(), &alert.tags.join(", "), LIST_CHARACTERS_MAX);
    facts
}

/// `2027-01-15T08:00:00Z`
pub(super) fn seconds(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// `2027-01-15T08:00:00.250Z`
pub(super) fn milliseconds(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// With a space for each control character, and for what some readers take for a line's end.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    if !text.contains(breaks) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if breaks(c) { ' ' } else { c }).collect())
}

/// At most `most` characters; the last one is `…` where something is missing.
pub(super) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.chars().nth(most).is_none() {
        return Cow::Borrowed(text);
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    Cow::Owned(short)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::sample;

    #[test]
    fn the_title_says_what_happened() {
        assert_eq!(title(&sample(Event::Raised)), "HIGH: SSH <brute> force & \"more\"");
        assert_eq!(title(&sample(Event::Resolved)), "RESOLVED: SSH <brute> force & \"more\"");
        assert_eq!(title(&Message::test("", DateTime::UNIX_EPOCH)), "TEST: Test of this channel");
    }

    #[test]
    fn what_is_unknown_is_not_among_the_facts() {
        let names = |alert: &AlertFacts| facts(alert).into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(" ");
        let full = "Severity Status Rule First seen Last seen Records Cluster Hosts Address User user_name attributes.src-port Tags";
        assert_eq!(names(&sample(Event::Raised).alert), full);
        let bare = "Severity Status Rule First seen Last seen Records";
        assert_eq!(names(&Message::test("", DateTime::UNIX_EPOCH).alert), bare);
    }

    #[test]
    fn text_is_cut_between_characters_and_says_so() {
        for (text, most, short) in [("ééé", 3, "ééé"), ("éééé", 3, "éé…"), ("", 0, ""), ("ab", 1, "…")]
        {
            assert_eq!(cut(text, most), short);
        }
    }

    #[test]
    fn line_ends_become_spaces() {
        assert_eq!(one_line("a\r\nb\u{2028}c\0"), "a  b c ");
        assert_eq!(one_line("é b"), "é b");
    }
}
