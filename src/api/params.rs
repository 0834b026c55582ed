//! Query parameters, read strictly: unknown ones, double ones and wrong values are all reported together.

use std::ops::RangeInclusive;

use axum::http::Uri;

use super::error::{ApiError, FieldFault};
use crate::clock::now_micros;
use crate::query::ast::Expr;
use crate::query::filter::{Filter, FilterText};
use crate::store::Span;

/// Parameters of one request that are not read yet, and what was wrong with those that are.
#[derive(Debug)]
pub(super) struct Params {
    pairs: Vec<(String, String)>,
    faults: Vec<FieldFault>,
}

/// The records that a request is about.
#[derive(Clone, Debug)]
pub(super) struct Selection {
    pub(super) expr: Expr,
    /// The first instant, in microseconds since 1970 (UTC), where the request states one.
    pub(super) start_time: Option<i64>,
    /// The first instant that is too late.
    pub(super) end_time: Option<i64>,
}

impl Params {
    pub(super) fn of(uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        Self { pairs, faults: Vec::new() }
    }

    /// The value of `name`, even an empty one; `None` where it was not sent.
    fn take(&mut self, name: &'static str) -> Option<String> {
        let mut values = self.pairs.extract_if(.., |(n, _)| n == name).map(|(_, value)| value);
        let first = values.next();
        if values.count() > 0 {
            self.fault(name, format!("{name} is given more than once"));
        }
        first
    }

    /// The value of `name`; an empty one counts as not sent.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.take(name).filter(|value| !value.is_empty())
    }

    /// Whether `name` is set: `?name`, `?name=true`, `?name=1`.
    pub(super) fn flag(&mut self, name: &'static str) -> bool {
        match self.take(name).as_deref() {
            None | Some("false" | "0") => false,
            Some("" | "true" | "1") => true,
            Some(_) => {
                self.fault(name, format!("{name} must be true or false"));
                false
            }
        }
    }

    /// A whole number within `range`.
    pub(super) fn whole(&mut self, name: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        let text = self.text(name)?;
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            self.fault(name, format!("{name} must be {} to {}", range.start(), range.end()));
        }
        number
    }

    /// How many a page has: `size`, or `pageSize`, its other name; not both.
    pub(super) fn page_size(&mut self, range: RangeInclusive<u64>) -> Option<u64> {
        let size = self.whole("size", range.clone());
        let page_size = self.whole("pageSize", range);
        if size.is_some() && page_size.is_some() {
            self.fault("pageSize", "pageSize is another name of size: give one of them");
        }
        size.or(page_size)
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(name)?;
        let chosen = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
        if chosen.is_none() {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            self.fault(name, format!("{name} must be {}", words.join(" or ")));
        }
        chosen
    }

    /// The filter parameters that all reading routes share.
    pub(super) fn selection(&mut self) -> Selection {
        let text = FilterText {
            start_time: self.text("start_time"),
            end_time: self.text("end_time"),
            levels: self.text("levels"),
            source: self.text("source"),
            ip: self.text("ip"),
            keyword: self.text("keyword"),
            user_name: self.text("user_name"),
            host: self.text("host"),
            app: self.text("app"),
            q: self.text("q"),
        };
        match self.filter(&text) {
            Some(filter) => {
                Selection { expr: filter.to_expr(), start_time: filter.start_time, end_time: filter.end_time }
            }
            None => Selection { expr: Expr::All, start_time: None, end_time: None },
        }
    }

    /// `source` and `host` alone.
    pub(super) fn sender(&mut self) -> Expr {
        let (source, host) = (self.text("source"), self.text("host"));
        self.filter(&FilterText { source, host, ..FilterText::default() }).map_or(Expr::All, |filter| filter.to_expr())
    }

    /// `start_time` and `end_time` alone.
    pub(super) fn times(&mut self) -> Span {
        let (start_time, end_time) = (self.text("start_time"), self.text("end_time"));
        let filter = self.filter(&FilterText { start_time, end_time, ..FilterText::default() });
        filter.map_or(Span { start: None, end: None }, |filter| Span { start: filter.start_time, end: filter.end_time })
    }

    /// The filter; with a fault for each part that is wrong there is none.
    fn filter(&mut self, text: &FilterText) -> Option<Filter> {
        let read = Filter::parse(text, now_micros());
        read.map_err(|faults| {
            self.faults.extend(faults.into_iter().map(|fault| FieldFault::new(fault.field, fault.detail)));
        })
        .ok()
    }

    pub(super) fn fault(&mut self, field: &'static str, detail: impl Into<String>) {
        self.faults.push(FieldFault::new(field, detail));
    }

    /// To be called when all parameters are read, and before any of them is used.
    ///
    /// # Errors
    /// 422 where a value was wrong, or a parameter is left that nobody asked for.
    pub(super) fn finish(mut self) -> Result<(), ApiError> {
        let mut unknown: Vec<String> = self.pairs.into_iter().map(|(name, _)| name).collect();
        unknown.dedup();
        self.faults.extend(unknown.into_iter().map(|name| {
            let detail = format!("unknown parameter {name}");
            FieldFault::new(name, detail)
        }));
        if self.faults.is_empty() { Ok(()) } else { Err(ApiError::parameters(self.faults)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(query: &'static str) -> Params {
        Params::of(&Uri::from_static(query))
    }

    fn faults(params: Params) -> Vec<String> {
        params.faults.iter().map(|fault| fault.detail.clone()).collect()
    }

    #[test]
    fn unknown_and_double_parameters_are_named() {
        let mut unknown = params("/logs?size=5&colour=red");
        assert_eq!(unknown.whole("size", 1..=1000), Some(5));
        assert!(unknown.finish().is_err());

        let mut double = params("/logs?size=5&size=6");
        double.whole("size", 1..=1000);
        assert_eq!(faults(double), ["size is given more than once"]);
    }

    #[test]
    fn numbers_flags_and_choices_are_checked() {
        let check = |query: &'static str, expected: &[&str]| {
            let mut p = params(query);
            p.whole("size", 1..=1000);
            p.flag("gzip");
            p.choice("order", &[("asc", 1), ("desc", 2)]);
            assert_eq!(faults(p), expected, "{query}");
        };
        check("/?size=1000&gzip&order=asc", &[]);
        check("/?size=&gzip=false&order=", &[]);
        check("/?size=0", &["size must be 1 to 1000"]);
        check("/?size=-1", &["size must be 1 to 1000"]);
        check("/?size=ten", &["size must be 1 to 1000"]);
        check("/?gzip=maybe", &["gzip must be true or false"]);
        check("/?order=up", &["order must be asc or desc"]);
    }

    #[test]
    fn every_wrong_filter_is_reported() {
        let mut p = params("/?start_time=soon&levels=LOUD&ip=300.1.1.1");
        p.selection();
        assert_eq!(p.faults.iter().map(|f| f.field.as_ref()).collect::<Vec<_>>(), ["start_time", "levels", "ip"]);
    }
}
