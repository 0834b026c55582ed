//! F5's BIG-IP, which has a word for the severity before its programs: `notice mcpd[7]: 01070638:5: text`.

use crate::syslog::tag;
use crate::{Context, LogEvent, programs};

/// Whether `app` is a word for the severity.
pub(super) fn is_severity(app: &str) -> bool {
    matches!(app, "emerg" | "alert" | "crit" | "err" | "warning" | "notice" | "info" | "debug" | "error")
}

/// Reads what stands behind the severity: a program's message, or one of BIG-IP's own with their number.
pub(super) fn read<'a>(message: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    let inner = tag::read(message);
    let app = std::str::from_utf8(inner.app).ok().filter(|app| inner.colon && !app.is_empty())?;
    let is_numbered = inner.message.get(8) == Some(&b':') && inner.message.iter().take(8).all(u8::is_ascii_hexdigit);
    programs::read(if is_numbered { "big-ip" } else { app }, inner.message, cx)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    #[test]
    fn the_program_behind_the_severity_and_audits_are_read() {
        for (message, ip, user) in [
            ("sshd[7]: Failed password for bob from 192.0.2.7 port 4000 ssh2", "192.0.2.7", "bob"),
            (
                "httpd(pam_audit)[7]: 01070417:6: AUDIT - user bob - RAW: httpd(pam_audit): user=bob(bob) partition=[All] level=Guest tty=(unknown) host=192.0.2.7 attempts=1",
                "192.0.2.7",
                "bob",
            ),
            ("tmsh[7]: 01420002:5: AUDIT - pid=7 user=bob folder=/ module=(tmos)# status=[Command OK]", "", "bob"),
            ("tmm[7]: 01260013:4: SSL Handshake failed for TCP 192.0.2.7:4000 -> 192.0.2.1:443", "192.0.2.7", ""),
        ] {
            let event = read(message.as_bytes(), &CX).unwrap();
            assert_eq!((event.ip, &*event.user_name), (ip.parse().ok(), user), "{message}");
        }
        assert_eq!(read(b"text without a program", &CX), None);
    }
}
