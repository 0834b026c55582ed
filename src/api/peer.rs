//! Who sends a request, as far as an address can tell.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};

use crate::config::Networks;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of a request's sender: the connection's or, where that is a trusted proxy's, the one that it states.
///
/// It is among the request's extensions in every handler that a server stands before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl Peer {
    /// `None` where no server has said whose connection it is.
    pub(super) fn of(extensions: &Extensions, headers: &HeaderMap, trusted_proxies: &Networks) -> Option<Self> {
        let ConnectInfo(connection) = extensions.get::<ConnectInfo<SocketAddr>>()?;
        let nearest = connection.ip().to_canonical();
        if !trusted_proxies.contains(nearest) {
            return Some(Self(nearest));
        }
        Some(Self(behind_proxies(nearest, headers, trusted_proxies)))
    }
}

/// The last hop that is no trusted proxy. What stands before it in the header may be made up.
fn behind_proxies(nearest: IpAddr, headers: &HeaderMap, trusted_proxies: &Networks) -> IpAddr {
    let mut known = nearest;
    for value in headers.get_all(FORWARDED_FOR).iter().rev() {
        for hop in value.as_bytes().rsplit(|b| *b == b',') {
            // A proxy that writes something else says nothing of what is before it.
            let Some(address) = hop_address(hop) else { return known };
            known = address;
            if !trusted_proxies.contains(known) {
                return known;
            }
        }
    }
    known
}

/// `192.0.2.7`, `2001:db8::1`, and what some proxies write: either with a port.
fn hop_address(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address = text.parse::<IpAddr>().ok().or_else(in_brackets);
    address.or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip())).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(connection: &str, forwarded: &[&str]) -> String {
        let trusted = Networks::try_from(vec!["10.0.0.0/8".to_owned(), "fd00::/8".to_owned()]).unwrap();
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(connection.parse().unwrap(), 4711)));
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        Peer::of(&extensions, &headers, &trusted).unwrap().0.to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_only_as_far_as_they_know() {
        let check = |connection: &str, forwarded: &[&str], expected: &str| {
            assert_eq!(peer(connection, forwarded), expected, "{connection} {forwarded:?}");
        };
        check("192.0.2.7", &[], "192.0.2.7");
        check("192.0.2.7", &["198.51.100.1"], "192.0.2.7");
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &["198.51.100.1"], "198.51.100.1");
        check("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1");
        // What the client itself had written stands first.
        check("10.0.0.1", &["127.0.0.1, 198.51.100.1"], "198.51.100.1");
        check("10.0.0.1", &["127.0.0.1", "198.51.100.1"], "198.51.100.1");
        check("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2", "10.0.0.3,fd00::1"], "198.51.100.1");
        check("10.0.0.1", &["10.0.0.9, 10.0.0.2"], "10.0.0.9");
        check("10.0.0.1", &["198.51.100.1, unknown, 10.0.0.2"], "10.0.0.2");
        check("10.0.0.1", &["198.51.100.1, \u{e4}"], "10.0.0.1");
        check("10.0.0.1", &["198.51.100.1,"], "10.0.0.1");
        check("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1");
        check("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1");
        check("10.0.0.1", &["[2001:db8::1]"], "2001:db8::1");
        check("fd00::2", &["2001:db8::1"], "2001:db8::1");
    }

    #[test]
    fn without_a_connection_nobody_is_known() {
        assert_eq!(Peer::of(&Extensions::new(), &HeaderMap::new(), &Networks::default()), None);
    }
}
