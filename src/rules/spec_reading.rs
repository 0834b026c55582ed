//! From JSON to a rule's fields: types, unknown names, and fields that the rule's kind does not have.

use serde_json::{Map, Value};

use super::fault::{Fault, hint};
use super::spec::{Against, Amount, Direction, Kind, RuleSpec, Setting, Severity, Step};

/// The fields that rules of every kind have.
const COMMON: [&str; 11] = [
    "code",
    "name",
    "description",
    "severity",
    "enabled",
    "tags",
    "kind",
    "quiet_seconds",
    "hold_seconds",
    "resolve_when_quiet",
    "message",
];
/// The fields that only some kinds have.
const SPECIAL: [&str; 17] = [
    "filter",
    "group_by",
    "window_seconds",
    "at_least",
    "distinct",
    "skew_seconds",
    "share",
    "of",
    "factor",
    "direction",
    "against",
    "days",
    "forget_seconds",
    "field",
    "learn_seconds",
    "steps",
    "sigma",
];
const SEVERITIES: [(&str, Severity); 5] = [
    ("info", Severity::Info),
    ("low", Severity::Low),
    ("medium", Severity::Medium),
    ("high", Severity::High),
    ("critical", Severity::Critical),
];

/// The rule as far as it can be read, whether its kind could, and all that could not.
pub(super) fn read(json: &Value) -> (RuleSpec, bool, Vec<Fault>) {
    let Some(object) = json.as_object() else {
        return (RuleSpec::default(), false, vec![Fault::new("rule", "a rule is an object of fields")]);
    };
    let mut from = Reader { object, path: String::new(), faults: Vec::new() };
    let kind = from.kind();
    if kind.is_none() && !object.contains_key("kind") {
        from.fault("kind", format!("must be given: {}", names(&Kind::ALL)));
    }
    from.refuse_unknown(kind);
    let spec = RuleSpec {
        code: from.text("code").unwrap_or_default(),
        name: from.text("name").unwrap_or_default(),
        description: from.text("description").unwrap_or_default(),
        severity: from.choice("severity", &SEVERITIES).unwrap_or_default(),
        enabled: from.truth("enabled").unwrap_or(true),
        tags: from.texts("tags"),
        kind: kind.unwrap_or_default(),
        filter: from.text("filter").unwrap_or_default(),
        group_by: from.texts("group_by"),
        window_seconds: from.amount("window_seconds", Setting::LoginFailWindow),
        quiet_seconds: from.number("quiet_seconds"),
        hold_seconds: from.number("hold_seconds").unwrap_or(0),
        resolve_when_quiet: from.truth("resolve_when_quiet").unwrap_or(false),
        message: from.text("message"),
        at_least: from.amount("at_least", Setting::LoginFailThreshold),
        distinct: from.text("distinct"),
        skew_seconds: from.number("skew_seconds"),
        share: from.real("share"),
        of: from.text("of"),
        factor: from.real("factor"),
        direction: from.choice("direction", &[("up", Direction::Up), ("down", Direction::Down)]),
        against: from
            .choice("against", &[("previous_window", Against::PreviousWindow), ("same_hour", Against::SameHour)]),
        days: from.number("days"),
        forget_seconds: from.number("forget_seconds"),
        field: from.text("field"),
        learn_seconds: from.number("learn_seconds"),
        steps: from.steps(),
        sigma: from.text("sigma"),
    };
    (spec, kind.is_some(), from.faults)
}

struct Reader<'a> {
    object: &'a Map<String, Value>,
    /// What stands before the names of fields in faults.
    path: String,
    faults: Vec<Fault>,
}

impl<'a> Reader<'a> {
    fn fault(&mut self, name: &str, problem: impl Into<String>) {
        self.faults.push(Fault::new(format!("{}{name}", self.path), problem));
    }

    /// The value of a field; null counts as absent.
    fn value(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    fn refuse_unknown(&mut self, kind: Option<Kind>) {
        for (name, value) in self.object {
            let name = name.as_str();
            if COMMON.contains(&name) || value.is_null() {
                continue;
            }
            if !SPECIAL.contains(&name) {
                self.fault(name, format!("unknown field{}", hint(name, COMMON.into_iter().chain(SPECIAL))));
            } else if let Some(kind) = kind
                && !kind.fields().contains(&name)
            {
                let with = Kind::with_field(name).join(", ");
                self.fault(name, format!("a rule of kind {} has no such field; {with} have it", kind.name()));
            }
        }
    }

    fn read<T>(&mut self, name: &str, wanted: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let value = self.value(name)?;
        let found = read(value);
        if found.is_none() {
            self.fault(name, format!("must be {wanted}"));
        }
        found
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.read(name, "a text", |value| value.as_str().map(str::to_owned))
    }

    fn truth(&mut self, name: &str) -> Option<bool> {
        self.read(name, "true or false", Value::as_bool)
    }

    fn number(&mut self, name: &str) -> Option<u32> {
        self.read(name, "a whole number", |value| value.as_u64().and_then(|n| u32::try_from(n).ok()))
    }

    fn real(&mut self, name: &str) -> Option<f64> {
        self.read(name, "a number", Value::as_f64)
    }

    fn amount(&mut self, name: &str, setting: Setting) -> Option<Amount> {
        let wanted = format!("a whole number or the name of the setting \"{}\"", setting.name());
        self.read(name, &wanted, |value| match value {
            Value::String(text) => (text == setting.name()).then_some(Amount::Setting(setting)),
            other => other.as_u64().and_then(|n| u32::try_from(n).ok()).map(Amount::Number),
        })
    }

    fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Option<T> {
        let value = self.value(name)?;
        let word = value.as_str().unwrap_or_default();
        let found = choices.iter().find(|(known, _)| *known == word).map(|(_, choice)| *choice);
        if found.is_none() {
            let hint = hint(word, choices.iter().map(|(known, _)| *known));
            self.fault(name, format!("must be one of {}{hint}", names(choices)));
        }
        found
    }

    fn kind(&mut self) -> Option<Kind> {
        let word = self.value("kind").and_then(Value::as_str);
        let other = Kind::OTHER_NAMES.into_iter().find(|(name, _)| Some(*name) == word);
        other.map(|(_, kind)| kind).or_else(|| self.choice("kind", &Kind::ALL))
    }

    fn texts(&mut self, name: &str) -> Vec<String> {
        let Some(value) = self.value(name) else { return Vec::new() };
        let Some(list) = value.as_array() else {
            self.fault(name, "must be a list of texts");
            return Vec::new();
        };
        let mut texts = Vec::with_capacity(list.len());
        for (at, item) in list.iter().enumerate() {
            if item.as_str().is_none() {
                self.fault(&format!("{name}[{at}]"), "must be a text");
            }
            // An item that is none keeps the places of the others.
            texts.push(item.as_str().unwrap_or_default().to_owned());
        }
        texts
    }

    fn steps(&mut self) -> Option<Vec<Step>> {
        let value = self.value("steps")?;
        let Some(list) = value.as_array() else {
            self.fault("steps", "must be a list of steps, each with a filter");
            return None;
        };
        let mut steps = Vec::with_capacity(list.len());
        for (at, item) in list.iter().enumerate() {
            steps.push(self.step(at, item));
        }
        Some(steps)
    }

    fn step(&mut self, at: usize, item: &Value) -> Step {
        let Some(object) = item.as_object() else {
            self.fault(&format!("steps[{at}]"), "must be an object with a filter");
            return Step { filter: String::new(), at_least: 1 };
        };
        let mut from = Reader { object, path: format!("steps[{at}]."), faults: Vec::new() };
        for name in object.keys().filter(|name| !matches!(name.as_str(), "filter" | "at_least")) {
            from.fault(name, format!("unknown field{}", hint(name, ["filter", "at_least"])));
        }
        let step =
            Step { filter: from.text("filter").unwrap_or_default(), at_least: from.number("at_least").unwrap_or(1) };
        self.faults.append(&mut from.faults);
        step
    }
}

fn names<T>(choices: &[(&str, T)]) -> String {
    choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}
