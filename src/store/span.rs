//! What a filter says of the time of records.

use crate::query::ast::{Cmp, Expr, Term};
use crate::query::field::TimeField;

/// A span of time, in microseconds since 1970 (UTC).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first instant in it, where it has a begin.
    pub start: Option<i64>,
    /// The first instant that is too late.
    pub end: Option<i64>,
}

impl Span {
    /// The span in which all records lie that match `filter`, as far as its conditions state one by themselves.
    pub(super) fn of(filter: &Expr) -> Self {
        let mut span = Self::default();
        for part in conditions(filter) {
            if let Expr::Term(Term::Time { field: TimeField::Timestamp, op, micros }) = part {
                span.narrow(*op, *micros);
            }
        }
        span
    }

    /// Leaves what also meets a comparison with an instant. Tells whether the span says all that the comparison does.
    pub(super) fn narrow(&mut self, op: Cmp, micros: i64) -> bool {
        let behind = micros.checked_add(1);
        let (start, end) = match op {
            Cmp::Ge => (Some(micros), None),
            Cmp::Gt => (behind, None),
            Cmp::Lt => (None, Some(micros)),
            Cmp::Le => (None, behind),
            Cmp::Eq => (Some(micros), behind),
        };
        self.start = self.start.max(start);
        self.end = [self.end, end].into_iter().flatten().min();
        behind.is_some()
    }
}

/// Whether `filter` says nothing but when its records happened or arrived.
pub(super) fn is_only_time(filter: &Expr) -> bool {
    conditions(filter).iter().all(|part| matches!(part, Expr::All | Expr::Term(Term::Time { .. })))
}

/// The conditions that a record must meet, all of them.
pub(super) fn conditions(filter: &Expr) -> &[Expr] {
    match filter {
        Expr::And(parts) => parts,
        one => std::slice::from_ref(one),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::level_set::LevelSet;

    #[test]
    fn the_narrowest_of_several_bounds_counts() {
        let time = |op, micros| Expr::Term(Term::Time { field: TimeField::Timestamp, op, micros });
        let span = |parts: &[Expr]| Span::of(&Expr::and(parts.iter().cloned()));
        let of = |start, end| Span { start, end };
        let bounds = [time(Cmp::Ge, 1), time(Cmp::Gt, 6), time(Cmp::Le, 20), time(Cmp::Lt, 30)];
        assert_eq!(span(&bounds), of(Some(7), Some(21)));
        assert_eq!(span(&[time(Cmp::Eq, 5), Expr::Term(Term::Level(LevelSet::known()))]), of(Some(5), Some(6)));
        assert_eq!(span(&[time(Cmp::Le, i64::MAX)]), of(None, None));
        let received = Expr::Term(Term::Time { field: TimeField::ReceivedAt, op: Cmp::Ge, micros: 1 });
        assert!(is_only_time(&Expr::All) && is_only_time(&Expr::and(bounds.iter().cloned().chain([received.clone()]))));
        assert!(!is_only_time(&Expr::and([time(Cmp::Ge, 1), Expr::Term(Term::Level(LevelSet::known()))])));
        assert_eq!(span(&[received, Expr::Not(Box::new(time(Cmp::Ge, 1)))]), of(None, None));
    }
}
