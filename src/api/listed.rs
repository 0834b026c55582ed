//! Lists of which all is at hand, or a database knows the pages: the one form of a list, and which page is asked for.

use serde::Serialize;
use utoipa::ToSchema;

use super::params::Params;

const SIZE_DEFAULT: u32 = 20;
const SIZE_MAX: u32 = 1000;

/// A list as every route answers it.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Listed<T> {
    pub(super) total: u64,
    pub(super) list: Vec<T>,
    /// Null where a cursor was given.
    pub(super) page: Option<u32>,
    pub(super) size: u32,
    /// Null on the last page, and where there are no cursors.
    pub(super) next_cursor: Option<String>,
}

/// The page that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Paging {
    /// From 1; `None` where it was not given.
    pub(super) page: Option<u32>,
    pub(super) size: u32,
}

impl Paging {
    pub(super) fn of(params: &mut Params) -> Self {
        let size = params.page_size(1..=u64::from(SIZE_MAX));
        let page = params.whole("page", 1..=u64::from(u32::MAX)).and_then(|page| u32::try_from(page).ok());
        let size = size.and_then(|size| u32::try_from(size).ok());
        Self { page, size: size.unwrap_or(SIZE_DEFAULT) }
    }

    /// The page, the first where none was given.
    pub(super) fn page(self) -> u32 {
        self.page.unwrap_or(1)
    }

    /// How many stand before it.
    pub(super) fn offset(self) -> u64 {
        u64::from(self.page() - 1) * u64::from(self.size)
    }

    /// This page of a list that somebody else has cut.
    pub(super) fn listed<T>(self, total: u64, list: Vec<T>) -> Listed<T> {
        Listed { total, list, page: Some(self.page()), size: self.size, next_cursor: None }
    }

    /// This page of `all`.
    pub(super) fn cut<T>(self, all: Vec<T>) -> Listed<T> {
        let total = all.len() as u64;
        let skipped = usize::try_from(self.offset()).unwrap_or(usize::MAX);
        self.listed(total, all.into_iter().skip(skipped).take(self.size as usize).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paging(query: &'static str) -> Option<Paging> {
        let mut params = Params::of(&axum::http::Uri::from_static(query));
        let paging = Paging::of(&mut params);
        params.finish().ok().map(|()| paging)
    }

    #[test]
    fn pages_have_bounds_and_two_names_for_their_size() {
        assert_eq!(paging("/"), Some(Paging { page: None, size: 20 }));
        assert_eq!(paging("/?page=2&pageSize=1000"), Some(Paging { page: Some(2), size: 1000 }));
        for query in ["/?page=0", "/?size=0", "/?size=1001", "/?size=5&pageSize=5", "/?page=4294967296"] {
            assert_eq!(paging(query), None, "{query}");
        }
    }

    #[test]
    fn a_page_is_cut_out_of_the_whole() {
        let cut = |page, size| Paging { page: Some(page), size }.cut(vec![1, 2, 3, 4, 5]);
        assert_eq!(cut(2, 2), Listed { total: 5, list: vec![3, 4], page: Some(2), size: 2, next_cursor: None });
        assert_eq!(cut(3, 2).list, [5]);
        assert!(cut(u32::MAX, 1000).list.is_empty());
    }
}
