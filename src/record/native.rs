//! Columns in the wire form of ClickHouse's `Native` format.
//!
//! ```text
//! block   varint columns · varint rows · column*
//! column  varint len · name · varint len · type · [state prefix] · data
//! String                  per row: varint len · bytes
//! LowCardinality(String)  prefix: u64 1 (keys travel with the block)
//!                         data:   u64 flags (0x600 | index width) · u64 keys · keys as String · u64 rows · indexes
//! Map(LowCardinality(String), String)
//!                         prefix: that of its keys
//!                         data:   per row u64 end offset · keys (as above) · values as String
//! ```
//! All numbers are little-endian. A `LowCardinality` column of no rows has no data after its prefix.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// Keys of a `LowCardinality` column travel with each block ("shared dictionaries with additional keys").
const LOW_CARDINALITY_VERSION: u64 = 1;
/// Flags of such a column: additional keys are present, and they replace those known before.
const LOW_CARDINALITY_FLAGS: u64 = 0x600;

/// Appends `n` in LEB128.
pub(super) fn put_varint(out: &mut Vec<u8>, mut n: usize) {
    while n >= 0x80 {
        out.push((n as u8 & 0x7f) | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

/// Appends one string value.
pub(super) fn put_string(out: &mut Vec<u8>, text: &[u8]) {
    put_varint(out, text.len());
    out.extend_from_slice(text);
}

/// Appends a column's head.
pub(super) fn put_column_head(out: &mut Vec<u8>, (name, type_name): (&str, &str)) {
    put_string(out, name.as_bytes());
    put_string(out, type_name.as_bytes());
}

/// Appends a `LowCardinality(String)` column in which every one of `rows` rows has the same value.
pub(super) fn put_constant(out: &mut Vec<u8>, value: &str, rows: usize) {
    out.extend_from_slice(&LOW_CARDINALITY_VERSION.to_le_bytes());
    out.extend_from_slice(&LOW_CARDINALITY_FLAGS.to_le_bytes());
    out.extend_from_slice(&1u64.to_le_bytes());
    put_string(out, value.as_bytes());
    out.extend_from_slice(&(rows as u64).to_le_bytes());
    out.resize(out.len() + rows, 0);
}

/// A `LowCardinality(String)` column: each distinct value once, and an index per row.
#[derive(Clone, Default)]
pub(super) struct DictionaryWriter {
    /// The distinct values in wire form.
    keys: Vec<u8>,
    /// Where each value's bytes lie in `keys`.
    spans: Vec<(u32, u32)>,
    /// Finds a value's number by its hash.
    table: HashTable<u32>,
    hasher: RandomState,
    indexes: Vec<u32>,
}

impl DictionaryWriter {
    /// An empty one with room for so many rows.
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self { indexes: Vec::with_capacity(rows), ..Self::default() }
    }

    pub(super) fn push(&mut self, value: &[u8]) {
        let index = match self.indexes.last() {
            // Neighbours on one connection mostly agree; comparing is cheaper than hashing.
            Some(&last) if is_same(self.key(last), value) => last,
            _ => self.intern(value),
        };
        self.indexes.push(index);
    }

    fn key(&self, index: u32) -> &[u8] {
        self.spans
            .get(index as usize)
            .and_then(|&(start, end)| self.keys.get(start as usize..end as usize))
            .unwrap_or_default()
    }

    fn intern(&mut self, value: &[u8]) -> u32 {
        let hash = self.hasher.hash_one(value);
        if let Some(&index) = self.table.find(hash, |&i| is_same(self.key(i), value)) {
            return index;
        }
        let index = self.spans.len() as u32;
        put_varint(&mut self.keys, value.len());
        let start = self.keys.len() as u32;
        self.keys.extend_from_slice(value);
        self.spans.push((start, self.keys.len() as u32));
        let (keys, spans, hasher) = (&self.keys, &self.spans, &self.hasher);
        self.table.insert_unique(hash, index, |&i| {
            let bytes = spans
                .get(i as usize)
                .and_then(|&(start, end)| keys.get(start as usize..end as usize))
                .unwrap_or_default();
            hasher.hash_one(bytes)
        });
        index
    }

    /// Adds the rows of `other`.
    pub(super) fn extend(&mut self, other: &Self) {
        let mapped: Vec<u32> = (0..other.spans.len() as u32).map(|i| self.intern(other.key(i))).collect();
        self.indexes.extend(other.indexes.iter().map(|&i| mapped.get(i as usize).copied().unwrap_or_default()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.indexes.is_empty()
    }

    pub(super) fn bytes(&self) -> usize {
        self.keys.len() + self.indexes.len() * 2
    }

    pub(super) fn put_prefix(out: &mut Vec<u8>) {
        out.extend_from_slice(&LOW_CARDINALITY_VERSION.to_le_bytes());
    }

    pub(super) fn put_data(&self, out: &mut Vec<u8>) {
        if self.indexes.is_empty() {
            return;
        }
        let width = match self.spans.len() {
            0..=0x100 => 0u64,
            0x101..=0x1_0000 => 1,
            _ => 2,
        };
        out.extend_from_slice(&(LOW_CARDINALITY_FLAGS | width).to_le_bytes());
        out.extend_from_slice(&(self.spans.len() as u64).to_le_bytes());
        out.extend_from_slice(&self.keys);
        out.extend_from_slice(&(self.indexes.len() as u64).to_le_bytes());
        match width {
            0 => out.extend(self.indexes.iter().map(|&i| i as u8)),
            1 => out.extend(self.indexes.iter().flat_map(|&i| (i as u16).to_le_bytes())),
            _ => out.extend(self.indexes.iter().flat_map(|&i| i.to_le_bytes())),
        }
    }
}

/// `a == b`, without the call that costs more than the comparison where both are short, as names are.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    match (a.first_chunk::<8>(), b.first_chunk::<8>()) {
        (Some(first), Some(other)) if a.len() <= 16 => {
            a.len() == b.len() && first == other && a.last_chunk::<8>() == b.last_chunk::<8>()
        }
        (None, None) => match (a.first_chunk::<4>(), b.first_chunk::<4>()) {
            (Some(first), Some(other)) => {
                a.len() == b.len() && first == other && a.last_chunk::<4>() == b.last_chunk::<4>()
            }
            (None, None) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b),
            _ => false,
        },
        _ => a == b,
    }
}

/// A `Map(LowCardinality(String), String)` column.
#[derive(Clone, Default)]
pub(super) struct Map {
    ends: Vec<u64>,
    entries: u64,
    names: DictionaryWriter,
    values: Vec<u8>,
}

impl Map {
    /// An empty one with room for so many rows, and for so many bytes of values.
    pub(super) fn with_capacity(rows: usize, values_bytes: usize) -> Self {
        Self { ends: Vec::with_capacity(rows), values: Vec::with_capacity(values_bytes), ..Self::default() }
    }

    /// The values in wire form; they follow what [`Self::put_keys`] writes.
    pub(super) fn values(&self) -> &[u8] {
        &self.values
    }

    pub(super) fn push<'a>(&mut self, entries: impl Iterator<Item = (&'a str, &'a str)>) {
        for (name, value) in entries {
            self.names.push(name.as_bytes());
            put_string(&mut self.values, value.as_bytes());
            self.entries += 1;
        }
        self.ends.push(self.entries);
    }

    /// Adds the rows of `other`.
    pub(super) fn extend(&mut self, other: &Self) {
        let before = self.entries;
        self.ends.extend(other.ends.iter().map(|end| before + end));
        self.entries += other.entries;
        self.names.extend(&other.names);
        self.values.extend_from_slice(&other.values);
    }

    pub(super) fn bytes(&self) -> usize {
        self.ends.len() * 8 + self.names.bytes() + self.values.len()
    }

    /// Appends all but the values.
    pub(super) fn put_keys(&self, out: &mut Vec<u8>) {
        // A column of no rows has no prefix either.
        if self.ends.is_empty() {
            return;
        }
        DictionaryWriter::put_prefix(out);
        out.extend(self.ends.iter().flat_map(|end| end.to_le_bytes()));
        self.names.put_data(out);
    }
}
