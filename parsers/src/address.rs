//! IP addresses as logs write them: bare, with a port, in brackets, first of a list.

use std::net::IpAddr;

/// An address found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The address; an IPv4 address mapped into IPv6 is given as IPv4.
    pub ip: IpAddr,
    /// Whether the text is this address and nothing else.
    pub whole: bool,
}

/// The address that `text` states: `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]:443`,
/// `fe80::1%eth0`, or the first of a list with commas (`X-Forwarded-For`).
#[must_use]
pub fn parse(text: &str) -> Option<Found> {
    if !(2..=512).contains(&text.len()) || !may_begin_with_one(text.as_bytes()) {
        return None;
    }
    if let Ok(ip) = text.parse::<IpAddr>() {
        return Some(Found { ip: ip.to_canonical(), whole: ip.to_canonical() == ip });
    }
    let first = text.split(',').next().unwrap_or(text).trim();
    let bare = match first.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next()?,
        None => match first.split_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
            _ => first,
        },
    };
    let unscoped = bare.split('%').next().unwrap_or(bare);
    let ip: IpAddr = unscoped.parse().ok()?;
    Some(Found { ip: ip.to_canonical(), whole: false })
}

/// Whether `text` has the dots or the colons of an address near its front: times of the day have not.
fn may_begin_with_one(text: &[u8]) -> bool {
    const BYTES_MAX: usize = 64;
    let near = text.get(..BYTES_MAX).unwrap_or(text);
    let count = |sought: u8| near.iter().filter(|b| **b == sought).count();
    count(b'.') >= 3 || matches!(count(b':'), 7..) || near.windows(2).any(|pair| pair == b"::")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_their_usual_dress() {
        for (text, ip) in [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:443", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("192.0.2.1, 198.51.100.7", "192.0.2.1"),
        ] {
            assert_eq!(parse(text).map(|found| found.ip), Some(ip.parse().unwrap()), "{text}");
        }
        assert!(parse("192.0.2.1").is_some_and(|found| found.whole));
        assert!(parse("192.0.2.1:443").is_some_and(|found| !found.whole));
    }

    #[test]
    fn other_texts_hold_no_address() {
        for text in [
            "",
            "-",
            "localhost",
            "1.2.3",
            "1.2.3.4.5",
            "12:30",
            "22:13:20",
            "1:2:3:4:5:6:7",
            "unix:/run/x.sock",
            "256.1.1.1",
            ":",
            "[",
            "[]:1",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
