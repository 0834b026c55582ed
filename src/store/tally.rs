//! Counts by minute, source and level.
//!
//! The store keeps them with its records (the projection `by_minute`). A filter that speaks of time, source and level only is answered from them:
//! its whole minutes from what is kept, the pieces of minutes at its ends from the records. Any other filter is answered from the records.

use clickhouse::query::Query;

use super::bind;
use super::span::{Span, conditions};
use crate::query::ast::{Expr, Term};
use crate::query::field::{TextField, TimeField};
use crate::query::sql::Where;

/// Microseconds from 1900, the earliest time that is stored, to 1970: a whole number of days.
pub(super) const SINCE_1900: i64 = 25_567 * 86_400_000_000;
pub(super) const MINUTE: i64 = 60_000_000;
/// The minute of a record, counted from 1900; written as in the projection, for only so the engine knows it again.
const OF_RECORD: &str = "intDiv(toUnixTimestamp64Micro(timestamp) + 2208988800000000, 60000000)";

/// What is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Minute,
    Source,
    Level,
}

impl Key {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Source => "source",
            Self::Level => "level",
        }
    }

    /// Its value in a record, by its name.
    fn of_record(self) -> String {
        match self {
            Self::Minute => format!("{OF_RECORD} AS minute"),
            Self::Source | Self::Level => self.name().to_owned(),
        }
    }
}

/// How many records match a filter, by some keys.
#[derive(Debug)]
pub(super) struct Tally {
    /// A table with a column of each key's name and the count `n`, which is above 0 unless there are no keys.
    pub(super) sql: String,
    condition: Where,
    instants: Vec<(&'static str, i64)>,
}

impl Tally {
    pub(super) fn new(filter: &Expr, keys: &[Key]) -> Self {
        match Bounds::of(filter) {
            Some((rest, bounds)) if !keys.is_empty() || *filter != Expr::All => bounds.tally(&rest, keys),
            _ => {
                let condition = Where::new(filter);
                Self { sql: format!("({})", counted(keys, &condition.sql)), condition, instants: Vec::new() }
            }
        }
    }

    pub(super) fn bind(&self, query: Query) -> Query {
        self.instants.iter().fold(bind(query, &self.condition), |query, (name, value)| query.param(name, value))
    }
}

/// Records that meet `condition`, counted.
fn counted(keys: &[Key], condition: &str) -> String {
    let values: String = keys.iter().map(|key| key.of_record() + ", ").collect();
    format!("SELECT {values}count() AS n FROM logs WHERE {condition}{}", group_by(keys))
}

fn group_by(keys: &[Key]) -> String {
    let names: Vec<_> = keys.iter().map(|key| key.name()).collect();
    if names.is_empty() { String::new() } else { format!(" GROUP BY {}", names.join(", ")) }
}

/// A span of time that holds whole minutes, or has no end.
#[derive(Clone, Copy, Debug)]
struct Bounds(Span);

impl Bounds {
    /// What `filter` says of anything but time, and of time, where it says nothing that the minutes do not tell and leaves a whole minute.
    fn of(filter: &Expr) -> Option<(Expr, Self)> {
        let mut span = Span::default();
        let mut rest = Vec::new();
        for part in conditions(filter) {
            match part {
                Expr::Term(Term::Time { field: TimeField::Timestamp, op, micros }) => {
                    if !span.narrow(*op, *micros) {
                        return None;
                    }
                }
                other if is_told(other) => rest.push(other.clone()),
                _ => return None,
            }
        }
        match Self(span).minutes() {
            (Some(first), Some(end)) if first >= end => None,
            _ => Some((Expr::and(rest), Self(span))),
        }
    }

    /// The first whole minute, and the one behind the last.
    fn minutes(self) -> (Option<i64>, Option<i64>) {
        let since_1900 = |micros: i64| micros.saturating_add(SINCE_1900);
        let first = self.0.start.map(|start| since_1900(start).saturating_add(MINUTE - 1).div_euclid(MINUTE));
        (first, self.0.end.map(|end| since_1900(end).div_euclid(MINUTE)))
    }

    fn tally(self, rest: &Expr, keys: &[Key]) -> Tally {
        let (first, end) = self.minutes();
        let begins = |minute: i64| minute.saturating_mul(MINUTE).saturating_sub(SINCE_1900);
        let mut instants = Vec::new();
        let mut whole = Vec::new();
        let mut pieces = Vec::new();
        if let (Some(from), Some(first)) = (self.0.start, first) {
            instants.extend([("from", from), ("first", first), ("first_begin", begins(first))]);
            whole.push(format!("{OF_RECORD} >= {{first:Int64}}"));
            pieces.push(between("from", "first_begin"));
        }
        if let (Some(until), Some(end)) = (self.0.end, end) {
            instants.extend([("until", until), ("end", end), ("end_begin", begins(end))]);
            whole.push(format!("{OF_RECORD} < {{end:Int64}}"));
            pieces.push(between("end_begin", "until"));
        }
        // The engine takes several times as long to plan a read of what is kept with a condition on the level as to read all of it.
        let all_keys = [Key::Minute, Key::Source, Key::Level];
        let inner: Vec<_> = all_keys.into_iter().filter(|key| *key != Key::Minute || keys.contains(key)).collect();
        let whole = if whole.is_empty() { "1".to_owned() } else { whole.join(" AND ") };
        let mut parts = vec![counted(&inner, &whole)];
        if !pieces.is_empty() {
            parts.push(counted(&inner, &pieces.join(" OR ")));
        }
        let names: String = keys.iter().map(|key| format!("{}, ", key.name())).collect();
        let having = if keys.is_empty() { "" } else { " HAVING n > 0" };
        let condition = Where::new(rest);
        let sql = format!(
            "(SELECT {names}sumIf(c.n, {}) AS n FROM ({}) AS c{}{having})",
            condition.sql,
            parts.join(" UNION ALL "),
            group_by(keys),
        );
        Tally { sql, condition, instants }
    }
}

fn between(from: &str, until: &str) -> String {
    let time = |name| format!("fromUnixTimestamp64Micro({{{name}:Int64}}, 'UTC')");
    format!("(timestamp >= {} AND timestamp < {})", time(from), time(until))
}

/// Whether the source and the level tell if `expr` holds.
fn is_told(expr: &Expr) -> bool {
    match expr {
        Expr::All => true,
        Expr::Not(inner) => is_told(inner),
        Expr::And(parts) | Expr::Or(parts) => parts.iter().all(is_told),
        Expr::Term(term) => match term {
            Term::Level(_) => true,
            Term::Text { field, .. } | Term::Decimal { field, .. } => *field == TextField::Source,
            Term::Number { .. } | Term::NumberExists(_) | Term::Time { .. } | Term::Ip(_) => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::ast::Cmp;
    use crate::query::level_set::LevelSet;

    const HOUR: i64 = 60 * MINUTE;

    fn time(op: Cmp, micros: i64) -> Expr {
        Expr::Term(Term::Time { field: TimeField::Timestamp, op, micros })
    }

    fn span(filter: Expr) -> Option<(Option<i64>, Option<i64>)> {
        Bounds::of(&filter).map(|(_, bounds)| bounds.minutes())
    }

    #[test]
    fn whole_minutes_lie_within_the_span() {
        let minutes = 25_567 * 24 * 60;
        assert_eq!(span(time(Cmp::Ge, HOUR)), Some((Some(minutes + 60), None)));
        assert_eq!(span(time(Cmp::Gt, HOUR)), Some((Some(minutes + 61), None)));
        assert_eq!(span(time(Cmp::Lt, HOUR)), Some((None, Some(minutes + 60))));
        assert_eq!(span(time(Cmp::Le, HOUR - 1)), Some((None, Some(minutes + 60))));
        assert_eq!(span(time(Cmp::Le, HOUR - 2)), Some((None, Some(minutes + 59))));
        assert_eq!(span(time(Cmp::Lt, -SINCE_1900 - 1)), Some((None, Some(-1))));
    }

    #[test]
    fn what_the_minutes_do_not_tell_is_counted_from_the_records() {
        let records = [
            Expr::and([time(Cmp::Ge, 1), time(Cmp::Lt, MINUTE)]),
            Expr::and([time(Cmp::Ge, HOUR), time(Cmp::Lt, 0)]),
            time(Cmp::Eq, HOUR),
            Expr::Not(Box::new(time(Cmp::Ge, HOUR))),
            Expr::Term(Term::Time { field: TimeField::ReceivedAt, op: Cmp::Ge, micros: 0 }),
            Expr::Term(Term::NumberExists(crate::query::field::NumberField::Severity)),
        ];
        for filter in records {
            assert_eq!(span(filter.clone()), None, "{filter}");
            assert!(!Tally::new(&filter, &[Key::Level]).sql.contains("UNION ALL"), "{filter}");
        }
        let level = Expr::Term(Term::Level(LevelSet::known()));
        assert!(span(level.clone()).is_some());
        assert!(Tally::new(&Expr::and([level, time(Cmp::Ge, HOUR)]), &[]).sql.contains("UNION ALL"));
    }
}
