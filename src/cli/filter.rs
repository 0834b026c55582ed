//! The filters that `query`, `tail` and `export` share, as parameters of the API.

use chrono::{DateTime, Utc};
use clap::Args;
use logseal_parsers::Level;

use super::since::{Moment, moment};
use crate::query::ast::{Expr, Term, TextTest};
use crate::query::field::TextField;

/// Which records.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Which {
    /// What to look for, such as `level:error "login failed" -user:alice`; all records where omitted.
    #[arg(value_name = "QUERY", default_value = "", hide_default_value = true)]
    pub(super) query: String,
    /// Only these levels.
    #[arg(long, value_name = "LEVEL,…", value_delimiter = ',', value_parser = level)]
    level: Vec<Level>,
    /// Only this source.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Only this host.
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Only this program.
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
}

/// Which span of time.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct When {
    /// From this time on: a span before now (90s, 30m, 1h, 7d), a date, or RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Moment>,
    /// Up to this time.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Moment>,
}

impl Which {
    /// As names and values of query parameters.
    pub(super) fn parameters(&self) -> Vec<(&'static str, String)> {
        let levels: Vec<&str> = self.level.iter().map(|level| level.as_str()).collect();
        let mut query = self.query.trim_end().to_owned();
        let mut names = Vec::new();
        for (parameter, field, name) in [
            ("source", TextField::Source, &self.source),
            ("host", TextField::Host, &self.host),
            ("app", TextField::App, &self.app),
        ] {
            match name {
                // The parameter takes several names, with commas between them.
                Some(name) if name.contains(',') => {
                    let named = Expr::Term(Term::Text { field, test: TextTest::Equals(name.clone()) });
                    query = if query.is_empty() { named.to_string() } else { format!("({query}) {named}") };
                }
                Some(name) => names.push((parameter, name.clone())),
                None => {}
            }
        }
        let stated = [("q", query), ("levels", levels.join(","))];
        stated.into_iter().filter(|(_, value)| !value.is_empty()).chain(names).collect()
    }
}

impl When {
    /// As names and values of query parameters.
    pub(super) fn parameters(&self, now: DateTime<Utc>) -> Vec<(&'static str, String)> {
        [("start_time", self.since), ("end_time", self.until)]
            .into_iter()
            .filter_map(|(name, moment)| Some((name, moment?.rfc3339(now))))
            .collect()
    }
}

fn level(word: &str) -> Result<Level, String> {
    let known = match word.to_ascii_lowercase().as_str() {
        "warning" => "WARN".to_owned(),
        "err" => "ERROR".to_owned(),
        _ => word.to_owned(),
    };
    known.parse().map_err(|error: logseal_parsers::UnknownLevel| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        when: When,
    }

    #[test]
    fn only_what_was_given_becomes_a_parameter() {
        let line = Line::parse_from([
            "x",
            "level:error x ",
            "--level",
            "warning,fatal",
            "--app",
            "sshd",
            "--since",
            "2026-11-20",
        ]);
        assert_eq!(
            line.which.parameters(),
            [("q", "level:error x".to_owned()), ("levels", "WARN,FATAL".to_owned()), ("app", "sshd".to_owned()),]
        );
        assert_eq!(line.when.parameters(Utc::now()), [("start_time", "2026-11-20T00:00:00.000000Z".to_owned())]);
        assert!(Line::parse_from(["x"]).which.parameters().is_empty());
    }

    #[test]
    fn a_name_with_a_comma_is_one_name() {
        let line = Line::parse_from(["x", "a OR b", "--source", "acme,inc", "--host", "h"]);
        assert_eq!(
            line.which.parameters(),
            [("q", "(a OR b) source:\"acme,inc\"".to_owned()), ("host", "h".to_owned())]
        );
        let line = Line::parse_from(["x", "--app", "a,\"b"]);
        assert_eq!(line.which.parameters(), [("q", "app:\"a,\\\"b\"".to_owned())]);
    }
}
