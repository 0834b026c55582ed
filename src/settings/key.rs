//! Which settings there are: the one place that knows keys, types, defaults, bounds and descriptions.

use std::fmt;
use std::ops::RangeInclusive;

use super::Settings;
use crate::spelling::edits;

/// The longest name of a source, as the API takes it.
const SOURCE_BYTES_MAX: usize = 128;
/// What stands for the name of a source where the family of keys is described.
const ANY_SOURCE: &str = "<source>";
/// What is wrong with a value for the family.
pub(super) const FAMILY_HAS_NO_VALUE: &str = "write the name of a source in place of <source>";

/// A setting that may be changed while the daemon runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    RetentionDays,
    /// Of the source that is named behind the first dot.
    RetentionDaysOf(String),
    AlertThresholdLoginFail,
    AlertWindowLoginFail,
}

/// Why a text is not a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnknownKey(pub(super) String);

impl Key {
    const RETENTION_DAYS: &str = "retention_days";

    /// One of each kind, in the order in which they are shown. The family stands there with a name that no source may have here.
    pub(super) fn all() -> [Self; 4] {
        [
            Self::RetentionDays,
            Self::RetentionDaysOf(ANY_SOURCE.to_owned()),
            Self::AlertThresholdLoginFail,
            Self::AlertWindowLoginFail,
        ]
    }

    /// The key that is written so.
    ///
    /// # Errors
    /// There is none; the text says which may be meant.
    pub(super) fn parse(text: &str) -> Result<Self, UnknownKey> {
        if let Some(key) = Self::all().into_iter().find(|key| key.to_string() == text) {
            return Ok(key);
        }
        match text.split_once('.') {
            Some((Self::RETENTION_DAYS, "")) => {
                Err(UnknownKey("the name of a source is missing behind the dot".to_owned()))
            }
            Some((Self::RETENTION_DAYS, source)) if source.len() > SOURCE_BYTES_MAX => {
                Err(UnknownKey(format!("the name of a source has at most {SOURCE_BYTES_MAX} bytes")))
            }
            Some((Self::RETENTION_DAYS, source)) => Ok(Self::RetentionDaysOf(source.to_owned())),
            _ => Err(UnknownKey(match suggestion(text) {
                Some(meant) => format!("unknown setting (did you mean \"{meant}\"?)"),
                None => "unknown setting".to_owned(),
            })),
        }
    }

    /// Whether it is the whole family rather than one setting: it can have no value.
    pub(super) fn is_family(&self) -> bool {
        matches!(self, Self::RetentionDaysOf(source) if source == ANY_SOURCE)
    }

    /// The values that it may have.
    pub(super) fn bounds(&self) -> RangeInclusive<u32> {
        match self {
            Self::RetentionDays | Self::RetentionDaysOf(_) => 1..=36_500,
            // What a rule can count to, which keeps so many records in mind.
            Self::AlertThresholdLoginFail => 1..=100_000,
            Self::AlertWindowLoginFail => 10..=86_400,
        }
    }

    /// What it does, as one sentence.
    pub(super) fn description(&self) -> &'static str {
        match self {
            Self::RetentionDays => "Whole days, by arrival, that records are kept behind today.",
            Self::RetentionDaysOf(_) => {
                "The same for one source, shorter or longer; without it `retention_days` holds."
            }
            Self::AlertThresholdLoginFail => "Failed logins within the window at which an alert is raised.",
            Self::AlertWindowLoginFail => "Seconds over which failed logins are counted.",
        }
    }

    /// Its value; a source without a number of its own has none.
    pub(super) fn value_in(&self, settings: &Settings) -> Option<u32> {
        match self {
            Self::RetentionDays => Some(settings.retention_days),
            Self::RetentionDaysOf(source) => settings.retention_days_by_source.get(source).copied(),
            Self::AlertThresholdLoginFail => Some(settings.alert_threshold_login_fail),
            Self::AlertWindowLoginFail => Some(settings.alert_window_login_fail_seconds),
        }
    }

    pub(super) fn set_in(self, settings: &mut Settings, value: u32) {
        match self {
            Self::RetentionDays => settings.retention_days = value,
            Self::RetentionDaysOf(source) => {
                settings.retention_days_by_source.insert(source, value);
            }
            Self::AlertThresholdLoginFail => settings.alert_threshold_login_fail = value,
            Self::AlertWindowLoginFail => settings.alert_window_login_fail_seconds = value,
        }
    }

    /// The value that is written so.
    ///
    /// # Errors
    /// It is not a whole number, or out of bounds; the text says which are allowed.
    pub(super) fn read(&self, text: &str) -> Result<u32, String> {
        let (min, max) = self.bounds().into_inner();
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("must be a whole number from {min} to {max}"));
        }
        let within = text.parse().ok().filter(|value| self.bounds().contains(value));
        within.ok_or_else(|| format!("must be {min} to {max}"))
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RetentionDays => f.write_str(Self::RETENTION_DAYS),
            Self::RetentionDaysOf(source) => write!(f, "{}.{source}", Self::RETENTION_DAYS),
            Self::AlertThresholdLoginFail => f.write_str("alert_threshold_login_fail"),
            Self::AlertWindowLoginFail => f.write_str("alert_window_login_fail"),
        }
    }
}

/// The key that was probably meant.
fn suggestion(text: &str) -> Option<String> {
    // No key is half as long; spares long work on long texts.
    if text.len() > 64 + SOURCE_BYTES_MAX {
        return None;
    }
    let (word, source) = text.split_once('.').map_or((text, None), |(word, source)| (word, Some(source)));
    let close = |known: &str| {
        let distance = edits(&word.to_ascii_lowercase(), known);
        (distance <= known.len() / 4).then_some(distance)
    };
    if let Some(source) = source {
        let meant = Key::RetentionDaysOf(source.to_owned());
        return close(Key::RETENTION_DAYS).map(|_| meant.to_string());
    }
    let known = Key::all().into_iter().filter(|key| !key.is_family()).map(|key| key.to_string());
    let nearest = known.filter_map(|key| close(&key).map(|distance| (distance, key))).min();
    nearest.map(|(_, key)| key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_written() {
        for key in Key::all() {
            assert_eq!(Key::parse(&key.to_string()), Ok(key));
        }
        assert_eq!(Key::parse("retention_days.web.app"), Ok(Key::RetentionDaysOf("web.app".to_owned())));
        assert_eq!(Key::parse("retention_days..app"), Ok(Key::RetentionDaysOf(".app".to_owned())));
    }

    #[test]
    fn an_unknown_key_is_refused_with_what_may_be_meant() {
        let check = |text: &str, expected: &str| assert_eq!(Key::parse(text), Err(UnknownKey(expected.to_owned())));
        check("retention_day", "unknown setting (did you mean \"retention_days\"?)");
        check("Retention_Days", "unknown setting (did you mean \"retention_days\"?)");
        check("retention_day.web.app", "unknown setting (did you mean \"retention_days.web.app\"?)");
        check("alert_treshold_login_fial", "unknown setting (did you mean \"alert_threshold_login_fail\"?)");
        check("colour", "unknown setting");
        check("colour.web", "unknown setting");
        check("", "unknown setting");
        check(&"x".repeat(1 << 20), "unknown setting");
        check("retention_days.", "the name of a source is missing behind the dot");
        check(&format!("retention_days.{}", "x".repeat(129)), "the name of a source has at most 128 bytes");
    }

    #[test]
    fn a_value_is_a_whole_number_within_bounds() {
        let days = Key::RetentionDays;
        assert_eq!(days.read(" 007 "), Ok(7));
        for text in ["0", "36501", "99999999999999999999"] {
            assert_eq!(days.read(text), Err("must be 1 to 36500".to_owned()), "{text}");
        }
        for text in ["", "-1", "+1", "1.5", "1e3", "ten", "1 0", "\u{661}"] {
            assert_eq!(days.read(text), Err("must be a whole number from 1 to 36500".to_owned()), "{text}");
        }
    }
}
