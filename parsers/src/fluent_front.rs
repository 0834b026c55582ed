//! The front of a message of Fluent Forward that is too long to be waited for: what comes before its entries.

use std::borrow::Cow;

use crate::fluent::Packing;
use crate::msgpack::{Fault, Reader, Token};

/// What is known once the entries begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Front<'b> {
    /// What the sender calls its records.
    pub tag: Cow<'b, str>,
    /// What follows the front.
    pub entries: Arriving,
    /// Whether options follow the entries.
    pub has_options: bool,
    /// The octets of the front.
    pub length: usize,
}

/// Entries that follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arriving {
    /// So many entries.
    Array(u32),
    /// So many octets of entries.
    Packed(u32),
    /// So many octets of the same, compressed.
    Compressed(u32, Packing),
    /// The time and the record of one.
    Bare,
}

/// Reads the front of a message.
///
/// # Errors
/// It is no message, or the front is not whole ([`Fault::CutOff`]).
pub fn front(bytes: &[u8]) -> Result<Front<'_>, Fault> {
    let mut reader = Reader::new(bytes);
    let Token::Array(values @ 2..) = reader.token()? else { return Err(Fault::Unexpected) };
    let tag = match reader.token()? {
        Token::Text(tag) | Token::Binary(tag) => String::from_utf8_lossy(tag),
        _ => return Err(Fault::Unexpected),
    };
    let entries = match reader.octet_count()? {
        Some(octets) => match Packing::of(reader.rest()) {
            Some(packing) => Arriving::Compressed(octets, packing),
            None => Arriving::Packed(octets),
        },
        None => {
            let mut ahead = reader;
            match ahead.token()? {
                Token::Array(entries) => {
                    reader = ahead;
                    Arriving::Array(entries)
                }
                Token::Map(_) => return Err(Fault::Unexpected),
                _ if values == 2 => return Err(Fault::Unexpected),
                _ => Arriving::Bare,
            }
        }
    };
    let used = if entries == Arriving::Bare { 3 } else { 2 };
    Ok(Front { tag, entries, has_options: values > used, length: bytes.len() - reader.rest().len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_is_known_before_the_entries_are_there() {
        let check = |bytes: &[u8], entries: Arriving, has_options: bool, length: usize| {
            let found = front(bytes).unwrap();
            assert_eq!(
                (&*found.tag, found.entries, found.has_options, found.length),
                ("app", entries, has_options, length)
            );
        };
        check(b"\x93\xa3app\xdd\x00\x01\x00\x00\x92", Arriving::Array(65_536), true, 10);
        check(b"\x92\xa3app\xc6\x01\x00\x00\x00\x92", Arriving::Packed(1 << 24), false, 10);
        check(b"\x93\xa3app\xdb\x01\x00\x00\x00\x92", Arriving::Packed(1 << 24), true, 10);
        check(b"\x93\xa3app\xc6\x01\x00\x00\x00\x1f\x8b", Arriving::Compressed(1 << 24, Packing::Gzip), true, 10);
        check(b"\x92\xa3app\xc6\x01\0\0\0\x28\xb5\x2f\xfd", Arriving::Compressed(1 << 24, Packing::Zstd), false, 10);
        check(b"\x93\xa3app\x01\x80", Arriving::Bare, false, 5);
        check(b"\x94\xa3app\xd7\x00\x65\x53\xf1\x00\x1d\xcd\x65\x00\x81", Arriving::Bare, true, 5);
    }

    #[test]
    fn other_bytes_are_refused() {
        assert_eq!(front(b"\x92\xa3app\x01"), Err(Fault::Unexpected));
        assert_eq!(front(b"\x93\xa3app\x80\x80"), Err(Fault::Unexpected));
        assert_eq!(front(b"\x92\xa3app"), Err(Fault::CutOff));
        assert_eq!(front(b"\x92\x01\x90"), Err(Fault::Unexpected));
        assert_eq!(front(b"\x05"), Err(Fault::Unexpected));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_survived_and_a_front_lies_within_them(bytes: Vec<u8>) {
            if let Ok(front) = front(&bytes) {
                proptest::prop_assert!(front.length <= bytes.len());
            }
        }
    }
}
