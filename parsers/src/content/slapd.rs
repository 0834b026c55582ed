//! What OpenLDAP's server says of a client's operations, in pairs: `conn=7 op=0 BIND dn="uid=bob,ou=people,dc=example" method=128`.

use std::borrow::Cow;

use crate::{Context, LogEvent, logfmt, programs};

/// How many bytes name a user at the most.
const NAME_BYTES_MAX: usize = 256;

/// Reads a message of slapd's. Who binds is the user, and what a bind comes to is its outcome.
pub(super) fn read<'m>(message: &'m [u8], cx: &Context) -> Option<LogEvent<'m>> {
    let mut event = match programs::read("slapd", message, cx) {
        Some(event) => return Some(event),
        None => logfmt::detect(message, cx)?,
    };
    let of = |name: &str| event.attributes.get(name);
    let user = of("dn").filter(|_| of("BIND").is_some()).and_then(first_name).map(str::to_owned);
    // The tag of a bind's answer; 0 is success, and 14 asks for more.
    let outcome = match of("err").filter(|_| of("RESULT").is_some() && of("tag") == Some("97")) {
        Some("0") => Some("success"),
        Some("14") | None => None,
        Some(_) => Some("failure"),
    };
    if let Some(user) = user {
        event.user_name = Cow::Owned(user);
    }
    if let Some(outcome) = outcome {
        event.attributes.push("outcome", outcome);
    }
    Some(event)
}

/// `bob` of `uid=bob,ou=people,dc=example`.
fn first_name(place: &str) -> Option<&str> {
    let (kind, rest) = place.split_once('=')?;
    let is_name = ["uid", "cn", "mail", "sn", "samaccountname"].iter().any(|known| known.eq_ignore_ascii_case(kind));
    let name = rest.split([',', '+']).next()?.trim();
    (is_name && !name.is_empty() && name.len() <= NAME_BYTES_MAX).then_some(name)
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Zone};

    #[test]
    fn who_binds_is_the_user_and_the_answer_its_outcome() {
        for (message, user, ip, outcome) in [
            ("conn=7 op=0 BIND dn=\"uid=bob,ou=people,dc=example\" method=128", "bob", "", ""),
            ("conn=7 op=0 BIND dn=\"cn=Bob Smith,dc=example\" mech=SIMPLE ssf=0", "Bob Smith", "", ""),
            ("conn=7 op=0 BIND dn=\"\" method=128", "", "", ""),
            ("conn=7 op=0 RESULT tag=97 err=49 text=", "", "", "failure"),
            ("conn=7 op=0 RESULT tag=97 err=0 qtime=0.1 etime=0.2 text=", "", "", "success"),
            ("conn=7 op=1 RESULT tag=101 err=32 text=", "", "", ""),
            ("conn=7 op=1 SRCH base=\"uid=ada,dc=example\" scope=2", "", "", ""),
            ("conn=7 fd=9 ACCEPT from IP=192.0.2.7:5 (IP=0.0.0.0:389)", "", "192.0.2.7", ""),
        ] {
            let line = format!("<167>Nov 14 22:13:20 ldap1 slapd[7]: {message}");
            let cx = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };
            let event = parse(Format::Auto, line.as_bytes(), &cx);
            assert_eq!((&*event.user_name, event.ip), (user, ip.parse().ok()), "{message}");
            assert_eq!(event.attributes.get("outcome").unwrap_or_default(), outcome, "{message}");
        }
    }
}
