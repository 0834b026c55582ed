//! Ranges of addresses, in the one number space in which the store keeps them.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// The addresses from `first` to `last`, both included, as 128-bit numbers.
///
/// An IPv4 address is the number of its IPv4-mapped form (`::ffff:a.b.c.d`, RFC 4291, section 2.5.5.2).
/// The number 0 (`::`) stands for an absent address and lies in no range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpRange {
    /// The lowest address.
    pub first: u128,
    /// The highest address; not below `first`.
    pub last: u128,
}

impl IpRange {
    /// Every address that is there.
    pub const ANY: Self = Self { first: 1, last: u128::MAX };

    /// Reads an address or a CIDR block (RFC 4632). Bits beyond the prefix are ignored, so that
    /// `10.1.2.3/8` is the block in which 10.1.2.3 lies.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let Some((address, prefix)) = text.split_once('/') else {
            let bits = ip_bits(text.parse().ok()?);
            return Some(Self { first: bits, last: bits });
        };
        let address: IpAddr = address.parse().ok()?;
        if prefix.is_empty() || prefix.len() > 3 || !prefix.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let prefix: u32 = prefix.parse().ok()?;
        let host_bits = match address {
            IpAddr::V4(_) => 32_u32.checked_sub(prefix)?,
            IpAddr::V6(_) => 128_u32.checked_sub(prefix)?,
        };
        let mask = u128::MAX.checked_shr(128 - host_bits).unwrap_or(0);
        let bits = ip_bits(address);
        Some(Self { first: bits & !mask, last: bits | mask })
    }

    /// Whether the address with this number lies in the range.
    #[must_use]
    pub const fn contains(self, bits: u128) -> bool {
        bits != 0 && self.first <= bits && bits <= self.last
    }
}

/// The number of an address; see [`IpRange`].
#[must_use]
pub fn ip_bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

impl fmt::Display for IpRange {
    /// As [`IpRange::parse`] reads it where it is an address or a block, else `[first TO last]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = (address(self.first), address(self.last));
        let span = self.first ^ self.last;
        let is_block = span & span.wrapping_add(1) == 0 && self.first & span == 0;
        let host_bits = 128 - span.leading_zeros();
        if *self == Self::ANY {
            f.write_str("*")
        } else if span == 0 {
            write!(f, "{first}")
        } else if !is_block {
            write!(f, "[{first} TO {last}]")
        } else if first.is_ipv4() && host_bits <= 32 {
            write!(f, "{first}/{}", 32_u32.saturating_sub(host_bits))
        } else {
            write!(f, "{}/{}", Ipv6Addr::from_bits(self.first), 128_u32.saturating_sub(host_bits))
        }
    }
}

/// IPv4 where the number is that of a mapped address.
fn address(bits: u128) -> IpAddr {
    IpAddr::V6(Ipv6Addr::from_bits(bits)).to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_and_shown() {
        let check = |text: &str, shown: &str| assert_eq!(IpRange::parse(text).unwrap().to_string(), shown, "{text}");
        check("10.1.2.3/8", "10.0.0.0/8");
        check("10.1.2.3/32", "10.1.2.3");
        check("0.0.0.0/0", "0.0.0.0/0");
        check("2001:db8::1/32", "2001:db8::/32");
        check("::/0", "::/0");
        check("::ffff:10.0.0.1", "10.0.0.1");
        check("fe80::1", "fe80::1");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in ["", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::/129", "web"] {
            assert_eq!(IpRange::parse(text), None, "{text}");
        }
    }
}
