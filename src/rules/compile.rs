//! From a rule as it is written to what the evaluator runs.

use sha2::{Digest, Sha256};

use super::check;
use super::fault::Fault;
use super::row_field::RowField;
use super::rule::{Change, Compiled, What};
use super::sigma::selects;
use super::sigma_parts::Part;
use super::sigma_reading;
use super::spec::{Against, Amount, Direction, Kind, RuleSpec, Severity, Values};
use super::template::Template;
use crate::query::ast::Expr;
use crate::query::matcher::Matcher;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
const QUIET_SECONDS_MIN: u32 = 300;

fn micros(seconds: u32) -> i64 {
    i64::from(seconds) * SECOND
}

/// Compiles a rule that is not of the kind `sigma`, with the current values of settings.
pub(super) fn compile(spec: &RuleSpec, values: &Values) -> Result<Compiled, Fault> {
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
pub(super) fn of_sigma(spec: &RuleSpec, values: &Values) -> Result<(Compiled, Vec<Compiled>), Vec<Fault>> {
    let parts = sigma_reading::read(spec)?;
    let sources = parts.iter().flat_map(|part| &part.members).map(|member| selects::of_source(&member.logsource));
    let looks_at = selects::any(sources);
    let compile = |(number, part)| compile_part(spec, values, number, (part, looks_at.clone()));
    let compiled: Result<Vec<Compiled>, Fault> = parts.into_iter().enumerate().map(compile).collect();
    let mut compiled = compiled.map_err(|fault| vec![fault])?.into_iter();
    let first = compiled.next().ok_or_else(|| vec![Fault::new("sigma", "the text holds no rule")])?;
    Ok((first, compiled.collect()))
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
            return Ok((What::Ratio { filter, selects: expr, of, at_least: u64::from(at_least), share }, all));
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
