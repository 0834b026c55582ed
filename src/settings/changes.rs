//! A set of changes is taken whole or not at all.

use std::collections::BTreeSet;

use super::key::{FAMILY_HAS_NO_VALUE, Key, UnknownKey};

/// A change that may be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The setting's key.
    pub key: String,
    /// Its new value in its one spelling; `None`: what is stored is removed, and the default holds.
    pub value: Option<String>,
}

/// What is wrong with one of the changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key as it was sent.
    pub key: String,
    /// A sentence for a person.
    pub detail: String,
}

/// Checks what somebody wants to change; no value, or an empty one, goes back to the default.
///
/// # Errors
/// Every fault of all of them; none is to be stored then.
pub fn validate(changes: &[(String, Option<String>)]) -> Result<Vec<Change>, Vec<Fault>> {
    let (mut valid, mut faults) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    for (key, value) in changes {
        let checked =
            if seen.insert(key) { check(key, value.as_deref()) } else { Err("is given more than once".to_owned()) };
        match checked {
            Ok(change) => valid.extend(change),
            Err(detail) => faults.push(Fault { key: key.clone(), detail }),
        }
    }
    if faults.is_empty() { Ok(valid) } else { Err(faults) }
}

/// `None` where there is nothing to store.
fn check(key: &str, value: Option<&str>) -> Result<Option<Change>, String> {
    let known = Key::parse(key).map_err(|UnknownKey(detail)| detail)?;
    let value = value.filter(|value| !value.trim().is_empty());
    match value {
        // Who sends back the whole list as it was read sends the family, too, without a value.
        None if known.is_family() => Ok(None),
        None => Ok(Some(Change { key: known.to_string(), value: None })),
        Some(_) if known.is_family() => Err(FAMILY_HAS_NO_VALUE.to_owned()),
        Some(value) => {
            let number = known.read(value)?;
            Ok(Some(Change { key: known.to_string(), value: Some(number.to_string()) }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(pairs: &[(&str, Option<&str>)]) -> Result<Vec<Change>, Vec<Fault>> {
        let owned = |(key, value): &(&str, Option<&str>)| ((*key).to_owned(), value.map(str::to_owned));
        validate(&pairs.iter().map(owned).collect::<Vec<_>>())
    }

    #[test]
    fn values_are_given_their_one_spelling() {
        let change = |key: &str, value: Option<&str>| Change { key: key.to_owned(), value: value.map(str::to_owned) };
        assert_eq!(
            changes(&[
                ("retention_days", Some(" 030 ")),
                ("retention_days.web.app", Some("7")),
                ("retention_days.old", None),
                ("retention_days.older", Some("")),
                ("alert_window_login_fail", None),
                ("retention_days.<source>", None),
            ]),
            Ok(vec![
                change("retention_days", Some("30")),
                change("retention_days.web.app", Some("7")),
                change("retention_days.old", None),
                change("retention_days.older", None),
                change("alert_window_login_fail", None),
            ])
        );
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let faults = changes(&[
            ("retention_days", Some("0")),
            ("retention_days.web", Some("7")),
            ("retention_days.web", Some("8")),
            ("retention_day", Some("7")),
            ("alert_threshold_login_fail", Some("ten")),
            ("retention_days.<source>", Some("7")),
        ]);
        let faults: Vec<_> = faults.unwrap_err().into_iter().map(|fault| (fault.key, fault.detail)).collect();
        let expected = [
            ("retention_days", "must be 1 to 36500"),
            ("retention_days.web", "is given more than once"),
            ("retention_day", "unknown setting (did you mean \"retention_days\"?)"),
            ("alert_threshold_login_fail", "must be a whole number from 1 to 100000"),
            ("retention_days.<source>", "write the name of a source in place of <source>"),
        ];
        assert_eq!(faults, expected.map(|(key, detail)| (key.to_owned(), detail.to_owned())));
    }
}
