//! A rule, checked and compiled.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::check;
use super::columns::Columns;
use super::fault::Fault;
use super::row_field::RowField;
use super::sigma::selects;
use super::sigma_parts::{self, Part};
use super::spec::{Against, Amount, Direction, Kind, RuleSpec, Severity, Values};
use super::template::Template;
use crate::query::ast::Expr;
use crate::query::matcher::Matcher;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
const QUIET_SECONDS_MIN: u32 = 300;

/// A rule that can be evaluated. Cheap to clone.
#[derive(Clone)]
pub struct Rule {
    compiled: Arc<Compiled>,
    /// The parts of a Sigma text after the first; none for other kinds.
    further: Arc<[Rule]>,
}

/// What a rule needs to know of itself.
pub(super) struct Compiled {
    pub(super) spec: RuleSpec,
    pub(super) group_by: Vec<RowField>,
    pub(super) window_seconds: u32,
    /// In microseconds, as are the others.
    pub(super) window: i64,
    pub(super) quiet: i64,
    pub(super) hold: i64,
    pub(super) template: Template,
    pub(super) what: What,
    /// Selects all records that the rule looks at, and perhaps more.
    pub(super) looks_at: Expr,
    /// The same for rules between which an evaluator's state can be kept.
    pub(super) fingerprint: [u8; 32],
}

/// What a rule looks for.
pub(super) enum What {
    Threshold { filter: Matcher, at_least: usize, distinct: Option<RowField>, skew: Option<i64> },
    Match { filter: Matcher },
    Ratio { filter: Matcher, of: Matcher, at_least: u64, share: f64 },
    Change(Change),
    Absence { filter: Matcher, forget: i64 },
    NewValue { filter: Matcher, field: RowField, remember: Option<i64>, learn: i64 },
    Sequence { steps: Vec<(Matcher, usize)> },
    Sigma(Part),
}

/// What a rule of the kind `change` looks for.
pub(super) struct Change {
    pub(super) filter: Matcher,
    pub(super) at_least: u64,
    pub(super) factor: f64,
    pub(super) down: bool,
    /// How many earlier days it compares with; `None` for the window before.
    pub(super) days: Option<u32>,
}

impl Rule {
    /// Checks all of `spec` and compiles it with the current values of settings.
    ///
    /// # Errors
    /// Every fault; those of a Sigma text name the document.
    pub fn new(spec: &RuleSpec, values: &Values) -> Result<Self, Vec<Fault>> {
        let faults = check::faults(spec);
        if !faults.is_empty() {
            return Err(faults);
        }
        if spec.kind == Kind::Sigma {
            return of_sigma(spec, values);
        }
        compile(spec, values).map(Self::of_one).map_err(|fault| vec![fault])
    }

    fn of_one(compiled: Compiled) -> Self {
        Self { compiled: Arc::new(compiled), further: [].into() }
    }

    /// What is evaluated by itself: each part of a Sigma text, else the whole rule.
    pub(super) fn parts(&self) -> impl Iterator<Item = Self> {
        let first = Self { compiled: Arc::clone(&self.compiled), further: [].into() };
        std::iter::once(first).chain(self.further.iter().cloned())
    }

    /// The rule as it was written.
    #[must_use]
    pub fn spec(&self) -> &RuleSpec {
        &self.compiled.spec
    }

    /// The rule's unique name.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.compiled.spec.code
    }

    /// Selects all records that it looks at, and perhaps more: none of the others can matter to it.
    #[must_use]
    pub fn looks_at(&self) -> &Expr {
        &self.compiled.looks_at
    }

    /// The fields of records that it reads.
    #[must_use]
    pub fn columns(&self) -> Columns {
        self.further.iter().map(Self::columns).fold(Columns::of(&self.compiled), Columns::union)
    }

    pub(super) fn compiled(&self) -> &Compiled {
        &self.compiled
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rule").field(&self.compiled.spec).finish()
    }
}

fn micros(seconds: u32) -> i64 {
    i64::from(seconds) * SECOND
}

fn compile(spec: &RuleSpec, values: &Values) -> Result<Compiled, Fault> {
    let window_seconds = spec.window_seconds.map_or(0, |amount| amount.value(values).clamp(1, check::SECONDS_MAX));
    let (what, looks_at) = compile_what(spec, values)?;
    let groups = spec.group_by.iter().enumerate();
    let group_by: Vec<RowField> =
        groups.map(|(at, name)| RowField::to_group_by(name, &format!("group_by[{at}]"))).collect::<Result<_, _>>()?;
    let message = spec.message.clone().unwrap_or_else(|| default_message(spec));
    let template = read_template(&message)?;
    Ok(Compiled {
        window_seconds,
        window: micros(window_seconds),
        quiet: micros(spec.quiet_seconds.unwrap_or(window_seconds.max(QUIET_SECONDS_MIN))),
        hold: micros(spec.hold_seconds),
        fingerprint: fingerprint(spec, values),
        spec: spec.clone(),
        group_by,
        template,
        what,
        looks_at,
    })
}

/// Compiles the parts of a Sigma text, each of which has its groups and its window.
fn of_sigma(spec: &RuleSpec, values: &Values) -> Result<Rule, Vec<Fault>> {
    let parts = sigma_parts::read(spec)?;
    let sources = parts.iter().flat_map(|part| &part.members).map(|member| selects::of_source(&member.logsource));
    let looks_at = selects::any(sources);
    let mut rules = Vec::new();
    for (number, part) in parts.into_iter().enumerate() {
        rules.push(compile_part(spec, values, number, (part, looks_at.clone())).map_err(|fault| vec![fault])?);
    }
    let mut rules = rules.into_iter().map(Rule::of_one);
    let Some(first) = rules.next() else {
        return Err(vec![Fault::new("sigma", "the text holds no rule")]);
    };
    Ok(Rule { further: rules.collect(), ..first })
}

fn compile_part(
    spec: &RuleSpec,
    values: &Values,
    number: usize,
    (part, looks_at): (Part, Expr),
) -> Result<Compiled, Fault> {
    let window_seconds = part.window_seconds;
    let template = match &spec.message {
        Some(message) => read_template(message)?,
        None => read_template(&format!("{{{{rule}}}}: {}", part.kind.default_message()))?.with_group(),
    };
    let mut fingerprint = Sha256::new();
    fingerprint.update(self::fingerprint(spec, values));
    fingerprint.update((number as u64).to_le_bytes());
    Ok(Compiled {
        window_seconds,
        window: micros(window_seconds),
        quiet: micros(spec.quiet_seconds.unwrap_or(window_seconds.max(QUIET_SECONDS_MIN))),
        hold: micros(spec.hold_seconds),
        fingerprint: fingerprint.finalize().into(),
        spec: spec.clone(),
        group_by: Vec::new(),
        template,
        what: What::Sigma(part),
        looks_at,
    })
}

fn read_template(message: &str) -> Result<Template, Fault> {
    let first = |faults: Vec<Fault>| faults.into_iter().next();
    Template::new(message).map_err(|faults| first(faults).unwrap_or_else(|| Fault::new("message", "cannot be read")))
}

fn compile_what(spec: &RuleSpec, values: &Values) -> Result<(What, Expr), Fault> {
    let expr = check::read_filter("filter", &spec.filter)?;
    let filter = Matcher::new(&expr);
    let at_least = spec.at_least.map_or(1, |amount| amount.value(values).clamp(1, check::AT_LEAST_MAX));
    let what = match spec.kind {
        Kind::Threshold | Kind::Sigma => {
            let distinct = spec.distinct.as_ref().map(|name| RowField::to_group_by(name, "distinct")).transpose()?;
            let most = if distinct.is_some() { check::DISTINCT_MAX } else { check::AT_LEAST_MAX };
            What::Threshold {
                filter,
                at_least: at_least.min(most) as usize,
                distinct,
                skew: spec.skew_seconds.map(micros),
            }
        }
        Kind::Match => What::Match { filter },
        Kind::Ratio => {
            let all = check::read_filter("of", spec.of.as_deref().unwrap_or_default())?;
            let of = Matcher::new(&all);
            let share = spec.share.unwrap_or(1.0);
            return Ok((What::Ratio { filter, of, at_least: u64::from(at_least), share }, all));
        }
        Kind::Change => What::Change(Change {
            filter,
            at_least: u64::from(at_least),
            factor: spec.factor.unwrap_or(1.0),
            down: spec.direction == Some(Direction::Down),
            days: (spec.against == Some(Against::SameHour)).then(|| spec.days.unwrap_or(7)),
        }),
        Kind::Absence => What::Absence { filter, forget: micros(spec.forget_seconds.unwrap_or(check::SECONDS_MAX)) },
        Kind::NewValue => What::NewValue {
            filter,
            field: RowField::to_group_by(spec.field.as_deref().unwrap_or_default(), "field")?,
            remember: spec.days.map(|days| i64::from(days) * DAY),
            learn: micros(spec.learn_seconds.unwrap_or(86_400)),
        },
        Kind::Sequence => return compile_steps(spec),
    };
    Ok((what, expr))
}

fn compile_steps(spec: &RuleSpec) -> Result<(What, Expr), Fault> {
    let mut steps = Vec::new();
    let mut exprs = Vec::new();
    for (at, step) in spec.steps.iter().flatten().enumerate() {
        let expr = check::read_filter(&format!("steps[{at}].filter"), &step.filter)?;
        steps.push((Matcher::new(&expr), step.at_least as usize));
        exprs.push(expr);
    }
    Ok((What::Sequence { steps }, Expr::or(exprs)))
}

/// What an alert says where the rule does not.
fn default_message(spec: &RuleSpec) -> String {
    let what = match spec.kind {
        Kind::Threshold if spec.distinct.is_some() => {
            format!(
                "{{{{count}}}} different values of {} within {{{{window}}}}",
                spec.distinct.as_deref().unwrap_or_default()
            )
        }
        Kind::Threshold => "{{count}} records within {{window}}".to_owned(),
        Kind::Match | Kind::Sigma => "{{message}}".to_owned(),
        Kind::Ratio => "{{value}} of the records within {{window}}".to_owned(),
        Kind::Change => "{{count}} records within {{window}}, {{value}} times as many as usual".to_owned(),
        Kind::Absence => "nothing was heard for {{window}}".to_owned(),
        Kind::NewValue => format!("{} is new: {{{{value}}}}", spec.field.as_deref().unwrap_or_default()),
        Kind::Sequence => "{{count}} records in this order within {{window}}".to_owned(),
    };
    let groups: Vec<String> = spec.group_by.iter().map(|name| format!("{name}={{{{{name}}}}}")).collect();
    match groups.as_slice() {
        [] => format!("{{{{rule}}}}: {what}"),
        groups => format!("{{{{rule}}}}: {what} ({})", groups.join(", ")),
    }
}

/// Of all that decides which records count and what for; not of how alerts are called, shown, or end.
fn fingerprint(spec: &RuleSpec, values: &Values) -> [u8; 32] {
    let number = |amount: Option<Amount>| amount.map(|amount| Amount::Number(amount.value(values)));
    let counted = RuleSpec {
        name: String::new(),
        description: String::new(),
        severity: Severity::default(),
        tags: Vec::new(),
        message: None,
        quiet_seconds: None,
        hold_seconds: 0,
        resolve_when_quiet: false,
        enabled: true,
        window_seconds: number(spec.window_seconds),
        at_least: number(spec.at_least),
        ..spec.clone()
    };
    Sha256::digest(counted.to_json().to_string()).into()
}

impl Compiled {
    /// The field whose new values are watched: a group has it beside those of `group_by`.
    pub(super) fn value_field(&self) -> Option<&RowField> {
        if let What::NewValue { field, .. } = &self.what { Some(field) } else { None }
    }

    /// What the values of a group's key are called, in their order.
    pub(super) fn group_names(&self) -> Vec<&str> {
        match &self.what {
            What::Sigma(part) => part.group_names(),
            _ => self.group_by.iter().chain(self.value_field()).map(|field| field.name.as_str()).collect(),
        }
    }

    /// Tells its alerts about limits from those of others: the parts of a text have one code.
    pub(super) fn limit_name(&self) -> String {
        match &self.what {
            What::Sigma(Part { label: Some(label), .. }) => format!("{}/{label}", self.spec.code),
            _ => self.spec.code.clone(),
        }
    }
}
