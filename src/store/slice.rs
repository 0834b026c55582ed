//! Which slice of time is read first for a page, so that not all that matches must be sorted to show its end.
//!
//! A page shows the newest (or oldest) few of what may be millions. Where the matches were spread evenly, a known part of the span of time would
//! hold them: that part is read first, then a wider one, and then everything. Whatever the guess, the page is the same.
//! How many match is counted meanwhile: the first guess knows only how many records there are.

use super::search::{Order, Page};
use super::span::Span;
use crate::query::ast::{Cmp, Expr, Term};
use crate::query::field::TimeField;

/// A slice is as wide as would hold this many times the records that are wanted.
const SPARE: i128 = 4;
/// How much wider the next slice is.
const WIDEN: i128 = 16;
/// The first guess takes it that one record in so many matches. Half as many records in a slice cost hardly less: what is shown is most of it.
const ONE_IN: i128 = 256;
/// A slice that is no smaller part of the span than this spares too little to be tried.
const PART_MIN: i128 = 4;

/// The conditions to try in turn while nobody knows how many of all `rows` match.
pub(super) fn guesses(page: &Page, span: Span, rows: u64, first_arrival: i64, now: i64) -> Vec<Expr> {
    let matches = u64::try_from(i128::from(rows) / ONE_IN).unwrap_or(u64::MAX).max(1);
    conditions(page, span, matches, first_arrival, now)
}

/// Whether `total` matches are too few for any slice: all are read at once.
pub(super) fn are_few(page: &Page, total: u64) -> bool {
    i128::from(total) < wanted(page) * SPARE * PART_MIN
}

/// The conditions to try in turn, narrowest first; when none of them holds enough, there is no way around reading all.
pub(super) fn conditions(page: &Page, span: Span, total: u64, first_arrival: i64, now: i64) -> Vec<Expr> {
    let newest = span.end.map_or(now, |end| end.min(now));
    // Records may be older than their arrival: a filter that asks for such times is taken at its word.
    let oldest = match span.start {
        Some(start) if first_arrival < newest => start.max(first_arrival),
        Some(start) => start,
        None => first_arrival,
    };
    let whole = i128::from(newest) - i128::from(oldest);
    if whole <= 0 || total == 0 {
        return Vec::new();
    }
    let first = (whole * wanted(page) * SPARE / i128::from(total)).max(1);
    let slice = |width: i128| {
        let (op, bound) = match page.order {
            Order::NewestFirst => {
                let anchor = page.after.map_or(newest, |after| after.timestamp);
                (Cmp::Ge, i128::from(anchor) - width)
            }
            Order::OldestFirst => {
                let anchor = page.after.map_or(oldest, |after| after.timestamp);
                (Cmp::Lt, i128::from(anchor) + width)
            }
        };
        let micros = i64::try_from(bound).ok()?;
        Some(Expr::Term(Term::Time { field: TimeField::Timestamp, op, micros }))
    };
    [first, first * WIDEN].into_iter().filter(|width| width * PART_MIN <= whole).filter_map(slice).collect()
}

fn wanted(page: &Page) -> i128 {
    i128::from(page.offset) + i128::from(page.size)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Cursor;

    const HOUR: i64 = 3_600_000_000;
    const PAGE: Page = Page { order: Order::NewestFirst, size: 50, offset: 0, after: None };

    fn bounds(page: Page, span: Span, total: u64) -> Vec<(Cmp, i64)> {
        let time = |expr: &Expr| match expr {
            Expr::Term(Term::Time { op, micros, .. }) => (*op, *micros),
            other => panic!("{other:?}"),
        };
        conditions(&page, span, total, 0, 100 * HOUR).iter().map(time).collect()
    }

    #[test]
    fn a_slice_is_as_wide_as_even_spread_asks_for_and_then_wider() {
        // 200 of 200,000 in 100 hours: six minutes, then 96.
        let tenth = HOUR / 10;
        let all = Span::default();
        assert_eq!(bounds(PAGE, all, 200_000), [(Cmp::Ge, 100 * HOUR - tenth), (Cmp::Ge, 100 * HOUR - 16 * tenth)]);
        let oldest = Page { order: Order::OldestFirst, ..PAGE };
        assert_eq!(bounds(oldest, all, 200_000), [(Cmp::Lt, tenth), (Cmp::Lt, 16 * tenth)]);
    }

    #[test]
    fn a_cursor_and_the_filters_times_move_it() {
        let after = Some(Cursor { timestamp: 7 * HOUR, id: 1 });
        assert_eq!(bounds(Page { after, ..PAGE }, Span::default(), 2_000_000)[0], (Cmp::Ge, 7 * HOUR - HOUR / 100));
        let span = Span { start: Some(10 * HOUR), end: Some(20 * HOUR) };
        assert_eq!(bounds(PAGE, span, 20_000)[0], (Cmp::Ge, 20 * HOUR - HOUR / 10));
    }

    #[test]
    fn the_first_guess_is_a_slice_of_all_records_and_none_where_they_are_few() {
        let guess = |rows| guesses(&PAGE, Span::default(), rows, 0, 100 * HOUR).into_iter().next();
        let at = |micros| Some(Expr::Term(Term::Time { field: TimeField::Timestamp, op: Cmp::Ge, micros }));
        // 200 of 200,000 that may match, of 256 times as many that there are.
        assert_eq!(guess(256 * 200_000), at(100 * HOUR - HOUR / 10));
        assert_eq!(guess(0), None);
        assert_eq!(guess(40_000), None);
    }

    #[test]
    fn few_matches_are_read_at_once() {
        for total in [0, 1, 51, 700] {
            assert_eq!(bounds(PAGE, Span::default(), total), [], "{total}");
            assert!(are_few(&PAGE, total), "{total}");
        }
        assert!(!are_few(&PAGE, 200_000));
        let nothing = Span { start: Some(2 * HOUR), end: Some(HOUR) };
        assert_eq!(bounds(PAGE, nothing, 1_000_000), []);
        let extreme = Span { start: Some(i64::MIN), end: Some(i64::MAX) };
        assert_eq!(bounds(PAGE, extreme, u64::MAX).len(), 2);
    }
}
