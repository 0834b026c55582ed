//! The elements of ClickHouse's `Native` format, read from bytes that may lie.

use super::block::Malformed;

/// What is left to read.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(super) fn take(&mut self, n: usize) -> Result<&'a [u8], Malformed> {
        let (head, tail) = self.0.split_at_checked(n).ok_or(Malformed("cut short"))?;
        self.0 = tail;
        Ok(head)
    }

    pub(super) fn varint(&mut self) -> Result<usize, Malformed> {
        let mut n = 0u64;
        for shift in (0..35).step_by(7) {
            let byte = self.octet()?;
            n |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(n as usize);
            }
        }
        Err(Malformed("length"))
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (head, tail) = self.0.split_first_chunk().ok_or(Malformed("cut short"))?;
        self.0 = tail;
        Ok(*head)
    }

    pub(super) fn octet(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[octet]| octet)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn string(&mut self) -> Result<&'a [u8], Malformed> {
        let len = self.varint()?;
        self.take(len)
    }

    /// Leaves out a column of `rows` values.
    pub(super) fn skip(&mut self, type_name: &str, rows: usize) -> Result<(), Malformed> {
        let fixed = |width: usize| rows.checked_mul(width).ok_or(Malformed("number of rows"));
        match type_name {
            "UInt8" => self.take(rows).map(drop),
            "IPv6" => self.take(fixed(16)?).map(drop),
            "String" => self.skip_strings(rows),
            "LowCardinality(String)" if rows == 0 => Ok(()),
            "LowCardinality(String)" => {
                self.u64()?;
                self.skip_dictionary(rows)
            }
            "Map(LowCardinality(String), String)" if rows == 0 => Ok(()),
            "Map(LowCardinality(String), String)" => {
                self.u64()?;
                self.take(fixed(8)?.saturating_sub(8))?;
                let total = self.u64()? as usize;
                self.skip_dictionary(total)?;
                self.skip_strings(total)
            }
            // Numbers and times.
            _ => self.take(fixed(8)?).map(drop),
        }
    }

    fn skip_strings(&mut self, count: usize) -> Result<(), Malformed> {
        for _ in 0..count {
            self.string()?;
        }
        Ok(())
    }

    fn skip_dictionary(&mut self, rows: usize) -> Result<(), Malformed> {
        if rows > 0 {
            self.indexed(rows, Self::skip_strings)?;
        }
        Ok(())
    }

    /// The keys of a `LowCardinality` column behind its prefix, as `keys` reads so many of them, the width of an index, and the `rows` indexes.
    pub(super) fn indexed<T>(
        &mut self,
        rows: usize,
        keys: impl FnOnce(&mut Self, usize) -> Result<T, Malformed>,
    ) -> Result<(T, usize, &'a [u8]), Malformed> {
        let width = 1usize << (self.u64()? & 0xff).min(3);
        let count = self.u64()? as usize;
        let keys = keys(self, count)?;
        if self.u64()? as usize != rows {
            return Err(Malformed("number of indexes"));
        }
        let indexes = self.take(rows.checked_mul(width).ok_or(Malformed("number of indexes"))?)?;
        Ok((keys, width, indexes))
    }

    pub(super) fn string_list(&mut self, n: usize) -> Result<Vec<&'a [u8]>, Malformed> {
        // Each string takes a byte at least: a length that promises more is a lie, not a reason to allocate.
        if n > self.0.len() {
            return Err(Malformed("cut short"));
        }
        (0..n).map(|_| self.string()).collect()
    }
}
