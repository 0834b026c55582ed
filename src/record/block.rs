//! Reads back the blocks that [`Batch::encode`](super::Batch::encode) wrote, for the live tail and other followers.

use super::column::Column;
use super::wire::Bytes;
use super::{COLUMNS, LogRow, MAX_BATCH_ROWS};

/// A block that is not one of ours.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("block is not readable: {0}")]
pub struct Malformed(pub(super) &'static str);

/// The records of `block`, borrowed from it.
///
/// # Errors
/// [`Malformed`] where the bytes are not a block of [`COLUMNS`] and a segment.
pub fn decode(block: &[u8]) -> Result<Vec<LogRow<'_>>, Malformed> {
    Rows::new(block, |_| true)?.into_records()
}

/// The records of a block one after the other, in the same place: for those who look at each and keep none.
pub struct Rows<'a> {
    columns: Vec<Column<'a>>,
    left: usize,
    row: LogRow<'a>,
    /// Of the original bytes of the row, if they are wanted.
    tail: Option<&'a [u8]>,
}

impl<'a> Rows<'a> {
    /// Looks for those of [`COLUMNS`] that are `wanted`, by their names; the fields of the others are as in an empty record. The original
    /// bytes are in `raw_head`, `raw_tail`, `raw_whole` and `message` together.
    ///
    /// # Errors
    /// As [`decode`].
    pub fn new(block: &'a [u8], wanted: impl Fn(&str) -> bool) -> Result<Self, Malformed> {
        let mut bytes = Bytes(block);
        if bytes.varint()? != COLUMNS.len() + 1 {
            return Err(Malformed("number of columns"));
        }
        let rows = bytes.varint()?;
        if rows > MAX_BATCH_ROWS {
            return Err(Malformed("number of rows"));
        }
        let mut columns = Vec::with_capacity(COLUMNS.len());
        for (name, type_name) in COLUMNS {
            if bytes.string()? != name.as_bytes() {
                return Err(Malformed("column name"));
            }
            let type_name = match bytes.string()? {
                written if written == type_name.as_bytes() => type_name,
                // As the versions wrote it that may have left a spool behind.
                b"String" if name == "user_name" => "String",
                _ => return Err(Malformed("column type")),
            };
            let values = bytes;
            bytes.skip(type_name, rows)?;
            if rows > 0 && wanted(name) {
                columns.push(Column::new(name, type_name, values, rows)?);
            }
        }
        Ok(Self { columns, left: rows, row: LogRow::default(), tail: None })
    }

    /// The next record; `None` behind the last.
    ///
    /// # Errors
    /// [`Malformed`] where its values are not to be read.
    pub fn read(&mut self) -> Result<Option<&LogRow<'a>>, Malformed> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        for column in &mut self.columns {
            column.fill(&mut self.row, &mut self.tail)?;
        }
        Ok(Some(&self.row))
    }

    /// All that are left.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn into_records(mut self) -> Result<Vec<LogRow<'a>>, Malformed> {
        let mut records = Vec::with_capacity(self.left);
        while self.read()?.is_some() {
            records.push(std::mem::take(&mut self.row));
        }
        Ok(records)
    }
}
