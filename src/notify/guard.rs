//! Where this machine may be made to connect to by what people configure.
//!
//! A channel's address is written by a person, or stands in DNS, which anybody may fill. Without a check the daemon would knock at
//! services that only it can reach (server-side request forgery). A name is therefore resolved here, once, each of its addresses is
//! judged, and the connection goes to the addresses that were judged: a second resolution could say something else (DNS rebinding).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::send_error::SendError;

/// What the configuration of the daemon allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Receivers in private networks and on this machine.
    pub private: bool,
}

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    Public,
    /// Named for the error; allowed where private networks are.
    Private(&'static str),
    /// No receiver of alerts is there.
    Never(&'static str),
}

impl Allowed {
    /// Whether a connection to `address` may be made.
    ///
    /// # Errors
    /// What kind of address it is.
    pub fn check(self, address: IpAddr) -> Result<(), &'static str> {
        match reach(address) {
            Reach::Public => Ok(()),
            Reach::Private(_) if self.private => Ok(()),
            Reach::Private(kind) | Reach::Never(kind) => Err(kind),
        }
    }

    /// Resolves `host` and judges every address of it. An address in brackets or without is taken as it is.
    ///
    /// # Errors
    /// [`SendError::Refused`] if any of the addresses is not allowed: it must not be chance which of them is taken.
    /// [`SendError::Later`] if the name cannot be resolved now. The errors name no address: they would tell what is in the inner DNS.
    pub async fn resolve(self, host: &str, port: u16) -> Result<Vec<SocketAddr>, SendError> {
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let found: Vec<SocketAddr> = match bare.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => tokio::net::lookup_host((bare, port))
                .await
                .map_err(|error| SendError::later(format!("cannot resolve {bare}: {error}")))?
                .collect(),
        };
        if found.is_empty() {
            return Err(SendError::later(format!("{bare} has no address")));
        }
        for address in &found {
            self.check(address.ip()).map_err(|kind| {
                SendError::refused(format!("{bare} is or resolves to {kind}, which is not allowed as a receiver"))
            })?;
        }
        Ok(found)
    }
}

/// Services that give a cloud's machine its credentials.
const METADATA: [IpAddr; 6] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

fn reach(address: IpAddr) -> Reach {
    if METADATA.contains(&address) {
        return Reach::Never("a cloud's metadata service");
    }
    match address {
        IpAddr::V4(v4) => reach_v4(v4),
        IpAddr::V6(v6) => reach_v6(v6),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [0, ..] => Reach::Never("an unspecified address"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Reach::Private("a private address"),
        [100, 64..=127, ..] => Reach::Private("a carrier's shared address"),
        [127, ..] => Reach::Private("a loopback address"),
        [169, 254, ..] => Reach::Private("a link-local address"),
        // Protocol assignments, documentation, relays of 6to4, benchmarks.
        [192, 0, 0 | 2, _] | [192, 88, 99, _] | [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => {
            Reach::Private("a reserved address")
        }
        [224..=239, ..] => Reach::Never("a multicast address"),
        [240..=255, ..] => Reach::Never("a reserved or broadcast address"),
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Reach::Never("an unspecified address"),
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Private("a loopback address"),
        // What an IPv4 address is wrapped in: mapped, NAT64, 6to4, ISATAP.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            reach(IpAddr::V4(embedded(high, low)))
        }
        [_, _, _, _, 0 | 0x200, 0x5efe, high, low] if reach(IpAddr::V4(embedded(high, low))) != Reach::Public => {
            reach(IpAddr::V4(embedded(high, low)))
        }
        // Of a translator of the network's own.
        [0x64, 0xff9b, 1, ..] => Reach::Private("an address of a local translator"),
        [0xfc00..=0xfdff, ..] => Reach::Private("a unique local address"),
        [0xfe80..=0xfebf, ..] => Reach::Private("a link-local address"),
        [0xfec0..=0xfeff, ..] => Reach::Private("a site-local address"),
        [0xff00..=0xffff, ..] => Reach::Never("a multicast address"),
        // Teredo and other protocol assignments, documentation.
        [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Reach::Private("a reserved address"),
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Private("a reserved address"),
    }
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Allowed = Allowed { private: false };
    const PRIVATE: Allowed = Allowed { private: true };

    #[test]
    fn public_addresses_are_allowed() {
        for text in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700::1111",
            "2001:4860:4860::8888",
            "2a00::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
            "2606:4700::5efe:808:808",
        ] {
            assert_eq!(STRICT.check(text.parse().unwrap()), Ok(()), "{text}");
        }
    }

    #[test]
    fn private_addresses_in_any_disguise_are_refused_until_they_are_allowed() {
        for (text, kind) in [
            ("10.0.0.0", "a private address"),
            ("10.255.255.255", "a private address"),
            ("172.16.0.1", "a private address"),
            ("172.31.255.255", "a private address"),
            ("192.168.1.1", "a private address"),
            ("100.64.0.1", "a carrier's shared address"),
            ("100.127.255.255", "a carrier's shared address"),
            ("127.0.0.1", "a loopback address"),
            ("127.255.255.254", "a loopback address"),
            ("169.254.0.1", "a link-local address"),
            ("192.0.0.8", "a reserved address"),
            ("192.0.2.1", "a reserved address"),
            ("192.88.99.1", "a reserved address"),
            ("198.19.255.255", "a reserved address"),
            ("198.51.100.7", "a reserved address"),
            ("203.0.113.7", "a reserved address"),
            ("::1", "a loopback address"),
            ("::ffff:127.0.0.1", "a loopback address"),
            ("::ffff:10.1.2.3", "a private address"),
            ("64:ff9b::10.1.2.3", "a private address"),
            ("64:ff9b::7f00:1", "a loopback address"),
            ("64:ff9b:1::8.8.8.8", "an address of a local translator"),
            ("2002:a00:1::1", "a private address"),
            ("2002:7f00:1::", "a loopback address"),
            ("2606:4700::5efe:10.0.0.1", "a private address"),
            ("2606:4700::200:5efe:192.168.0.1", "a private address"),
            ("::8.8.8.8", "a reserved address"),
            ("fc00::1", "a unique local address"),
            ("fdff:ffff::1", "a unique local address"),
            ("fe80::1", "a link-local address"),
            ("febf::1", "a link-local address"),
            ("fec0::1", "a site-local address"),
            ("2001::1", "a reserved address"),
            ("2001:db8::1", "a reserved address"),
            ("3fff::1", "a reserved address"),
            ("100::1", "a reserved address"),
            ("5f00::1", "a reserved address"),
            ("4000::1", "a reserved address"),
        ] {
            let address = text.parse().unwrap();
            assert_eq!(STRICT.check(address), Err(kind), "{text}");
            assert_eq!(PRIVATE.check(address), Ok(()), "{text}");
        }
    }

    #[test]
    fn where_no_receiver_is_nobody_may_connect_to() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "169.254.170.2",
            "100.100.100.200",
            "192.0.0.192",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::ffff:0.0.0.0",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "ff02::1",
        ] {
            let address = text.parse().unwrap();
            assert!(STRICT.check(address).is_err() && PRIVATE.check(address).is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn loopback_is_found_behind_its_names_and_odd_spellings() {
        for host in ["localhost", "127.0.0.1", "[::1]", "::1", "2130706433", "0x7f000001", "127.1", "0177.0.0.1"] {
            let refused = STRICT.resolve(host, 80).await.unwrap_err();
            assert!(matches!(&refused, SendError::Refused(text) if text.contains("loopback")), "{host}: {refused}");
        }
        let found = PRIVATE.resolve("127.0.0.1", 8080).await.unwrap();
        assert_eq!(found, ["127.0.0.1:8080".parse().unwrap()]);
    }
}
