//! What a rule must hold to: bounds, filters that can be read, fields that exist. All faults at once.

use super::fault::Fault;
use super::row_field::RowField;
use super::spec::{Against, Amount, Direction, Kind, RuleSpec, Setting};
use super::template::{MESSAGE_CHARS_MAX, Template};
use crate::query::ast::Expr;
use crate::query::parse::parse;

/// The longest window and the longest of the other times but forgetting and learning: a week.
pub const SECONDS_MAX: u32 = 604_800;
/// The most that a threshold may ask for.
pub const AT_LEAST_MAX: u32 = 100_000;
/// The same for different values, each of which is remembered.
pub const DISTINCT_MAX: u32 = 10_000;
/// The most days that are looked back.
pub const DAYS_MAX: u32 = 28;
/// The longest time to learn, and to remember a silent group: 90 days.
const LONG_SECONDS_MAX: u32 = 90 * 86_400;
/// The longest code.
pub const CODE_BYTES_MAX: usize = 64;
/// What stands where a code may stand in the routes of rules.
const ROUTES: [&str; 2] = ["backtest", "import"];
/// The most bytes of a Sigma rule.
const SIGMA_BYTES_MAX: usize = 1 << 20;

/// All faults of a rule.
pub(super) fn faults(spec: &RuleSpec) -> Vec<Fault> {
    let mut faults = common_faults(spec);
    faults.extend(foreign(spec).into_iter().map(|field| {
        let with = Kind::with_field(field).join(", ");
        Fault::new(field, format!("a rule of kind {} has no such field; {with} have it", spec.kind.name()))
    }));
    let mut check = Check { faults };
    check.filter("filter", &spec.filter);
    check.groups(&spec.group_by);
    match spec.kind {
        Kind::Threshold => check.threshold(spec),
        Kind::Match => {}
        Kind::Ratio => check.ratio(spec),
        Kind::Change => check.change(spec),
        Kind::Absence => check.absence(spec),
        Kind::NewValue => check.new_value(spec),
        Kind::Sequence => check.sequence(spec),
        Kind::Sigma => check.sigma(spec),
    }
    check.faults
}

/// The faults of the fields that rules of every kind have.
pub(super) fn common_faults(spec: &RuleSpec) -> Vec<Fault> {
    let mut check = Check { faults: Vec::new() };
    check.code(&spec.code);
    check.length("name", &spec.name, 1, 200);
    check.length("description", &spec.description, 0, 4000);
    if spec.tags.len() > 32 {
        check.fault("tags", "there are at most 32");
    }
    for (at, tag) in spec.tags.iter().enumerate() {
        check.length(&format!("tags[{at}]"), tag, 1, 100);
    }
    if let Some(seconds) = spec.quiet_seconds {
        check.between("quiet_seconds", seconds, 1, SECONDS_MAX);
    }
    check.between("hold_seconds", spec.hold_seconds, 0, SECONDS_MAX);
    if let Some(message) = &spec.message {
        check.length("message", message, 1, MESSAGE_CHARS_MAX);
        check.faults.extend(Template::new(message).err().into_iter().flatten());
    }
    check.faults
}

/// Reads a filter. Times relative to now are a fault: a rule lives longer than the moment in which it is written.
pub(super) fn read_filter(at: &str, text: &str) -> Result<Expr, Fault> {
    let (then, later) = (0, 86_400_000_000 + 1);
    let expr = parse(text, then).map_err(|fault| Fault::new(at, fault.to_string()))?;
    let moves = parse(text, later).is_ok_and(|other| other != expr);
    if moves {
        return Err(Fault::new(at, "a rule's filter cannot name a time relative to now; leave it out"));
    }
    Ok(expr)
}

/// The fields that are given although the rule's kind does not have them.
fn foreign(spec: &RuleSpec) -> Vec<&'static str> {
    let given = [
        ("filter", !spec.filter.is_empty()),
        ("group_by", !spec.group_by.is_empty()),
        ("window_seconds", spec.window_seconds.is_some()),
        ("at_least", spec.at_least.is_some()),
        ("distinct", spec.distinct.is_some()),
        ("skew_seconds", spec.skew_seconds.is_some()),
        ("share", spec.share.is_some()),
        ("of", spec.of.is_some()),
        ("factor", spec.factor.is_some()),
        ("direction", spec.direction.is_some()),
        ("against", spec.against.is_some()),
        ("days", spec.days.is_some()),
        ("forget_seconds", spec.forget_seconds.is_some()),
        ("field", spec.field.is_some()),
        ("learn_seconds", spec.learn_seconds.is_some()),
        ("steps", spec.steps.is_some()),
        ("sigma", spec.sigma.is_some()),
    ];
    let own = spec.kind.fields();
    given.into_iter().filter(|(name, is_given)| *is_given && !own.contains(name)).map(|(name, _)| name).collect()
}

struct Check {
    faults: Vec<Fault>,
}

impl Check {
    fn fault(&mut self, field: &str, problem: impl Into<String>) {
        self.faults.push(Fault::new(field, problem));
    }

    fn between(&mut self, field: &str, value: u32, least: u32, most: u32) {
        if !(least..=most).contains(&value) {
            self.fault(field, format!("must be from {least} to {most}"));
        }
    }

    fn length(&mut self, field: &str, text: &str, least: usize, most: usize) {
        let length = text.chars().count();
        if !(least..=most).contains(&length) {
            self.fault(field, format!("must have {least} to {most} characters"));
        }
    }

    fn code(&mut self, code: &str) {
        let first = code.bytes().next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let rest = code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b));
        if !first || !rest || code.len() > CODE_BYTES_MAX {
            self.fault(
                "code",
                format!("must have 1 to {CODE_BYTES_MAX} of the characters a-z, 0-9, \".\", \"_\" and \"-\", and begin with one of a-z, 0-9"),
            );
        } else if code.bytes().all(|b| b.is_ascii_digit()) {
            self.fault("code", "must not be a number: rules are also named by the numbers that are their ids");
        } else if ROUTES.contains(&code) {
            self.fault("code", format!("must not be \"{code}\": a route has that name"));
        }
    }

    fn filter(&mut self, field: &str, text: &str) {
        self.faults.extend(read_filter(field, text).err());
    }

    fn groups(&mut self, group_by: &[String]) {
        if group_by.len() > 5 {
            self.fault("group_by", "there are at most 5");
        }
        let mut known: Vec<RowField> = Vec::new();
        for (at, name) in group_by.iter().enumerate() {
            let place = format!("group_by[{at}]");
            match RowField::to_group_by(name, &place) {
                Ok(field) if known.iter().any(|other| other.field == field.field) => {
                    self.fault(&place, format!("\"{name}\" stands here twice"));
                }
                Ok(field) => known.push(field),
                Err(fault) => self.faults.push(fault),
            }
        }
    }

    fn field(&mut self, at: &str, name: &str) {
        self.faults.extend(RowField::to_group_by(name, at).err());
    }

    fn window(&mut self, spec: &RuleSpec) {
        match spec.window_seconds {
            None => self.fault("window_seconds", format!("must be given: 1 to {SECONDS_MAX}")),
            Some(Amount::Number(seconds)) => self.between("window_seconds", seconds, 1, SECONDS_MAX),
            Some(Amount::Setting(Setting::LoginFailWindow)) => {}
            Some(Amount::Setting(other)) => self.fault("window_seconds", format!("\"{}\" is no time", other.name())),
        }
    }

    fn at_least(&mut self, spec: &RuleSpec, most: u32, is_needed: bool) {
        match spec.at_least {
            None if is_needed => self.fault("at_least", format!("must be given: 1 to {most}")),
            None | Some(Amount::Setting(Setting::LoginFailThreshold)) => {}
            Some(Amount::Number(number)) => self.between("at_least", number, 1, most),
            Some(Amount::Setting(other)) => {
                self.fault("at_least", format!("\"{}\" is no number of records", other.name()))
            }
        }
    }

    fn threshold(&mut self, spec: &RuleSpec) {
        self.window(spec);
        self.at_least(spec, if spec.distinct.is_some() { DISTINCT_MAX } else { AT_LEAST_MAX }, true);
        if let Some(name) = &spec.distinct {
            self.field("distinct", name);
        }
        if let Some(seconds) = spec.skew_seconds {
            self.between("skew_seconds", seconds, 1, SECONDS_MAX);
        }
    }

    fn ratio(&mut self, spec: &RuleSpec) {
        self.window(spec);
        self.at_least(spec, AT_LEAST_MAX, true);
        match spec.share {
            Some(share) if share > 0.0 && share <= 1.0 => {}
            _ => self.fault("share", "must be given: above 0 and at most 1"),
        }
        self.filter("of", spec.of.as_deref().unwrap_or_default());
    }

    fn change(&mut self, spec: &RuleSpec) {
        self.window(spec);
        self.at_least(spec, AT_LEAST_MAX, true);
        let down = spec.direction == Some(Direction::Down);
        match spec.factor {
            Some(factor) if factor.is_finite() && !down && factor > 1.0 => {}
            Some(factor) if down && factor > 0.0 && factor < 1.0 => {}
            _ if down => self.fault("factor", "must be given: between 0 and 1 for the direction down"),
            _ => self.fault("factor", "must be given: above 1; for a fall, add \"direction\": \"down\""),
        }
        let same_hour = spec.against == Some(Against::SameHour);
        match spec.days {
            Some(days) if same_hour => self.between("days", days, 1, DAYS_MAX),
            Some(_) => self.fault("days", "is only for \"against\": \"same_hour\""),
            None => {}
        }
        if same_hour && let Some(Amount::Number(seconds)) = spec.window_seconds {
            self.between("window_seconds", seconds, 60, 86_400);
        }
    }

    fn absence(&mut self, spec: &RuleSpec) {
        self.window(spec);
        if let Some(seconds) = spec.forget_seconds {
            self.between("forget_seconds", seconds, 1, LONG_SECONDS_MAX);
            if let Some(Amount::Number(window)) = spec.window_seconds
                && seconds <= window
            {
                self.fault("forget_seconds", "must be more than window_seconds, or nothing is ever missed");
            }
        }
    }

    fn new_value(&mut self, spec: &RuleSpec) {
        match &spec.field {
            Some(name) => self.field("field", name),
            None => self.fault("field", "must be given: the field whose values are watched"),
        }
        if spec.field.as_ref().is_some_and(|field| spec.group_by.contains(field)) {
            self.fault("field", "also stands in group_by, so it would be the same in all of a group");
        }
        if let Some(days) = spec.days {
            self.between("days", days, 1, 365);
        }
        if let Some(seconds) = spec.learn_seconds {
            self.between("learn_seconds", seconds, 0, LONG_SECONDS_MAX);
        }
    }

    fn sequence(&mut self, spec: &RuleSpec) {
        self.window(spec);
        let steps = spec.steps.as_deref().unwrap_or_default();
        if !(2..=8).contains(&steps.len()) {
            self.fault("steps", "must be given: 2 to 8 of them");
        }
        for (at, step) in steps.iter().enumerate() {
            self.filter(&format!("steps[{at}].filter"), &step.filter);
            self.between(&format!("steps[{at}].at_least"), step.at_least, 1, 1000);
        }
    }

    fn sigma(&mut self, spec: &RuleSpec) {
        let length = spec.sigma.as_ref().map_or(0, String::len);
        if !(1..=SIGMA_BYTES_MAX).contains(&length) {
            self.fault("sigma", format!("must be given: the text of a Sigma rule, at most {SIGMA_BYTES_MAX} bytes"));
        }
    }
}
