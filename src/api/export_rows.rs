//! How an export's file looks: its name, its head, its rows.

use std::borrow::Cow;
use std::io;

use axum::http::header;
use chrono::DateTime;

use super::csv_cells::defused;
use super::export_columns::{self, Column};
use super::params::Params;
use crate::record::LogRow;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileFormat {
    Csv,
    Ndjson,
}

/// How the file is to look.
pub(super) struct Shape {
    format: FileFormat,
    /// `None`: whole records (NDJSON).
    columns: Option<Vec<Column>>,
    /// Cells as they are: not defused, and bytes that are not UTF-8 unchanged.
    is_raw: bool,
    pub(super) is_gzip: bool,
}

impl Shape {
    pub(super) fn of(params: &mut Params) -> Self {
        let format = params.choice("format", &[("csv", FileFormat::Csv), ("ndjson", FileFormat::Ndjson)]);
        let format = format.unwrap_or(FileFormat::Csv);
        let columns = export_columns::asked(params);
        let columns = match format {
            FileFormat::Csv => Some(columns.unwrap_or_else(export_columns::default_columns)),
            FileFormat::Ndjson => columns,
        };
        Self { format, columns, is_raw: params.flag("raw"), is_gzip: params.flag("gzip") }
    }

    /// The headers of the answer, for a file made at `now` (microseconds since 1970).
    pub(super) fn headers(&self, now: i64) -> [(header::HeaderName, String); 3] {
        let (extension, content_type) = match self.format {
            FileFormat::Csv => ("csv", "text/csv; charset=utf-8"),
            FileFormat::Ndjson => ("ndjson", "application/x-ndjson"),
        };
        let content_type = if self.is_gzip { "application/gzip" } else { content_type };
        let time = DateTime::from_timestamp_micros(now).unwrap_or_default().format("%Y%m%dT%H%M%SZ");
        let gz = if self.is_gzip { ".gz" } else { "" };
        [
            (header::CONTENT_TYPE, content_type.to_owned()),
            (header::CONTENT_DISPOSITION, format!("attachment; filename=\"logseal-export-{time}.{extension}{gz}\"")),
            (header::CACHE_CONTROL, "no-store".to_owned()),
        ]
    }
}

/// Rows as they stand in the file.
pub(super) enum Rows {
    Csv(Box<csv::Writer<Vec<u8>>>),
    Ndjson(Vec<u8>),
}

impl Rows {
    pub(super) fn new(shape: &Shape) -> Self {
        match shape.format {
            FileFormat::Csv => Self::Csv(Box::new(csv::Writer::from_writer(Vec::new()))),
            FileFormat::Ndjson => Self::Ndjson(Vec::new()),
        }
    }

    /// About how many bytes they have.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Csv(table) => table.get_ref().len(),
            Self::Ndjson(lines) => lines.len(),
        }
    }

    /// The names of the columns, where the format has them.
    ///
    /// # Errors
    /// None in practice: the bytes go to memory.
    pub(super) fn put_head(&mut self, shape: &Shape) -> io::Result<()> {
        if let (Self::Csv(table), Some(columns)) = (self, &shape.columns) {
            table.write_record(columns.iter().map(|column| column.name().into_owned()))?;
        }
        Ok(())
    }

    /// One row.
    ///
    /// # Errors
    /// None in practice: the bytes go to memory.
    pub(super) fn put(&mut self, shape: &Shape, row: &LogRow<'_>) -> io::Result<()> {
        match (self, &shape.columns) {
            (Self::Csv(table), columns) => {
                for column in columns.iter().flatten() {
                    table.write_field(csv_cell(column, row, shape.is_raw))?;
                }
                table.write_record(None::<&[u8]>)?;
            }
            (Self::Ndjson(lines), Some(columns)) => {
                put_object(columns, row, lines)?;
                lines.push(b'\n');
            }
            (Self::Ndjson(lines), None) => {
                serde_json::to_writer(&mut *lines, row)?;
                lines.push(b'\n');
            }
        }
        Ok(())
    }

    /// The bytes of all rows.
    ///
    /// # Errors
    /// None in practice: the bytes are in memory.
    pub(super) fn into_bytes(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Csv(table) => table.into_inner().map_err(csv::IntoInnerError::into_error),
            Self::Ndjson(lines) => Ok(lines),
        }
    }
}

fn csv_cell<'r>(column: &Column, row: &'r LogRow<'_>, is_raw: bool) -> Cow<'r, [u8]> {
    let cell = column.cell(row);
    if is_raw || !column.is_text() { cell } else { defused(as_utf8(cell)) }
}

/// `cell` with U+FFFD in the place of bytes that are not UTF-8: one such byte makes many readers refuse the whole file.
fn as_utf8(cell: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if std::str::from_utf8(&cell).is_ok() {
        return cell;
    }
    Cow::Owned(String::from_utf8_lossy(&cell).into_owned().into_bytes())
}

/// The named columns as a JSON object, in the order in which they are named.
fn put_object(columns: &[Column], row: &LogRow<'_>, out: &mut Vec<u8>) -> io::Result<()> {
    out.push(b'{');
    for (i, column) in columns.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        serde_json::to_writer(&mut *out, &*column.name())?;
        out.push(b':');
        serde_json::to_writer(&mut *out, &column.value(row))?;
    }
    out.push(b'}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(query: &'static str, row: &LogRow<'_>) -> Vec<u8> {
        let mut params = Params::of(&axum::http::Uri::from_static(query));
        let shape = Shape::of(&mut params);
        params.finish().unwrap();
        let mut rows = Rows::new(&shape);
        rows.put_head(&shape).unwrap();
        rows.put(&shape, row).unwrap();
        rows.into_bytes().unwrap()
    }

    fn row() -> LogRow<'static> {
        LogRow {
            id: 1,
            source: "=S".into(),
            message: Cow::Borrowed(b"a,\"b\"\nc"),
            raw: Cow::Borrowed(b"-\xff"),
            attributes: vec![("k".into(), "+1".into())],
            ..LogRow::default()
        }
    }

    #[test]
    fn csv_has_the_contracts_columns_and_is_safe_to_open() {
        let expected = "timestamp,level,source,ip,user_name,message,raw_data\n\
                        1970-01-01T00:00:00.000000Z,UNKNOWN,'=S,,,\"a,\"\"b\"\"\nc\",'-\u{fffd}\n";
        assert_eq!(String::from_utf8(file("/", &row())).unwrap(), expected);
    }

    #[test]
    fn raw_cells_are_the_stored_bytes() {
        assert_eq!(file("/?raw=true&columns=id,source,raw_data", &row()), b"id,source,raw_data\n1,=S,-\xff\n");
    }

    #[test]
    fn named_columns_keep_their_order_in_both_formats() {
        assert_eq!(file("/?columns=attributes.k,id", &row()), b"attributes.k,id\n'+1,1\n");
        assert_eq!(
            file("/?format=ndjson&columns=host,attributes.k,id", &row()),
            b"{\"host\":null,\"attributes.k\":\"+1\",\"id\":1}\n"
        );
    }

    #[test]
    fn a_line_of_ndjson_is_the_whole_record() {
        let line = file("/?format=ndjson", &row());
        let value: serde_json::Value = serde_json::from_slice(&line).unwrap();
        assert_eq!(value, serde_json::to_value(row()).unwrap());
    }

    #[test]
    fn the_file_is_named_by_its_time_and_form() {
        let mut params = Params::of(&axum::http::Uri::from_static("/?gzip"));
        let headers = Shape::of(&mut params).headers(1_795_170_030_000_000);
        assert_eq!(headers[0].1, "application/gzip");
        assert_eq!(headers[1].1, "attachment; filename=\"logseal-export-20261120T102030Z.csv.gz\"");
    }
}
