//! From the cells of a row to a record.

use std::borrow::Cow;

use super::{COLUMNS_MAX, Role, Table};
use crate::json::record::{Keep, Record};
use crate::json::{exported, relayed};
use crate::{Context, Level, LogEvent, app, contained, content, http_status, json, mentions, timestamp, winevent};

impl Table {
    /// Builds the record of a row. A cell that is absent is `None`.
    pub(super) fn event<'a>(
        &self,
        format: &'static str,
        cells: impl Iterator<Item = Option<Cow<'a, str>>>,
        date: Option<&str>,
        any_length: bool,
        line: &'a [u8],
        cx: &Context,
    ) -> Option<LogEvent<'a>> {
        let cells: Vec<_> = cells.take(COLUMNS_MAX).collect();
        if cells.len() != self.columns.len() && !any_length {
            return None;
        }
        let mut record = Record::new(cx, Keep::Field, line.len() + self.columns.len() * 12);
        let (mut day, mut time, mut level) = (date.map(|date| Cow::Owned(date.to_owned())), None, None);
        for (at, cell) in cells.into_iter().enumerate() {
            let Some(cell) = cell else { continue };
            let Some(column) = self.columns.get(at) else {
                record.cell(&format!("column.{}", at + 1), None, cell);
                continue;
            };
            match column.role {
                Role::Value(found) => record.cell(&column.name, found, cell),
                Role::Date => day = Some(cell),
                Role::Time => time = Some(cell),
                Role::Status => {
                    level = Some(http_status::level(cell.as_bytes()));
                    record.cell(&column.name, None, cell);
                }
            }
        }
        let stamp = instant(day.as_deref(), time.as_deref(), cx);
        if stamp.is_none() {
            // Not understood: kept as it was written.
            for (role, cell) in [(Role::Date, day), (Role::Time, time)] {
                let column = self.columns.iter().find(|column| column.role == role);
                if let (Some(column), Some(cell)) = (column, cell) {
                    record.cell(&column.name, None, cell);
                }
            }
        }
        let mut event = record.finish(line);
        event.format = format;
        if event.message.first() == Some(&b'{') && event.message.len() < line.len() {
            json::complete_from_message(&mut event, cx);
        } else if self.columns.get(4).is_some_and(|column| column.name == "Task Category") {
            winevent::complete_from_text(&mut event);
        } else if self.columns.iter().any(|column| column.name == exported::RAW) {
            contained::complete_from_whole_line(&mut event, cx);
        } else if relayed::is_relayed(&event) {
            content::complete_enveloped(&mut event, cx);
            mentions::complete(&mut event);
        }
        relayed::complete(&mut event);
        event.timestamp = stamp.or(event.timestamp);
        if let Some(level) = level.filter(|_| event.level == Level::Unknown) {
            event.level = level;
        }
        Some(event)
    }
}

/// The instant of a date and a time in two columns; a date alone is its midnight.
fn instant(day: Option<&str>, time: Option<&str>, cx: &Context) -> Option<i64> {
    let Some(day) = day else { return timestamp::parse(time?, cx.zone) };
    // A column that is called "date" or "time" may hold both.
    if let Some(whole) = timestamp::parse(day, cx.zone).or_else(|| timestamp::parse(time?, cx.zone)) {
        return Some(whole);
    }
    let mut text = String::with_capacity(40);
    text.push_str(day);
    text.push(' ');
    text.push_str(time.unwrap_or("00:00:00"));
    // Windows' DHCP and network policy servers write the date as it is written in America, whatever the system's language.
    timestamp::parse(&text, cx.zone).or_else(|| {
        // Where there is no such month, the day is first.
        let shapes = [&b"m/d/y H:M:S"[..], b"m/d/Y H:M:S", b"d/m/y H:M:S", b"d/m/Y H:M:S"];
        shapes.iter().find_map(|shape| {
            app::time_of_shape(text.as_bytes(), shape, cx).filter(|(_, rest)| rest.is_empty()).map(|(at, _)| at)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::delimited;
    use crate::{Context, Level, Zone};

    #[test]
    fn a_day_is_first_where_there_is_no_such_month_and_one_column_may_hold_both() {
        let cx = Context { received_at: 0, zone: Zone::UTC };
        for (header, row, at) in [
            ("Date,Time,Message", "14/11/2023,22:13:20,x", 1_700_000_000_000_000),
            ("Date,Time,Message", "11/14/2023,22:13:20,x", 1_700_000_000_000_000),
            ("Date,Time,Message", "11/04/2023,22:13:20,x", 1_699_136_000_000_000),
            ("Date/Time,Message", "2023-11-14 22:13:20,x", 1_700_000_000_000_000),
            ("@timestamp,message", "\"Nov 14, 2023 @ 22:13:20.123\",x", 1_700_000_000_123_000),
        ] {
            let event = delimited::header(header.as_bytes()).row(row.as_bytes(), false, &cx).unwrap();
            assert_eq!(event.timestamp, Some(at), "{row}");
        }
    }

    #[test]
    fn the_words_with_which_products_grade_are_levels_in_a_column_of_severities_only() {
        let cx = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };
        for (column, word, level) in [
            ("Severity", "High", Level::Error),
            ("severity", "medium", Level::Warn),
            ("Severity", "Low", Level::Info),
            ("Severity", "Critical", Level::Fatal),
            ("Severity", "warning", Level::Warn),
            ("Severity", "Odd", Level::Unknown),
            ("Severity", "99", Level::Unknown),
            ("Level", "High", Level::Unknown),
            ("Risk", "High", Level::Unknown),
        ] {
            let table = delimited::header(format!("Time,{column},Message").as_bytes());
            let line = format!("2023-11-14T22:13:20Z,{word},found it");
            let event = table.row(line.as_bytes(), false, &cx).unwrap();
            assert_eq!((event.level, &*event.message), (level, &b"found it"[..]), "{line}");
            if !matches!(word, "Critical" | "warning") {
                assert_eq!(event.attributes.get(column), Some(word), "{line}");
            }
        }
    }
}
