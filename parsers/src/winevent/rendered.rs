//! The user and the address in the text that Windows makes of an event for people.

use std::borrow::Cow;

use crate::{LogEvent, address};

/// Fills the user and the address of `event` from a rendered text, where they are empty.
///
/// Such a text names first the account that asked, and then the account that was asked for: the last one that is
/// named counts.
pub(super) fn complete(event: &mut LogEvent<'_>, text: &str) {
    if event.user_name.is_empty() {
        let names = text.match_indices("Account Name:").chain(text.match_indices("User Name:"));
        // Up to Windows 2003 the one that asked stands behind the other.
        let names = names.filter(|(at, _)| !text.get(..*at).is_some_and(|before| before.ends_with("Caller ")));
        let user = names.filter_map(|(at, label)| value(text, at + label.len())).last();
        event.user_name = Cow::Owned(user.unwrap_or_default().to_owned());
    }
    if event.ip.is_none() {
        let labels = ["Source Network Address:", "Client Address:", "Source Address:"];
        let values = labels.into_iter().filter_map(|label| value(text, text.find(label)? + label.len()));
        event.ip = values.filter_map(address::parse).map(|found| found.ip).next();
    }
}

/// The word after a label; `-` is none.
fn value(text: &str, at: usize) -> Option<&str> {
    let rest = text.get(at..)?.trim_start_matches([' ', '\t']);
    let word = rest.split_whitespace().next().filter(|_| !rest.starts_with(['\r', '\n']))?;
    (word != "-" && word.len() <= 256).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_that_was_asked_for_is_the_user() {
        let mut event = LogEvent::default();
        complete(
            &mut event,
            "failed.\r\n\tAccount Name:\t\tPC1$\r\nFor Which:\r\n\tAccount Name:\t\tbob\r\n\tClient Address:\t::ffff:192.0.2.7",
        );
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
        let mut event = LogEvent::default();
        complete(&mut event, "Account Name: bob Account Name: - Source Network Address: -");
        assert_eq!((&*event.user_name, event.ip), ("bob", None));
        let mut event = LogEvent::default();
        complete(
            &mut event,
            "Successful Logon: User Name: bob Domain: EXAMPLE Caller User Name: PC1$ Caller Domain: EXAMPLE",
        );
        assert_eq!(event.user_name, "bob");
        let mut event = LogEvent::default();
        complete(&mut event, "Account Name:\r\nOther: x");
        assert_eq!(event.user_name, "");
    }
}
