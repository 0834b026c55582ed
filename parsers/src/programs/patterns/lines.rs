//! Lines that name no program: how they begin, behind their time, says which patterns are tried, or what stands in them.

use super::{Pattern, mail, network, services};
use crate::find::AnyOf;

/// The patterns of lines that may begin with anything. Each holds one of the [marks](MARKS).
pub(in crate::programs) const ANY: [&[Pattern]; 2] = [services::LISTS, mail::EXIM_AUTHENTICATORS];

/// What lines hold that [`ANY`] of those patterns fits.
pub(in crate::programs) static MARKS: AnyOf = AnyOf::new(&[
    b"authentication failure; logname=",
    b" CONNECT ",
    b" global miniserv.pl ",
    b"] \"",
    b" failed to login",
    b" ZNC from ",
    b" authenticator failed for ",
]);

/// Beginnings of lines, with the patterns of the programs whose lines begin so.
#[rustfmt::skip]
const LINES: &[(&str, &[Pattern])] = &[
    ("[GIN] ", services::GIN),
    ("| ", services::GIN),
    ("[pid ", services::FTP),
    ("(?@", services::FTP),
    ("[", network::HONEYPOT),
    ("[INFO ] AUTHFAIL", services::XRDP),
    ("[LOG", mail::SQUIRRELMAIL),
    ("[WARNING] sofia", services::TELEPHONY),
    ("\"", services::GAMES),
    ("'", services::DIRECTADMIN),
    (",", mail::EXCHANGE),
    ("- ", services::MONITORIX),
    ("- [", mail::OPENWEBMAIL),
    ("<", mail::ROUNDCUBE),
    ("\" pi=", mail::ORACLE),
    ("::WARNING::[interface:", services::SABNZBD),
    ("ACCEPT host=", network::PROBES),
    ("CLOSE host=", network::PROBES),
    ("ADMIN.", network::PROXY),
    ("ALERT - ", services::WEB),
    ("AUDIT: ", services::FIREFLY),
    ("Auth successful for ", services::HADOOP),
    ("Auth: [", services::SAMBA),
    ("Bad Rcon: ", services::GAMES),
    ("Can't find user [", services::TELEPHONY),
    ("FAILED login for ", mail::ROUNDCUBE),
    ("Failed login for ", mail::ROUNDCUBE),
    ("CRIT: ", network::MAILCOW),
    ("HTTP.", network::PROXY),
    ("Host: ", network::PROBES),
    ("IMAP Error: Login failed for ", mail::ROUNDCUBE),
    ("IMAP: User ", mail::KERIO),
    ("NOTICE[", services::TELEPHONY),
    ("NOTICE [", services::TELEPHONY),
    ("New client connected from ", services::MQTT),
    ("New connection from ", services::MQTT),
    ("POP3: User ", mail::KERIO),
    ("PROXY.", network::PROXY),
    ("SECURITY[", services::TELEPHONY),
    ("SIP auth ", services::TELEPHONY),
    ("SMTP Server", mail::DOMINO),
    ("SMTP: User ", mail::KERIO),
    ("SMTP call from ", mail::EXIM),
    ("SMTP connection from ", mail::EXIM),
    ("SMTP protocol ", mail::EXIM),
    ("SOCK", network::PROXY),
    ("Successful login for ", mail::ROUNDCUBE),
    ("TLS error on connection from ", mail::EXIM),
    ("WARNING[", services::TELEPHONY),
    ("attackalert: ", network::PROBES),
    ("http: ", mail::DOMINO),
    ("imap: ", mail::DOMINO),
    ("info [", services::CPANEL),
    ("ldap: ", mail::DOMINO),
    ("no MAIL in ", mail::EXIM),
    ("pop3: ", mail::DOMINO),
    ("smtp: ", mail::DOMINO),
    ("tcpserver: ", mail::QMAIL),
];

/// For each byte those of the [`LINES`], as bits, that begin with it.
#[expect(clippy::indexing_slicing, reason = "runs when the crate is compiled")]
static BY_FIRST: [u64; 256] = {
    assert!(LINES.len() <= 64);
    let mut by_first = [0; 256];
    let mut line = 0;
    while line < LINES.len() {
        by_first[LINES[line].0.as_bytes()[0] as usize] |= 1 << line;
        line += 1;
    }
    by_first
};

/// The patterns of lines that begin as `body` does.
pub(in crate::programs) fn beginning_as(body: &str) -> impl Iterator<Item = &'static [Pattern]> {
    let first = body.as_bytes().first().and_then(|first| BY_FIRST.get(usize::from(*first)));
    let mut lines = first.copied().unwrap_or(0);
    std::iter::from_fn(move || {
        let line = LINES.get(lines.trailing_zeros() as usize)?;
        lines &= lines - 1;
        Some(line)
    })
    .filter(move |(beginning, _)| body.starts_with(beginning))
    .map(|(_, patterns)| *patterns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_beginning_leads_to_its_patterns() {
        for (beginning, patterns) in LINES {
            assert!(beginning_as(beginning).any(|found| found == *patterns), "{beginning}");
        }
        assert_eq!(beginning_as("").count() + beginning_as("text").count(), 0);
    }

    #[test]
    fn a_pattern_of_any_line_holds_a_mark() {
        for (pattern, _) in ANY.iter().copied().flatten() {
            let mut texts = pattern.split('{').map(|part| part.split_once('}').map_or(part, |(_, text)| text));
            assert!(texts.any(|text| MARKS.is_in(text.as_bytes())), "{pattern}");
        }
    }
}
