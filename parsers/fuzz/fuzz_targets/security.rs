//! Any line is read without a panic in the formats of security devices, and is then the message, whole; the joiner of
//! audit records loses no line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logseal_parsers::{Context, Format, Zone, auditd::joiner::Joiner, format};
use logseal_parsers_fuzz::assert_promises_of;

// 2026-11-20T18:00:00Z
const CX: Context = Context { received_at: 1_795_197_600_000_000, zone: Zone::Fixed(3600) };

fuzz_target!(|bytes: &[u8]| {
    for &format in Format::ALL {
        assert_promises_of(&format::parse(format, bytes, &CX), bytes);
    }
    // What stands behind a syslog header is read by the program's name.
    for app in ["sshd", "sudo", "kernel", "dovecot", "filterlog", "%ASA-4-106023", "postfix/smtpd", "asterisk", "sendmail", "charon", "smbd", "monit"] {
        let mut line = format!("<38>Nov 20 18:00:00 h {app}: ").into_bytes();
        line.extend_from_slice(bytes);
        assert_promises_of(&format::parse(Format::Auto, &line, &CX), &line);
    }
    let mut joiner = Joiner::new();
    let (mut taken, mut given) = (0, 0);
    for line in bytes.split(|b| *b == b'\n') {
        taken += 1;
        let complete = joiner.push(line);
        given += complete.iter().map(|one| one.lines.split(|b| *b == b'\n').count()).sum::<usize>();
    }
    given += joiner.flush().iter().map(|one| one.lines.split(|b| *b == b'\n').count()).sum::<usize>();
    assert_eq!(taken, given);
});
