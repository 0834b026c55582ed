//! Settings that change while the daemon runs: which there are, their values, and who follows them.
//!
//! They are stored elsewhere, as pairs of texts. [`Settings::from_stored`] reads such pairs, [`changes::validate`] checks
//! what somebody wants to change, [`Settings::describe`] tells a reader of them, and [`watch`] hands new values to whoever follows.

pub mod changes;
pub mod describe;
mod key;
pub mod watch;

use std::collections::BTreeMap;

use key::{Key, UnknownKey};

/// The values of all settings at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many whole days records are kept, by arrival.
    pub retention_days: u32,
    /// The same for sources that have a number of their own.
    pub retention_days_by_source: BTreeMap<String, u32>,
    /// So many failed logins within the window raise an alert.
    pub alert_threshold_login_fail: u32,
    /// The window, in seconds.
    pub alert_window_login_fail_seconds: u32,
}

/// A stored pair that does not fit; the default holds in its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored setting {key} = \"{value}\" is not used: {detail}")]
pub struct Problem {
    /// The key as it is stored.
    pub key: String,
    /// The value as it is stored.
    pub value: String,
    /// What is wrong with one of them.
    pub detail: String,
}

impl Settings {
    /// What holds where nothing is stored; `retention_days` comes from the configuration.
    #[must_use]
    pub fn defaults(retention_days: u32) -> Self {
        Self {
            retention_days,
            retention_days_by_source: BTreeMap::new(),
            alert_threshold_login_fail: 10,
            alert_window_login_fail_seconds: 300,
        }
    }

    /// The stored pairs laid over `defaults`, and which of them do not fit, for example because they are of another version.
    #[must_use]
    pub fn from_stored(defaults: &Self, pairs: impl IntoIterator<Item = (String, String)>) -> (Self, Vec<Problem>) {
        let mut settings = defaults.clone();
        let mut problems = Vec::new();
        for (key, value) in pairs {
            match read(&key, &value) {
                Ok((known, number)) => known.set_in(&mut settings, number),
                Err(detail) => problems.push(Problem { key, value, detail }),
            }
        }
        (settings, problems)
    }
}

fn read(key: &str, value: &str) -> Result<(Key, u32), String> {
    let key = Key::parse(key).map_err(|UnknownKey(detail)| detail)?;
    if key.is_family() {
        return Err(key::FAMILY_HAS_NO_VALUE.to_owned());
    }
    let number = key.read(value)?;
    Ok((key, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(pairs: &[(&str, &str)]) -> (Settings, Vec<String>) {
        let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let (settings, problems) = Settings::from_stored(&Settings::defaults(184), pairs);
        (settings, problems.into_iter().map(|problem| problem.to_string()).collect())
    }

    #[test]
    fn stored_values_lie_over_the_defaults() {
        let (settings, problems) = stored(&[
            ("retention_days", "30"),
            ("retention_days.web.app", "7"),
            ("retention_days.logseal.audit", "3650"),
            ("alert_window_login_fail", "60"),
        ]);
        let by_source = [("logseal.audit".to_owned(), 3650), ("web.app".to_owned(), 7)].into();
        let expected = Settings {
            retention_days: 30,
            retention_days_by_source: by_source,
            alert_threshold_login_fail: 10,
            alert_window_login_fail_seconds: 60,
        };
        assert_eq!((settings, problems), (expected, Vec::new()));
    }

    #[test]
    fn a_stored_value_that_does_not_fit_is_told_and_the_default_holds() {
        let (settings, problems) =
            stored(&[("retention_days", "0"), ("alert_threshold_login_fail", "many"), ("colour", "red")]);
        assert_eq!(settings, Settings::defaults(184));
        assert_eq!(
            problems,
            [
                "the stored setting retention_days = \"0\" is not used: must be 1 to 36500",
                "the stored setting alert_threshold_login_fail = \"many\" is not used: must be a whole number from 1 to 100000",
                "the stored setting colour = \"red\" is not used: unknown setting",
            ]
        );
    }
}
