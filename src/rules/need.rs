//! What must hold for a record before a rule can look at it: a weaker condition than the rule's own, but a cheap one.

use super::rule::{Compiled, What};
use crate::query::ast::{Expr, Term, TextTest};
use crate::query::field::{Field, TextField};
use crate::query::level_set::LevelSet;
use crate::query::pattern::Piece;
use logseal_parsers::Level;

/// Shorter texts are in too many messages to be looked for.
const LITERAL_BYTES_MIN: usize = 3;

/// Conditions that must all hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Need {
    /// The record's level is one of these.
    pub(super) levels: LevelSet,
    /// It has an address.
    pub(super) ip: bool,
    /// It has a user.
    pub(super) user: bool,
    /// One of these fields has its value.
    pub(super) fields: Option<Vec<(TextField, Wanted)>>,
    /// One of these texts, in lower case, is in the message, whatever the case of ASCII letters.
    pub(super) literals: Option<Vec<Vec<u8>>>,
}

/// What a field must hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wanted {
    /// This, exactly.
    Value(String),
    /// Anything that is not empty.
    Present,
}

impl Need {
    const NOTHING: Self = Self { levels: LevelSet::ALL, ip: false, user: false, fields: None, literals: None };

    /// Of a rule: of its filters and of its groups.
    pub(super) fn of(rule: &Compiled) -> Self {
        if matches!(rule.what, What::Sigma(_)) {
            // Asked for all of them at once, in another place.
            return Self { levels: LevelSet::NONE, ..Self::NOTHING };
        }
        let mut need = of_expr(&rule.looks_at);
        for grouped in rule.group_by.iter().chain(rule.value_field()) {
            need = need.and(match &grouped.field {
                Field::Ip => Self { ip: true, ..Self::NOTHING },
                Field::Text(field) => present(field),
                Field::Number(_) | Field::Time(_) | Field::Level => Self::NOTHING,
            });
        }
        need
    }

    fn and(self, other: Self) -> Self {
        let levels = self.levels.iter().filter(|level| other.levels.contains(*level)).collect();
        Self {
            levels,
            ip: self.ip || other.ip,
            user: self.user || other.user,
            fields: better(self.fields, other.fields, |fields| fields_cost(fields)),
            literals: better(self.literals, other.literals, |literals| literals_cost(literals)),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            levels: self.levels.union(other.levels),
            ip: self.ip && other.ip,
            user: self.user && other.user,
            fields: both(self.fields, other.fields),
            literals: both(self.literals, other.literals),
        }
    }
}

fn of_expr(expr: &Expr) -> Need {
    match expr {
        Expr::All => Need::NOTHING,
        Expr::Not(inner) => match &**inner {
            Expr::All => Need { levels: LevelSet::NONE, ..Need::NOTHING },
            Expr::Term(Term::Level(set)) => {
                let others = Level::ALL.into_iter().filter(|level| !set.contains(*level));
                Need { levels: others.collect(), ..Need::NOTHING }
            }
            _ => Need::NOTHING,
        },
        Expr::And(parts) => parts.iter().map(of_expr).fold(Need::NOTHING, Need::and),
        Expr::Or(parts) => parts.iter().map(of_expr).reduce(Need::or).unwrap_or(Need::NOTHING),
        Expr::Term(term) => of_term(term),
    }
}

fn of_term(term: &Term) -> Need {
    match term {
        Term::Level(set) => Need { levels: *set, ..Need::NOTHING },
        Term::Ip(_) => Need { ip: true, ..Need::NOTHING },
        Term::Decimal { field, .. } => present(field),
        Term::Text { field: TextField::Message, test } => literal(test),
        Term::Text { field, test } => of_test(field, test),
        Term::Number { .. } | Term::NumberExists(_) | Term::Time { .. } => Need::NOTHING,
    }
}

fn of_test(field: &TextField, test: &TextTest) -> Need {
    match test {
        TextTest::Equals(value) if value.is_empty() => Need::NOTHING,
        TextTest::Equals(value) if !field.is_prose() && !field.ignores_case() => {
            let fields = Some(vec![(field.clone(), Wanted::Value(value.clone()))]);
            Need { fields, user: *field == TextField::UserName, ..Need::NOTHING }
        }
        TextTest::Wildcard(pattern) if !pattern.pieces().iter().any(|piece| matches!(piece, Piece::Literal(_))) => {
            Need::NOTHING
        }
        TextTest::Regex(_) => Need::NOTHING,
        TextTest::Equals(_) | TextTest::Words(_) | TextTest::Contains(_) | TextTest::Exists | TextTest::Wildcard(_) => {
            present(field)
        }
    }
}

fn present(field: &TextField) -> Need {
    match field {
        // Asking whether the longest fields are empty tells nothing.
        TextField::Message | TextField::Raw => Need::NOTHING,
        TextField::UserName => Need { user: true, ..Need::NOTHING },
        other => Need { fields: Some(vec![(other.clone(), Wanted::Present)]), ..Need::NOTHING },
    }
}

/// Of a test of the message.
fn literal(test: &TextTest) -> Need {
    let text = match test {
        TextTest::Equals(text) | TextTest::Words(text) | TextTest::Contains(text) => Some(text.as_str()),
        TextTest::Wildcard(pattern) => {
            let texts = pattern.pieces().iter().filter_map(|piece| match piece {
                Piece::Literal(text) => Some(text.as_str()),
                Piece::AnyChar | Piece::AnyRun => None,
            });
            texts.max_by_key(|text| text.len())
        }
        TextTest::Regex(regex) => regex.required(),
        TextTest::Exists => None,
    };
    let long_enough = text.filter(|text| text.len() >= LITERAL_BYTES_MIN);
    let literals = long_enough.map(|text| vec![text.to_ascii_lowercase().into_bytes()]);
    Need { literals, ..Need::NOTHING }
}

fn better<T>(one: Option<T>, other: Option<T>, cost: impl Fn(&T) -> (usize, usize)) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(if cost(&other) < cost(&one) { other } else { one }),
        (one, other) => one.or(other),
    }
}

fn both<T>(one: Option<Vec<T>>, other: Option<Vec<T>>) -> Option<Vec<T>> {
    let (mut all, other) = (one?, other?);
    all.extend(other);
    Some(all)
}

/// The fewer records pass, the lower: exact values before presence, attributes before what nearly all records have.
fn fields_cost(fields: &[(TextField, Wanted)]) -> (usize, usize) {
    let cost = |(field, wanted): &(TextField, Wanted)| match (wanted, field) {
        (Wanted::Value(value), TextField::Attribute(_)) if !value.is_empty() => 0,
        (Wanted::Value(_), _) => 1,
        (Wanted::Present, TextField::Attribute(_) | TextField::ParseError) => 2,
        (Wanted::Present, _) => 3,
    };
    (fields.iter().map(cost).max().unwrap_or(0), fields.len())
}

fn literals_cost(literals: &[Vec<u8>]) -> (usize, usize) {
    (usize::MAX - literals.iter().map(Vec::len).min().unwrap_or(0), literals.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parse::parse;

    fn need(query: &str) -> Need {
        of_expr(&parse(query, 0).unwrap())
    }

    fn literals(query: &str) -> Vec<String> {
        let found = need(query).literals.unwrap_or_default();
        found.into_iter().map(|text| String::from_utf8(text).unwrap()).collect()
    }

    #[test]
    fn the_longest_literal_of_a_conjunction_and_all_of_a_disjunction_are_needed() {
        assert_eq!(literals("Failed \"for Invalid user\""), ["for invalid user"]);
        assert_eq!(literals("Failed OR error"), ["failed", "error"]);
        assert!(literals("failed OR level:error").is_empty());
        assert!(literals("-failed").is_empty() && literals("ab").is_empty());
        assert_eq!(literals("*xx*longest?"), ["longest"]);
        assert_eq!(literals("/[0-9]+ failed for/"), [" failed for"]);
    }

    #[test]
    fn fields_levels_and_presence_are_needed() {
        let app = |name: &str| (TextField::App, Wanted::Value(name.to_owned()));
        assert_eq!(need("app:sshd,sudo failed").fields, Some(vec![app("sshd"), app("sudo")]));
        assert_eq!(need("app:sshd OR failed").fields, None);
        assert_eq!(need("level:error OR level:fatal").levels.iter().count(), 2);
        assert_eq!(need("-level:error").levels.iter().count(), 6);
        assert!(need("ip:10.0.0.0/8 user:*").ip && need("user:bob").user && !need("user:\"\"").user);
        assert_eq!(need("attr.status:\"\"").fields, None, "what a record has not is not looked up");
        let status = TextField::Attribute("status".to_owned());
        assert_eq!(need("attr.status:>=500 app:nginx").fields, Some(vec![app("nginx")]));
        assert_eq!(need("attr.status:>=500").fields, Some(vec![(status, Wanted::Present)]));
    }
}
