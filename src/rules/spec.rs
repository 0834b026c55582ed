//! A rule as people write it: what the API takes and gives, and what the shipped rules are written in.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::check;
use super::fault::Fault;
use super::spec_reading;

/// A rule. Which fields of the second half it has depends on its kind; see [`Kind::fields`].
///
/// A record that lacks one of the `group_by` fields does not count.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RuleSpec {
    /// The unique name by which the rule is known: `^[a-z0-9][a-z0-9._-]{0,63}$`, but no number, and neither `import` nor `backtest`.
    pub code: String,
    /// What people call it: 1 to 200 characters.
    pub name: String,
    /// What it is for and what to do when it fires: at most 4,000 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// How grave its alerts are.
    #[serde(default)]
    pub severity: Severity,
    /// Whether it is evaluated.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// At most 32, of at most 100 characters each, for example `attack.t1110`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What it looks for.
    pub kind: Kind,
    /// The records that count, in the query language; empty means all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub filter: String,
    /// At most 5 fields of the query language: each combination of their values has alerts of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub group_by: Vec<String>,
    /// The length of the window, 1 to 604800, or the setting `alert_window_login_fail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_seconds: Option<Amount>,
    /// An alert lasts until nothing counted for so long. Without it the window's length, but at least 300.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet_seconds: Option<u32>,
    /// After an alert ended, no other of its group is raised for so long.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hold_seconds: u32,
    /// Whether an alert that ended is resolved by itself.
    #[serde(default)]
    pub resolve_when_quiet: bool,
    /// The alert's text, in which `{{count}}`, `{{rule}}`, `{{window}}`, `{{value}}` and `{{field}}` stand for their values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,

    /// `threshold`: fires at so many; `ratio`, `change`: the least number of records to judge by. A number from 1 to 100000, or
    /// the setting `alert_threshold_login_fail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Amount>,
    /// `threshold`: counts the different values of this field that are not empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<String>,
    /// `threshold`: counts only records whose timestamp differs from their arrival by more than this. They count when they arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skew_seconds: Option<u32>,
    /// `ratio`: fires when this share of all is selected by the filter; above 0 and at most 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// `ratio`: what is all, in the query language; empty means every record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// `change`: fires at so many times the count it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<f64>,
    /// `change`: whether a rise or a fall is looked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// `change`: what the window is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<Against>,
    /// `change` against `same_hour`: how many earlier days, 1 to 28 (7). `new_value`: a value is new if it was not seen for so
    /// many days; without it, if it was never seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// `absence`: a group that was silent for so long is forgotten (604800).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forget_seconds: Option<u32>,
    /// `new_value`: the field whose values are watched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// `new_value`: for so long after the rule's first record nothing is raised (86400).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learn_seconds: Option<u32>,
    /// `sequence`: 2 to 8 steps that follow each other within the window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<Step>>,
    /// `sigma`: the text of the Sigma rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sigma: Option<String>,
}

/// How grave an alert is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Severity {
    Info,
    Low,
    #[default]
    Medium,
    High,
    Critical,
}

/// What a rule looks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Many records, or many different values of a field, in a sliding window.
    #[default]
    Threshold,
    /// Any record.
    Match,
    /// A share of all records.
    Ratio,
    /// More or fewer records than before.
    Change,
    /// A group that was heard of before falls silent.
    Absence,
    /// A value that was not seen before. It may also be written `new-value`.
    NewValue,
    /// Records that follow each other.
    Sequence,
    /// What a Sigma rule describes.
    Sigma,
}

/// Which way a change goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Direction {
    #[default]
    Up,
    Down,
}

/// What a change is measured against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The window before this one.
    #[default]
    PreviousWindow,
    /// The mean of the same time of day on earlier days.
    SameHour,
}

/// A number, or the setting that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Amount {
    /// The number itself.
    Number(u32),
    /// The current value of a setting.
    Setting(Setting),
}

/// A setting that a rule may name in place of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Setting {
    /// So many failed logins raise an alert.
    #[serde(rename = "alert_threshold_login_fail")]
    LoginFailThreshold,
    /// Within so many seconds.
    #[serde(rename = "alert_window_login_fail")]
    LoginFailWindow,
}

/// The values of the settings that rules may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Values {
    /// `alert_threshold_login_fail`.
    pub alert_threshold_login_fail: u32,
    /// `alert_window_login_fail`, in seconds.
    pub alert_window_login_fail: u32,
}

/// One step of a sequence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// The records of the step, in the query language.
    pub filter: String,
    /// So many of them are needed before the next step counts.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub at_least: u32,
}

impl Kind {
    /// Every kind by its name.
    pub const ALL: [(&str, Self); 8] = [
        ("threshold", Self::Threshold),
        ("match", Self::Match),
        ("ratio", Self::Ratio),
        ("change", Self::Change),
        ("absence", Self::Absence),
        ("new_value", Self::NewValue),
        ("sequence", Self::Sequence),
        ("sigma", Self::Sigma),
    ];

    /// What else people write.
    pub const OTHER_NAMES: [(&str, Self); 1] = [("new-value", Self::NewValue)];

    /// The name that rules are written with.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }

    /// The fields that this kind has beside the common ones.
    #[must_use]
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Threshold => &["filter", "group_by", "window_seconds", "at_least", "distinct", "skew_seconds"],
            Self::Match => &["filter", "group_by"],
            Self::Ratio => &["filter", "group_by", "window_seconds", "at_least", "share", "of"],
            Self::Change => {
                &["filter", "group_by", "window_seconds", "at_least", "factor", "direction", "against", "days"]
            }
            Self::Absence => &["filter", "group_by", "window_seconds", "forget_seconds"],
            Self::NewValue => &["filter", "group_by", "field", "days", "learn_seconds"],
            Self::Sequence => &["group_by", "window_seconds", "steps"],
            Self::Sigma => &["group_by", "sigma"],
        }
    }

    /// The kinds that have `field`.
    pub(super) fn with_field(field: &str) -> Vec<&'static str> {
        let kinds = Self::ALL.into_iter().filter(|(_, kind)| kind.fields().contains(&field));
        kinds.map(|(name, _)| name).collect()
    }
}

impl Setting {
    /// The name that rules are written with.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoginFailThreshold => "alert_threshold_login_fail",
            Self::LoginFailWindow => "alert_window_login_fail",
        }
    }
}

impl Amount {
    /// The number, or the setting's current value.
    #[must_use]
    pub const fn value(self, values: &Values) -> u32 {
        match self {
            Self::Number(number) => number,
            Self::Setting(Setting::LoginFailThreshold) => values.alert_threshold_login_fail,
            Self::Setting(Setting::LoginFailWindow) => values.alert_window_login_fail,
        }
    }
}

impl RuleSpec {
    /// Reads a rule and checks all of it but the values of settings.
    ///
    /// # Errors
    /// Every fault, in the order of the fields.
    pub fn from_json(json: &Value) -> Result<Self, Vec<Fault>> {
        let (spec, kind_is_known, mut faults) = spec_reading::read(json);
        if !json.is_object() {
            return Err(faults);
        }
        // Without the kind, what its fields must be is not known.
        let further = if kind_is_known { check::faults(&spec) } else { check::common_faults(&spec) };
        for fault in further {
            // What could not be read is not judged by what stands in its place.
            if !faults.iter().any(|known| known.field == fault.field) {
                faults.push(fault);
            }
        }
        if faults.is_empty() { Ok(spec) } else { Err(faults) }
    }

    /// The rule as [`RuleSpec::from_json`] reads it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

const fn yes() -> bool {
    true
}

const fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_one(n: &u32) -> bool {
    *n == 1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_zero(n: &u32) -> bool {
    *n == 0
}
