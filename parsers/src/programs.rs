//! What programs that log people in say in their messages: who, from where, and with which outcome.
//!
//! The program's name chooses the patterns, so that the messages of all other programs cost one look at their name.

mod pairs;
mod patterns;
mod template;

use std::borrow::Cow;

use crate::{Context, LogEvent, address};

/// Never a record's own format: a message stands within one of another.
const FORMAT: &str = "program";

/// What a message says.
#[derive(Debug, Default, PartialEq)]
struct Found<'a> {
    user: &'a str,
    ip: &'a str,
    /// `success`, `failure`, or empty.
    outcome: &'static str,
    /// Other fields, by the program's own names.
    fields: Vec<(&'static str, &'a str)>,
}

/// Reads the message of the program `app`; `None` where it is none that is known.
///
/// The attributes are `outcome` (`success` or `failure`) where the message states one, and the parts that the program
/// names. The message is kept.
pub(crate) fn read<'a>(app: &str, message: &'a [u8], _cx: &Context) -> Option<LogEvent<'a>> {
    let program = program(app)?;
    let text = std::str::from_utf8(message).ok()?.trim();
    // syslog daemons count repetitions: "message repeated 3 times: [ Failed password … ]".
    let text = match text.strip_prefix("message repeated ").and_then(|rest| rest.split_once(": [ ")) {
        Some((_, inner)) => inner.strip_suffix(']').unwrap_or(inner).trim(),
        None => text,
    };
    let found = pairs::pam(text).or_else(|| match program {
        Program::Sudo => pairs::sudo(text),
        Program::Dovecot => pairs::dovecot(text),
        Program::Templates(templates) => template::first(templates, text),
    })?;
    let mut event = LogEvent { message: Cow::Borrowed(message), format: FORMAT, ..LogEvent::default() };
    event.ip = address::parse(found.ip).map(|found| found.ip);
    event.user_name = Cow::Borrowed(found.user);
    if !found.outcome.is_empty() {
        event.attributes.push("outcome", found.outcome);
    }
    if event.ip.is_none() && !matches!(found.ip, "" | "?" | "-") {
        // A host's name in the place of an address.
        event.attributes.push("rhost", found.ip);
    }
    for (name, value) in found.fields {
        if !value.is_empty() {
            event.attributes.push(name, value);
        }
    }
    Some(event)
}

enum Program {
    Sudo,
    Dovecot,
    Templates(&'static [template::Pattern]),
}

/// The program that `app` names: `sshd-session`, `postfix/smtpd`, `su(pam_unix)`, `CRON`.
fn program(app: &str) -> Option<Program> {
    let name = app.rsplit('/').next().unwrap_or(app);
    let name = name.split(['(', ':']).next().unwrap_or(name);
    Some(match name {
        "sudo" | "sudo-rs" | "doas" => Program::Sudo,
        "dovecot" | "imap-login" | "pop3-login" | "auth-worker" => Program::Dovecot,
        "sshd" | "sshd-session" | "sshd-auth" | "dropbear" => Program::Templates(patterns::SSH),
        "su" => Program::Templates(patterns::SU),
        "cron" | "CRON" | "crond" | "CROND" | "crontab" | "anacron" => Program::Templates(patterns::CRON),
        "login" | "systemd-logind" | "systemd" | "gdm-password" | "gdm-password]" | "sddm" | "lightdm" | "polkitd" => {
            Program::Templates(patterns::LOGIN)
        }
        "useradd" | "userdel" | "usermod" | "groupadd" | "groupdel" | "groupmod" | "passwd" | "chpasswd" | "chage"
        | "gpasswd" | "chsh" | "chfn" => Program::Templates(patterns::ACCOUNTS),
        "smtpd" | "smtps" | "submission" | "postscreen" => Program::Templates(patterns::POSTFIX),
        "vsftpd" | "proftpd" | "pure-ftpd" | "wu-ftpd" | "ftpd" => Program::Templates(patterns::FTP),
        "openvpn" | "ovpn-server" => Program::Templates(patterns::OPENVPN),
        "pvedaemon" | "vmtoolsd" | "xrdp" | "saslauthd" | "atd" => Program::Templates(&[]),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    fn check(app: &str, message: &str, expected: &str) {
        let event = read(app, message.as_bytes(), &CX).unwrap_or_default();
        let ip = event.ip.map_or("-".to_owned(), |ip| ip.to_string());
        let user = if event.user_name.is_empty() { "-" } else { &event.user_name };
        let outcome = event.attributes.get("outcome").unwrap_or("-");
        assert_eq!(format!("{user} {ip} {outcome}"), expected, "{message}");
    }

    #[test]
    fn sshd_names_the_user_and_the_address() {
        for (message, expected) in [
            ("Failed password for bob from 192.0.2.7 port 4000 ssh2", "bob 192.0.2.7 failure"),
            ("Failed password for invalid user eve from 192.0.2.7 port 4000 ssh2", "eve 192.0.2.7 failure"),
            (
                "Failed password for invalid user a from 192.0.2.9 from 192.0.2.7 port 4000 ssh2",
                "a from 192.0.2.9 192.0.2.7 failure",
            ),
            ("Accepted publickey for bob from 2001:db8::7 port 4000 ssh2: RSA x", "bob 2001:db8::7 success"),
            ("Invalid user eve from 192.0.2.7", "eve 192.0.2.7 failure"),
            ("Invalid user  from 192.0.2.7 port 4", "- 192.0.2.7 failure"),
            ("Connection closed by authenticating user bob 192.0.2.7 port 4 [preauth]", "bob 192.0.2.7 -"),
            ("error: PAM: Authentication failure for bob from 192.0.2.7", "bob 192.0.2.7 failure"),
            (
                "message repeated 3 times: [ Failed password for bob from 192.0.2.7 port 4 ssh2]",
                "bob 192.0.2.7 failure",
            ),
            ("pam_unix(sshd:session): session opened for user bob(uid=7) by (uid=0)", "bob - success"),
            (
                "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=bob",
                "bob 192.0.2.7 failure",
            ),
            ("Server listening on 192.0.2.1 port 22.", "- - -"),
        ] {
            check("sshd", message, expected);
        }
    }

    #[test]
    fn other_programs_are_known_by_their_name() {
        for (app, message, expected) in [
            ("sudo", "bob : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls -l", "bob - success"),
            ("sudo", "eve : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls", "eve - failure"),
            ("su", "FAILED SU (to root) bob on pts/0", "bob - failure"),
            ("su", "(to root) bob on pts/0", "bob - success"),
            ("CRON", "(bob) CMD (/usr/bin/true)", "bob - -"),
            ("login", "FAILED LOGIN 1 FROM 192.0.2.7 FOR bob, Authentication failure", "bob 192.0.2.7 failure"),
            ("systemd-logind", "New session 5 of user bob.", "bob - success"),
            ("useradd", "new user: name=bob, UID=7, GID=7, home=/home/bob, shell=/bin/sh", "bob - -"),
            (
                "dovecot",
                "imap-login: Login: user=<bob>, method=PLAIN, rip=192.0.2.7, lip=192.0.2.1",
                "bob 192.0.2.7 success",
            ),
            (
                "dovecot",
                "pop3-login: Disconnected (auth failed, 1 attempts): user=<eve>, rip=192.0.2.7, lip=192.0.2.1",
                "eve 192.0.2.7 failure",
            ),
            ("dovecot", "auth: passwd-file(eve,192.0.2.7): unknown user", "eve 192.0.2.7 failure"),
            (
                "postfix/smtpd",
                "warning: x.example[192.0.2.7]: SASL LOGIN authentication failed: x",
                "- 192.0.2.7 failure",
            ),
            (
                "postfix/smtpd",
                "4F2: client=x.example[192.0.2.7], sasl_method=LOGIN, sasl_username=bob",
                "bob 192.0.2.7 success",
            ),
            ("vsftpd", "[bob] FAIL LOGIN: Client \"192.0.2.7\"", "bob 192.0.2.7 failure"),
            ("proftpd", "web1 (x[192.0.2.7]): USER bob (Login failed): No such user", "bob 192.0.2.7 failure"),
            (
                "openvpn",
                "TLS Error: cannot locate HMAC in incoming packet from [AF_INET]192.0.2.7:5",
                "- 192.0.2.7 failure",
            ),
            ("nginx", "Failed password for bob from 192.0.2.7 port 4000 ssh2", "- - -"),
        ] {
            check(app, message, expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_message_is_survived(message: Vec<u8>, text in "(Failed |Accepted |for |user |from |port |=|\\(|\\)|<|>|:|;|pam_|é| ){0,40}") {
            for app in ["sshd", "sudo", "su", "CRON", "login", "useradd", "dovecot", "postfix/smtpd", "vsftpd", "openvpn"] {
                let _ = (read(app, &message, &CX), read(app, text.as_bytes(), &CX));
            }
        }
    }
}
