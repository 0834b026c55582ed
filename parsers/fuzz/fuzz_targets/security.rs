//! Any line is read without a panic in the formats of security devices, and is then the message, whole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logseal_parsers::{Context, Format, Zone, format};
use logseal_parsers_fuzz::assert_promises_of;

// 2026-11-20T18:00:00Z
const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::Fixed(3600) };

fuzz_target!(|bytes: &[u8]| {
    for &format in Format::ALL {
        assert_promises_of(&format::parse(format, bytes, &CX), bytes);
    }
    // What stands behind a syslog header is read by the program's name.
    for app in [
        "sshd",
        "sudo",
        "kernel",
        "dovecot",
        "filterlog",
        "%ASA-4-106023",
        "postfix/smtpd",
        "asterisk",
        "sendmail",
        "charon",
        "smbd",
        "monit",
    ] {
        let mut line = format!("<38>Nov 20 18:00:00 h {app}: ").into_bytes();
        line.extend_from_slice(bytes);
        assert_promises_of(&format::parse(Format::Auto, &line, &CX), &line);
    }
});
