//! Passing over values that are longer than any buffer.

use super::{Fault, Reader};

/// So many values that are passed over while they arrive: of each, only its heads have to be there at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Values whose heads are to come.
    values: u64,
    /// Octets of the value whose head came last.
    octets: u64,
}

impl Passage {
    /// Over so many values, one behind the other, with all that is in them.
    #[must_use]
    pub fn over(values: u64) -> Self {
        Self { values, octets: 0 }
    }

    /// How many octets of `buf` belong to them. Where that is fewer than there are and it [is not done](Self::is_done), a head has
    /// come in part, and is to be shown again with what follows.
    ///
    /// # Errors
    /// [`Fault::Reserved`]: where they end cannot be known.
    pub fn pass(&mut self, buf: &[u8]) -> Result<usize, Fault> {
        let mut rest = buf;
        loop {
            let passed = usize::try_from(self.octets).map_or(rest.len(), |octets| octets.min(rest.len()));
            self.octets -= passed as u64;
            rest = rest.get(passed..).unwrap_or_default();
            if self.octets > 0 || self.values == 0 {
                break;
            }
            let mut reader = Reader::new(rest);
            let (inside, octets) = match reader.head() {
                Err(Fault::CutOff) => break,
                head => head?,
            };
            (self.values, self.octets) = ((self.values - 1).saturating_add(inside), octets);
            rest = reader.rest();
        }
        Ok(buf.len() - rest.len())
    }

    /// Whether all of them have come.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.values == 0 && self.octets == 0
    }
}

impl Reader<'_> {
    /// Passes over the head of a value: how many values are in it, and how many octets of its own follow.
    // The heads stand here and in `Reader::read`: by way of one table for both a token takes an eighth longer to read.
    fn head(&mut self) -> Result<(u64, u64), Fault> {
        let first = u8::from_be_bytes(self.octets()?);
        Ok(match first {
            0x00..=0x7f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => (0, 0),
            0x80..=0x8f => (2 * u64::from(first & 0x0f), 0),
            0x90..=0x9f => (u64::from(first & 0x0f), 0),
            0xa0..=0xbf => (0, u64::from(first & 0x1f)),
            0xc1 => return Err(Fault::Reserved),
            0xc4..=0xc6 => (0, self.count(first - 0xc4)?.into()),
            0xc7..=0xc9 => (0, u64::from(self.count(first - 0xc7)?) + 1),
            0xcc | 0xd0 => (0, 1),
            0xcd | 0xd1 => (0, 2),
            0xca | 0xce | 0xd2 => (0, 4),
            0xcb | 0xcf | 0xd3 => (0, 8),
            0xd4..=0xd8 => (0, (1 << (first - 0xd4)) + 1),
            0xd9..=0xdb => (0, self.count(first - 0xd9)?.into()),
            0xdc | 0xdd => (self.count(first - 0xdb)?.into(), 0),
            0xde | 0xdf => (2 * u64::from(self.count(first - 0xdd)?), 0),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Extent;
    use super::*;

    /// Passes over one value of `bytes`, shown in pieces; how long it was.
    fn passed(bytes: &[u8], piece: usize) -> Result<Option<usize>, Fault> {
        let (mut passage, mut at, mut shown) = (Passage::over(1), 0, 0);
        loop {
            at += passage.pass(&bytes[at..shown])?;
            if passage.is_done() {
                return Ok(Some(at));
            }
            if shown == bytes.len() {
                return Ok(None);
            }
            shown = bytes.len().min(shown + piece);
        }
    }

    #[test]
    fn a_value_is_passed_over_to_its_end_however_it_comes() {
        let record = b"\x83\xa3log\xda\0\x05hello\xa1l\x93\xc0\xcb12345678\xd8\0abcdefghijklmnop\xc7\x02\x05ab\xde\0\x01\x01\xd1\0\0";
        let more = [&record[..], b"\xc1"].concat();
        for piece in 1..more.len() {
            assert_eq!(passed(&more, piece), Ok(Some(record.len())), "pieces of {piece}");
        }
        assert_eq!(passed(&record[..record.len() - 1], 3), Ok(None));
    }

    #[test]
    fn several_values_may_be_longer_than_what_is_shown() {
        let mut passage = Passage::over(2);
        assert_eq!(passage.pass(b"\x07\xdb\xff\xff\xff\xff"), Ok(6));
        for _ in 0..3 {
            assert_eq!(passage.pass(&[0xc1; 1000]), Ok(1000));
        }
        assert!(!passage.is_done());
    }

    proptest::proptest! {
        #[test]
        fn it_ends_where_the_extent_of_the_value_does(bytes: Vec<u8>, piece in 1..30_usize) {
            proptest::prop_assert_eq!(passed(&bytes, piece), Extent::default().measure(&bytes));
        }
    }
}
