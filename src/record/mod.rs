//! A record between its parser and its reader.
//!
//! [`Batch`] gathers parsed events as columns and encodes them once, as a block of ClickHouse's
//! `Native` format: the spool holds those bytes and the store sends them on unchanged.
//! [`block`] reads such a block back, [`LogRow`] is what a reader sees.

mod batch;
pub mod block;
mod column;
mod encoded;
mod native;
mod row;
#[cfg(test)]
mod tests;
mod wire;

pub use batch::{Batch, MAX_BATCH_ROWS, Origin, Room, time_of};
pub use encoded::Encoded;
pub use row::{LogRow, Rfc3339};

/// The columns of a block, in their order, as an `INSERT` names them.
pub const COLUMNS: [(&str, &str); 21] = [
    ("id", "UInt64"),
    ("timestamp", "DateTime64(6, 'UTC')"),
    ("received_at", "DateTime64(6, 'UTC')"),
    ("level", "LowCardinality(String)"),
    ("severity", "UInt8"),
    ("facility", "UInt8"),
    ("source", "LowCardinality(String)"),
    ("host", "LowCardinality(String)"),
    ("app", "LowCardinality(String)"),
    ("proc_id", "String"),
    ("msg_id", "LowCardinality(String)"),
    ("ip", "IPv6"),
    ("user_name", "LowCardinality(String)"),
    ("message", "String"),
    ("raw_head", "String"),
    ("raw_tail", "String"),
    ("raw_whole", "UInt8"),
    ("attributes", "Map(LowCardinality(String), String)"),
    ("format", "LowCardinality(String)"),
    ("parse_error", "LowCardinality(String)"),
    ("origin", "LowCardinality(String)"),
];

/// The column that names the segment a record came in; written by [`Batch::encode`] behind [`COLUMNS`].
pub const SEGMENT_COLUMN: (&str, &str) = ("segment", "LowCardinality(String)");

/// What `severity` and `facility` hold where a record has none.
pub const ABSENT: u8 = 255;
