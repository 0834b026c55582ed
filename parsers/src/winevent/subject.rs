//! Whom an event is about, from the names that Windows gives to its data.

use std::net::IpAddr;

use super::rendered::common_name;
use crate::address;

/// Accounts, best first: the one that was asked for before the one that asked.
const USERS: [&str; 7] = ["TargetUserName", SUBJECT, "User", "UserName", "SourceUser", "cs-username", "Detection User"];
const SUBJECT: &str = "SubjectUserName";
const SUBJECT_RANK: usize = 1;

const ADDRESSES: [&str; 6] = ["IpAddress", "ClientAddress", "SourceAddress", "SourceIp", "c-ip", "Address"];

/// Collects the account and the address of an event, its data seen one after the other.
#[derive(Debug, Default)]
pub(crate) struct Subject {
    users: [Option<Box<str>>; USERS.len()],
    address: Option<(usize, IpAddr)>,
    /// Who is taken into a group, or out of one.
    member: Option<Box<str>>,
    /// The account of a session that somebody takes up again; elsewhere one that a service has.
    session: Option<Box<str>>,
    /// The account and the address that remote desktop has in places without names.
    desktop: (Option<Box<str>>, Option<IpAddr>),
}

impl Subject {
    /// Takes a value of the event's data.
    pub(crate) fn see(&mut self, name: &str, value: &str) {
        if matches!(value, "" | "-") {
            return;
        }
        let text = || Some(Box::from(value));
        if let Some(rank) = USERS.iter().position(|user| user.eq_ignore_ascii_case(name)) {
            if let Some(user) = self.users.get_mut(rank)
                && user.is_none()
            {
                *user = text();
            }
        } else if let Some(rank) = ADDRESSES.iter().position(|address| address.eq_ignore_ascii_case(name)) {
            if self.address.is_none_or(|(taken, _)| rank < taken)
                && let Some(found) = address::parse(value)
            {
                self.address = Some((rank, found.ip));
            }
        } else if name.eq_ignore_ascii_case("MemberName") {
            self.member = text();
        } else if name.eq_ignore_ascii_case("AccountName") {
            self.session = text();
        } else if name == "Param1" {
            self.desktop.0 = text();
        } else if name == "Param3" {
            self.desktop.1 = address::parse(value).map(|found| found.ip);
        } else if name.eq_ignore_ascii_case("ContextInfo") {
            let user = value.lines().find_map(|line| line.trim().strip_prefix("User = "));
            if let (Some(user), Some(last)) = (user, self.users.last_mut()) {
                *last = Some(user.trim().into());
            }
        }
    }

    /// The account that an event with this id is about.
    pub(crate) fn user(&mut self, id: &str) -> Option<Box<str>> {
        if is_about_group(id) {
            let member = self.member.as_deref().and_then(common_name).map(Box::from);
            return member.or_else(|| self.users.get_mut(SUBJECT_RANK).and_then(Option::take));
        }
        let named = self.users.iter_mut().find_map(Option::take);
        named.or_else(|| match id {
            "4778" | "4779" => self.session.take(),
            "1149" => self.desktop.0.take(),
            _ => None,
        })
    }

    /// The address that an event with this id is about.
    pub(crate) fn address(&self, id: &str) -> Option<IpAddr> {
        let desktop = self.desktop.1.filter(|_| id == "1149");
        self.address.map(|(_, address)| address).or(desktop)
    }
}

/// Whether the events of this id are about a group, whose name is where others have an account's.
pub(crate) fn is_about_group(id: &str) -> bool {
    matches!(id.parse(), Ok(4727..=4735 | 4737 | 4744..=4764 | 4799_u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str, data: &[(&str, &str)], user: &str, address: &str) {
        let mut subject = Subject::default();
        data.iter().for_each(|(name, value)| subject.see(name, value));
        assert_eq!(subject.address(id), address.parse().ok(), "{id}");
        assert_eq!(subject.user(id).as_deref().unwrap_or_default(), user, "{id}");
    }

    #[test]
    fn the_account_that_was_asked_for_is_the_events() {
        let both = [("SubjectUserName", "PC1$"), ("TargetUserName", "bob"), ("IpAddress", "192.0.2.7")];
        check("4625", &both, "bob", "192.0.2.7");
        check("4688", &[("subjectUserName", "bob"), ("targetUserName", "-")], "bob", "");
        check("8", &[("SourceUser", "DOM\\bob"), ("TargetUser", "DOM\\SYSTEM")], "DOM\\bob", "");
    }

    #[test]
    fn a_groups_name_is_no_account() {
        let member = ("MemberName", "CN=Bob Smith,OU=Staff,DC=example,DC=com");
        check("4732", &[member, ("TargetUserName", "Administrators"), ("SubjectUserName", "ada")], "Bob Smith", "");
        check(
            "4732",
            &[("MemberName", "-"), ("TargetUserName", "Administrators"), ("SubjectUserName", "ada")],
            "ada",
            "",
        );
        check("4738", &[("TargetUserName", "bob"), ("SubjectUserName", "ada")], "bob", "");
    }

    #[test]
    fn some_events_name_their_account_otherwise() {
        check(
            "4103",
            &[("ContextInfo", "  Severity = Informational\r\n  User = DOM\\bob\r\n  Connected User = \r\n")],
            "DOM\\bob",
            "",
        );
        check("4778", &[("AccountName", "bob"), ("ClientAddress", "192.0.2.7")], "bob", "192.0.2.7");
        check("7045", &[("AccountName", "LocalSystem")], "", "");
        check("1149", &[("Param1", "bob"), ("Param2", "DOM"), ("Param3", "192.0.2.7")], "bob", "192.0.2.7");
        check("25", &[("User", "DOM\\bob"), ("Address", "192.0.2.7")], "DOM\\bob", "192.0.2.7");
        check("25", &[("User", "DOM\\bob"), ("Address", "LOCAL")], "DOM\\bob", "");
    }
}
