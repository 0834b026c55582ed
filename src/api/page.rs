//! Which part of a list is asked for: `page` and `size` for people, `cursor` for programs.

use super::params::Params;
use crate::store::{Cursor, Order, Page};

const SIZE_DEFAULT: u64 = 20;
const SIZE_MAX: u64 = 1000;
/// Pages reach this far; behind it only a cursor does, because the store reads what a page leaves out.
const WINDOW_MAX: u64 = 100_000;

/// The part that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) order: Order,
    pub(super) size: u64,
    /// From 1; `None` where a cursor is given.
    pub(super) page: Option<u64>,
    after: Option<Cursor>,
}

impl Asked {
    pub(super) fn of(params: &mut Params) -> Self {
        let order = order(params, Order::NewestFirst);
        let size = params.page_size(1..=SIZE_MAX).unwrap_or(SIZE_DEFAULT);
        let page = params.whole("page", 1..=u64::from(u32::MAX));
        let after = params.text("cursor").map(|text| read_cursor(&text, order));
        match (page, &after) {
            (Some(_), Some(_)) => params.fault("cursor", "page and cursor exclude each other"),
            (Some(page), None) if page.saturating_mul(size) > WINDOW_MAX => {
                params.fault(
                    "page",
                    format!("pages reach to record {WINDOW_MAX}: go on with cursor, or narrow the filter"),
                );
            }
            _ => {}
        }
        if matches!(after, Some(None)) {
            params.fault("cursor", "cursor is not one that this list gave, with the same order");
        }
        let page = if after.is_some() { None } else { Some(page.unwrap_or(1)) };
        Self { order, size, page, after: after.flatten() }
    }

    /// What the store is to read: one record more than asked, which tells whether there is a next page.
    pub(super) fn for_store(&self) -> Page {
        Page {
            order: self.order,
            size: u32::try_from(self.size + 1).unwrap_or(u32::MAX),
            offset: self.page.map_or(0, |page| (page - 1).saturating_mul(self.size)),
            after: self.after,
        }
    }

    /// The cursor that goes on behind `last`.
    pub(super) fn next_cursor(&self, last: Cursor) -> String {
        format!("{}{last}", mark(self.order))
    }
}

/// `order=asc` or `order=desc`, by time.
pub(super) fn order(params: &mut Params, default: Order) -> Order {
    params.choice("order", &[("asc", Order::OldestFirst), ("desc", Order::NewestFirst)]).unwrap_or(default)
}

/// A cursor holds its direction, so that it cannot silently go on the other way.
fn mark(order: Order) -> char {
    match order {
        Order::NewestFirst => 'n',
        Order::OldestFirst => 'o',
    }
}

fn read_cursor(text: &str, order: Order) -> Option<Cursor> {
    text.strip_prefix(mark(order))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(query: &'static str) -> (Asked, bool) {
        let mut params = Params::of(&axum::http::Uri::from_static(query));
        let asked = Asked::of(&mut params);
        (asked, params.finish().is_ok())
    }

    #[test]
    fn pages_and_their_bounds() {
        let check = |query: &'static str, offset: u64, size: u32| {
            let (asked, is_fine) = asked(query);
            assert!(is_fine, "{query}");
            let page = asked.for_store();
            assert_eq!((page.offset, page.size), (offset, size), "{query}");
        };
        check("/", 0, 21);
        check("/?page=3&size=50", 100, 51);
        check("/?page=100&pageSize=1000", 99_000, 1001);
        for query in [
            "/?size=0",
            "/?size=1001",
            "/?page=0",
            "/?page=101&size=1000",
            "/?size=5&pageSize=5",
            "/?order=up",
            "/?cursor=x",
        ] {
            assert!(!asked(query).1, "{query}");
        }
    }

    #[test]
    fn a_cursor_goes_on_in_its_own_direction_only() {
        let last = Cursor { timestamp: -7, id: 42 };
        let text = asked("/").0.next_cursor(last);
        assert_eq!(read_cursor(&text, Order::NewestFirst), Some(last));
        assert_eq!(read_cursor(&text, Order::OldestFirst), None);
        assert!(!asked("/?page=1&cursor=n0.0").1);
        assert_eq!(asked("/?cursor=n0.5").0.for_store().after, Some(Cursor { timestamp: 0, id: 5 }));
    }
}
