//! The address of a socket as the kernel's records have it: the bytes of its `sockaddr` in hexadecimal.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::fields::hexadecimal;
use crate::Attributes;

/// Adds what `saddr` says, under the names that `ausearch -i` has for it: `saddr_fam` with `laddr` and `lport`, or with `path`. Adds nothing
/// where it is of another family, or is cut.
pub(super) fn read(saddr: &str, attributes: &mut Attributes) {
    let Some(bytes) = hexadecimal(saddr) else { return };
    // The family is in the byte order of the machine.
    let ([family, 0, rest @ ..] | [0, family, rest @ ..]) = &*bytes else { return };
    match (family, rest) {
        (1, [0, name @ ..]) => local(&[b"@", name].concat(), attributes),
        (1, path) => local(path, attributes),
        (2, [high, low, a, b, c, d, ..]) => {
            inet("inet", &Ipv4Addr::new(*a, *b, *c, *d).to_string(), [*high, *low], attributes);
        }
        (10, [high, low, _, _, _, _, address @ ..]) => {
            let Some(address) = address.first_chunk::<16>() else { return };
            inet("inet6", &Ipv6Addr::from(*address).to_string(), [*high, *low], attributes);
        }
        _ => {}
    }
}

fn inet(family: &str, address: &str, port: [u8; 2], attributes: &mut Attributes) {
    attributes.push("saddr_fam", family);
    attributes.push("laddr", address);
    attributes.push("lport", &u16::from_be_bytes(port).to_string());
}

/// The path of a socket, up to the first NUL.
fn local(path: &[u8], attributes: &mut Attributes) {
    let path: Cow<'_, str> = path.split(|b| *b == 0).next().map(String::from_utf8_lossy).unwrap_or_default();
    attributes.push("saddr_fam", "local");
    attributes.push("path", &path);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(saddr: &str, expected: &[(&str, &str)]) {
        let mut attributes = Attributes::default();
        read(saddr, &mut attributes);
        assert_eq!(attributes.iter().collect::<Vec<_>>(), expected, "{saddr}");
    }

    #[test]
    fn addresses_of_the_internet_are_read_in_either_byte_order() {
        let expected = [("saddr_fam", "inet"), ("laddr", "192.0.2.7"), ("lport", "443")];
        check("020001BBC00002070000000000000000", &expected);
        check("000201BBC00002070000000000000000", &expected);
        check(
            "0A0000350000000020010DB800000000000000000000000700000000",
            &[("saddr_fam", "inet6"), ("laddr", "2001:db8::7"), ("lport", "53")],
        );
    }

    #[test]
    fn paths_end_at_the_first_nul_and_abstract_names_have_a_mark() {
        check("01002F72756E2F7800AAAA", &[("saddr_fam", "local"), ("path", "/run/x")]);
        check("0100004142", &[("saddr_fam", "local"), ("path", "@AB")]);
    }

    #[test]
    fn what_is_cut_or_of_another_family_says_nothing() {
        for saddr in ["0200", "020001BBC000", "0A00003500000000", "100000000000000000000000", "", "xyz", "0", "02"] {
            check(saddr, &[]);
        }
    }
}
