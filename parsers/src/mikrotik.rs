//! The topics that RouterOS puts in the place of a program's name: `system,error,critical login failure for user bob from 192.0.2.7 via ssh`.

use crate::{Level, level_names};

/// The level that `word` states, if it is a list of topics: one of them is a level.
pub(crate) fn level_of_topics(word: &str) -> Option<Level> {
    let is_list = word.contains(',') && word.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b',' | b'-' | b'!'));
    let mut levels = word.split(',').filter_map(|topic| match topic {
        "info" | "warning" | "error" | "critical" | "debug" => level_names::from_word(topic),
        _ => None,
    });
    // "error,critical" is how it writes of a login that failed.
    is_list.then(|| levels.next())?
}

#[cfg(test)]
mod tests {
    use crate::{Context, Format, Level, Zone, format};

    #[test]
    fn logins_behind_topics_are_read() {
        let cx = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };
        for (message, level, outcome) in [
            ("system,error,critical login failure for user bob from 192.0.2.7 via ssh", Level::Error, Some("failure")),
            ("system,info,account user bob logged in from 192.0.2.7 via winbox", Level::Info, Some("success")),
            ("system,info,account user bob logged out from 192.0.2.7 via winbox", Level::Info, None),
        ] {
            for header in ["<30>Nov 14 22:13:20 gw1 ", "<30>"] {
                let line = format!("{header}{message}");
                let event = format::parse(Format::Auto, line.as_bytes(), &cx);
                assert_eq!((event.ip, &*event.user_name), ("192.0.2.7".parse().ok(), "bob"), "{line}");
                assert_eq!((event.level, event.attributes.get("outcome")), (level, outcome), "{line}");
                assert!(event.app.starts_with("system,"), "{line}");
            }
        }
        assert_eq!(super::level_of_topics("system"), None);
        assert_eq!(super::level_of_topics("a,b"), None);
    }
}
