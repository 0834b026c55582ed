//! A record on one line of a terminal: time, level, host, program, message, in columns.

use std::borrow::Cow;

use logseal_parsers::Level;
use serde::Deserialize;

use super::safe_text::{CYAN, DIM, OneLine, PLAIN, json, level_style};

/// Beyond these widths a column is cut, so that one strange record does not move all messages away.
const HOST_WIDTH_MAX: usize = 24;
const APP_WIDTH_MAX: usize = 20;

/// What a line shows of a record of the API.
#[derive(Debug, Deserialize)]
struct Shown<'a> {
    timestamp: &'a str,
    level: &'a str,
    #[serde(borrow, default)]
    host: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    source: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    app: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    message: Option<Cow<'a, str>>,
}

/// Writes records as lines; the columns grow with what they hold.
#[derive(Debug)]
pub(super) struct Lines {
    as_json: bool,
    host_width: usize,
    app_width: usize,
}

impl Lines {
    /// `as_json`: the record's JSON, one a line, instead of columns.
    pub(super) fn new(as_json: bool) -> Self {
        Self { as_json, host_width: 0, app_width: 0 }
    }

    /// Makes the columns wide enough for `record`, which is shown later.
    pub(super) fn make_room(&mut self, record: &str) {
        if let Ok(shown) = serde_json::from_str::<Shown<'_>>(record) {
            self.widen(&shown);
        }
    }

    fn widen(&mut self, shown: &Shown<'_>) {
        let width =
            |text: &Option<Cow<'_, str>>| text.as_deref().map_or(0, |text| OneLine(text).to_string().chars().count());
        // A record without a host is shown with its source.
        let place = if shown.host.is_some() { &shown.host } else { &shown.source };
        self.host_width = self.host_width.max(width(place)).min(HOST_WIDTH_MAX);
        self.app_width = self.app_width.max(width(&shown.app)).min(APP_WIDTH_MAX);
    }

    /// The line of a record, without a line end. What is not a record is shown as it came.
    pub(super) fn line(&mut self, record: &str) -> String {
        if self.as_json {
            return json(record);
        }
        let Ok(shown) = serde_json::from_str::<Shown<'_>>(record) else { return OneLine(record).to_string() };
        self.widen(&shown);
        let level: Level = shown.level.parse().unwrap_or_default();
        let style = level_style(level);
        let place = shown.host.as_deref().or(shown.source.as_deref()).unwrap_or_default();
        format!(
            "{DIM}{}{PLAIN} {style}{level:<7}{PLAIN} {CYAN}{}{PLAIN} {} {}",
            clock(shown.timestamp),
            cell(place, self.host_width),
            cell(shown.app.as_deref().unwrap_or_default(), self.app_width),
            OneLine(shown.message.as_deref().unwrap_or_default()),
        )
    }
}

/// `2026-11-20T10:20:30.123456Z` as `2026-11-20 10:20:30.123`; always UTC.
fn clock(rfc3339: &str) -> String {
    let seconds_and_millis = rfc3339.get(..23).unwrap_or(rfc3339);
    OneLine(seconds_and_millis).to_string().replacen('T', " ", 1)
}

/// `text` made exactly `width` characters wide.
pub(super) fn cell(text: &str, width: usize) -> String {
    let safe = OneLine(text).to_string();
    if safe.chars().count() <= width {
        return format!("{safe:<width$}");
    }
    let mut cut: String = safe.chars().take(width.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(host: &str, message: &str) -> String {
        serde_json::json!({"id": 1, "timestamp": "2026-11-20T10:20:30.123456Z", "level": "ERROR", "source": "s",
            "host": if host.is_empty() { None } else { Some(host) }, "app": "sshd", "message": message})
        .to_string()
    }

    fn plain(line: &str) -> String {
        anstream::adapter::strip_str(line).to_string()
    }

    #[test]
    fn columns_line_up_once_there_was_room_made() {
        let mut lines = Lines::new(false);
        let records = [record("a", "one"), record("longer-host", "two\nlines\x1b[0m")];
        records.iter().for_each(|record| lines.make_room(record));
        assert_eq!(plain(&lines.line(&records[0])), "2026-11-20 10:20:30.123 ERROR   a           sshd one");
        assert_eq!(
            plain(&lines.line(&records[1])),
            "2026-11-20 10:20:30.123 ERROR   longer-host sshd two\\nlines\\x1b[0m"
        );
    }

    #[test]
    fn a_long_host_is_cut_and_a_missing_one_is_the_source() {
        let mut lines = Lines::new(false);
        let long = plain(&lines.line(&record(&"h".repeat(40), "m")));
        assert!(long.contains(&format!(" {}… sshd m", "h".repeat(23))), "{long}");
        assert!(plain(&Lines::new(false).line(&record("", "m"))).ends_with("ERROR   s sshd m"));
    }

    #[test]
    fn what_is_no_record_is_still_shown_safely() {
        assert_eq!(Lines::new(false).line("{\"a\":\x1b"), "{\"a\":\\x1b");
    }
}
