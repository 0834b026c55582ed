//! A batch as one block of ClickHouse's `Native` format, in pieces.

use std::io::IoSlice;

use uuid::Uuid;

use super::batch::Batch;
use super::native::{DictionaryWriter, put_column_head, put_constant, put_varint};
use super::{COLUMNS, SEGMENT_COLUMN};

/// What is shorter is copied: a piece costs more to write than its bytes to copy.
const PIECE_BYTES_MIN: usize = 4096;

/// A block: what was encoded for it, and between that the columns that lie in the batch as they are written.
pub struct Encoded<'a> {
    own: Vec<u8>,
    /// Each with its place in `own`, in their order.
    borrowed: Vec<(usize, &'a [u8])>,
}

impl<'a> Encoded<'a> {
    /// The bytes of the block, in pieces.
    #[must_use]
    pub fn pieces(&self) -> Vec<IoSlice<'_>> {
        let mut pieces = Vec::with_capacity(2 * self.borrowed.len() + 1);
        let mut begin = 0;
        for (at, bytes) in &self.borrowed {
            pieces.push(IoSlice::new(self.own.get(begin..*at).unwrap_or_default()));
            pieces.push(IoSlice::new(bytes));
            begin = *at;
        }
        pieces.push(IoSlice::new(self.own.get(begin..).unwrap_or_default()));
        pieces
    }

    /// The bytes of the block, in one.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let pieces = self.pieces();
        let mut block = Vec::with_capacity(pieces.iter().map(|piece| piece.len()).sum());
        pieces.iter().for_each(|piece| block.extend_from_slice(piece));
        block
    }

    fn put(&mut self, bytes: &'a [u8]) {
        if bytes.len() < PIECE_BYTES_MIN {
            self.own.extend_from_slice(bytes);
        } else {
            self.borrowed.push((self.own.len(), bytes));
        }
    }

    fn put_dictionary(&mut self, dictionary: &DictionaryWriter) {
        // A column of no rows has no prefix either.
        if !dictionary.is_empty() {
            DictionaryWriter::put_prefix(&mut self.own);
            dictionary.put_data(&mut self.own);
        }
    }
}

impl Batch {
    /// The records as one `Native` block, numbered from `first_id` on.
    #[must_use]
    pub fn encode(&self, first_id: u64, segment: &Uuid) -> Encoded<'_> {
        // Of a record an id, the end of its attributes, and an index in each dictionary.
        let mut out = Encoded { own: Vec::with_capacity(2048 + 40 * self.rows), borrowed: Vec::new() };
        put_varint(&mut out.own, COLUMNS.len() + 1);
        put_varint(&mut out.own, self.rows);
        for column in COLUMNS {
            put_column_head(&mut out.own, column);
            match column.0 {
                "id" => out.own.extend((first_id..).take(self.rows).flat_map(u64::to_le_bytes)),
                "timestamp" => out.put(&self.timestamp),
                "received_at" => out.put(&self.received_at),
                "severity" => out.put(&self.severity),
                "facility" => out.put(&self.facility),
                "proc_id" => out.put(&self.proc_id),
                "ip" => out.put(&self.ip),
                "message" => out.put(&self.message),
                "raw_head" => out.put(&self.raw_head),
                "raw_tail" => out.put(&self.raw_tail),
                "raw_whole" => out.put(&self.raw_whole),
                "attributes" => {
                    self.attributes.put_keys(&mut out.own);
                    out.put(self.attributes.values());
                }
                "level" => out.put_dictionary(&self.level),
                "source" => out.put_dictionary(&self.source),
                "host" => out.put_dictionary(&self.host),
                "app" => out.put_dictionary(&self.app),
                "msg_id" => out.put_dictionary(&self.msg_id),
                "user_name" => out.put_dictionary(&self.user_name),
                "format" => out.put_dictionary(&self.format),
                "parse_error" => out.put_dictionary(&self.parse_error),
                "origin" => out.put_dictionary(&self.origin),
                other => unreachable!("column {other} has no data"),
            }
        }
        put_column_head(&mut out.own, SEGMENT_COLUMN);
        if self.rows > 0 {
            let mut text = [0; 36];
            put_constant(&mut out.own, segment.hyphenated().encode_lower(&mut text), self.rows);
        }
        out
    }
}
