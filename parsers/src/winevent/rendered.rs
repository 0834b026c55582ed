//! The user and the address in the text that Windows makes of an event for people.

use std::borrow::Cow;

use crate::{LogEvent, address};

/// Fills the user and the address of `event` from a rendered text, where they are empty.
///
/// Such a text names first the account that asked, and then the account that was asked for: the last one that is
/// named counts.
pub(super) fn complete(event: &mut LogEvent<'_>, text: &str) {
    if event.user_name.is_empty() {
        event.user_name = Cow::Owned(user(text).or_else(|| user_of_line(text)).unwrap_or_default().to_owned());
    }
    if event.ip.is_none() {
        let labels = ["Source Network Address:", "Client Address:", "Source Address:", "Network Address:"];
        let values = labels.into_iter().filter_map(|label| value(text, text.find(label)? + label.len()));
        let found = values.filter_map(address::parse).map(|found| found.ip).next();
        event.ip = found.or_else(|| address::parse(line(text, "SourceIp: ")?).map(|found| found.ip));
    }
}

/// The last account that stands behind a label of its own.
fn user(text: &str) -> Option<&str> {
    let names = text.match_indices("Account Name:").chain(text.match_indices("User Name:"));
    // Up to Windows 2003 the one that asked stands behind the other.
    let names = names.filter(|(at, _)| !text.get(..*at).is_some_and(|before| before.ends_with("Caller ")));
    let named = names.filter_map(|(at, label)| {
        let start = at + label.len();
        let name = value(text, start)?;
        // A member of a group is named by its place in the directory.
        let is_member = name.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("CN="));
        if is_member { common_name(text.get(start..)?.trim_start()) } else { Some(name) }
    });
    let asked = || {
        ["Logon Account:", "Logon account:"].into_iter().find_map(|label| value(text, text.find(label)? + label.len()))
    };
    named.last().or_else(asked)
}

/// The account in the lines that Sysmon and PowerShell write: `User: …`, `SourceUser: …`, `User = …`.
fn user_of_line(text: &str) -> Option<&str> {
    ["User: ", "SourceUser: ", "User = ", "UserId="].into_iter().find_map(|label| line(text, label))
}

/// What stands behind a label that begins a line, up to the line's end. Agents write two blanks for that.
fn line<'t>(text: &'t str, label: &str) -> Option<&'t str> {
    let begins_line =
        |at: usize| text.get(..at).is_some_and(|before| before.ends_with(['\n', '\t']) || before.ends_with("  "));
    let (at, _) = text.match_indices(label).find(|(at, _)| begins_line(*at))?;
    let rest = text.get(at + label.len()..)?;
    let value = rest.split(['\r', '\n', '\t']).next()?.split("  ").next()?.trim();
    (!matches!(value, "" | "-") && value.len() <= 256).then_some(value)
}

/// `Bob Smith` of `CN=Bob Smith,OU=Staff,DC=example`.
pub(super) fn common_name(place: &str) -> Option<&str> {
    let name = place.get(..3).filter(|start| start.eq_ignore_ascii_case("CN=")).and_then(|_| place.get(3..))?;
    let name = name.split([',', '\r', '\n']).next()?.trim();
    (!name.is_empty() && name.len() <= 256).then_some(name)
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

    #[test]
    fn texts_of_lines_and_of_groups_name_their_account() {
        let check = |text: &str, user: &str, ip: &str| {
            let mut event = LogEvent::default();
            complete(&mut event, text);
            assert_eq!((&*event.user_name, event.ip), (user, ip.parse().ok()), "{text}");
        };
        check(
            "Network connection detected:\r\nImage: C:\\a.exe\r\nUser: NT AUTHORITY\\LOCAL SERVICE\r\nSourceIp: 192.0.2.7\r\nDestinationIp: 192.0.2.1",
            "NT AUTHORITY\\LOCAL SERVICE",
            "192.0.2.7",
        );
        check("Process accessed:  SourceUser: DOM\\bob  TargetUser: DOM\\ada", "DOM\\bob", "");
        check("x\r\nContext:\r\n        User = DOM\\bob\r\n        Connected User = \r\n", "DOM\\bob", "");
        check(
            "A member was added.\r\nSubject:\r\n\tAccount Name:\t\tada\r\nMember:\r\n\tAccount Name:\t\tCN=Bob Smith,OU=Staff\r\nGroup:\r\n\tGroup Name:\t\tAdmins",
            "Bob Smith",
            "",
        );
        check("It was validated.\r\nLogon Account:\tbob\r\nSource Workstation:\tPC1", "bob", "");
        check("Explicit.\r\nNetwork Information:\r\n\tNetwork Address:\t192.0.2.7\r\n\tPort:\t\t445", "", "192.0.2.7");
        check("Set the User: bob", "", "");
    }
}
