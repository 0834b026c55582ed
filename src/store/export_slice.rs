//! What is read and sorted at once of an export, and how it is cut where it holds too much.

use clickhouse::Row;
use serde::Deserialize;

/// Into how many parts a slice that holds too much is cut.
const PARTS: u64 = 256;

/// A span of event time in microseconds, and of ids; all ends are inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) first: i64,
    pub(super) last: i64,
    pub(super) first_id: u64,
    pub(super) last_id: u64,
    pub(super) rows: u64,
}

/// How many records are in one of the parts of a slice, which are numbered from its beginning.
#[derive(Row, Deserialize)]
pub(super) struct Part {
    pub(super) number: u64,
    pub(super) rows: u64,
}

impl Slice {
    /// Whether all of it is of one time: it is cut by ids, which are the order of such records.
    pub(super) fn is_one_time(&self) -> bool {
        self.first == self.last
    }

    /// An id is that of one record.
    pub(super) fn is_divisible(&self) -> bool {
        self.first < self.last || self.first_id < self.last_id
    }

    /// How many microseconds, or ids, are one part of it.
    pub(super) fn part_width(&self) -> u64 {
        let span =
            if self.is_one_time() { self.last_id.abs_diff(self.first_id) } else { self.last.abs_diff(self.first) };
        (span / PARTS).saturating_add(1)
    }

    /// The smaller slices of it: neighbouring parts are joined as long as they stay below `rows_max`. The first one first.
    pub(super) fn cut(&self, parts: &[Part], rows_max: u64) -> Vec<Self> {
        let mut slices: Vec<Self> = Vec::new();
        for part in parts {
            let this = self.part(part);
            match slices.last_mut() {
                Some(open) if open.rows.saturating_add(part.rows) <= rows_max => {
                    (open.last, open.last_id) = (this.last, this.last_id);
                    open.rows += part.rows;
                }
                _ => slices.push(this),
            }
        }
        slices
    }

    fn part(&self, part: &Part) -> Self {
        let width = self.part_width();
        let begin = part.number.saturating_mul(width);
        let end = begin.saturating_add(width - 1);
        if self.is_one_time() {
            let first_id = self.first_id.saturating_add(begin);
            let last_id = self.first_id.saturating_add(end).min(self.last_id);
            Self { first_id, last_id, rows: part.rows, ..*self }
        } else {
            let first = self.first.saturating_add_unsigned(begin);
            let last = self.first.saturating_add_unsigned(end).min(self.last);
            Self { first, last, rows: part.rows, ..*self }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: Slice = Slice { first: 100, last: 2659, first_id: 0, last_id: 9, rows: 21 };

    fn parts() -> Vec<Part> {
        [(0, 5), (1, 5), (3, 9), (4, 2)].map(|(number, rows)| Part { number, rows }).into()
    }

    #[test]
    fn parts_are_joined_up_to_the_limit_and_cover_the_span() {
        assert_eq!(WHOLE.part_width(), 10);
        assert_eq!(
            WHOLE.cut(&parts(), 10),
            [
                Slice { first: 100, last: 119, rows: 10, ..WHOLE },
                Slice { first: 130, last: 139, rows: 9, ..WHOLE },
                Slice { first: 140, last: 149, rows: 2, ..WHOLE },
            ]
        );
    }

    #[test]
    fn records_of_one_time_are_cut_by_their_ids() {
        let whole = Slice { first: 7, last: 7, first_id: 1000, last_id: 3558, rows: 21 };
        assert_eq!(
            whole.cut(&parts(), 11),
            [
                Slice { first_id: 1000, last_id: 1019, rows: 10, ..whole },
                Slice { first_id: 1030, last_id: 1049, rows: 11, ..whole },
            ]
        );
        let part = Part { number: 255, rows: 4 };
        assert_eq!(whole.cut(&[part], 4), [Slice { first_id: 3550, last_id: 3558, rows: 4, ..whole }]);
    }

    #[test]
    fn every_cut_is_smaller_until_a_single_record_is_left() {
        let mut slice = Slice { first: i64::MIN, last: i64::MAX, first_id: 0, last_id: u64::MAX, rows: 3 };
        let mut cuts = 0;
        while slice.is_divisible() {
            slice = slice.cut(&[Part { number: 255, rows: 3 }], 2)[0];
            cuts += 1;
            assert!(cuts < 100, "{slice:?}");
        }
        assert_eq!((slice.first, slice.first_id), (i64::MAX, u64::MAX));
    }
}
