//! What the name in a syslog header says of the message behind it.

use crate::devices::Device;
use crate::{logfmt, winevent};

/// What the name of a program says of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    /// None is stated.
    Unnamed,
    /// Any whose messages, if they are known, are texts ([`programs`](crate::programs)).
    Other,
    Haproxy,
    /// Apache httpd, whose error log may go to syslog.
    Apache,
    /// The kernel: its packet filter and its audit records.
    Kernel,
    Audit,
    Filterlog,
    /// The packet filter of OpenBSD and FreeBSD.
    PacketFilter,
    CiscoAsa,
    /// Junos, MikroTik, and NSX' distributed firewall.
    Connections,
    /// The first words of a record that syslog's header took for a name: `CEF:0|…`, `LEEF:1.0|…`, PAN-OS' `1,2023/…`.
    Cef,
    Leef,
    PanOs,
    /// Squid's time, in the log that Cisco's web gateways send.
    Squid,
    /// ESXi's kernel, whose warnings have a tag of their own.
    Vmkernel,
    /// A device's pairs, the first of which is in the place of the name: Fortinet's, Check Point's, SonicWall's.
    Pairs,
    /// A sequence number of Cisco's, or a node of IOS-XR.
    Cisco,
    Device(Device),
    CheckPoint,
    Postgresql,
    Mysql,
    Slapd,
    Snare,
    /// An agent of OSSEC's or Wazuh's, of a Windows event.
    WinEvtLog,
}

impl Program {
    pub(super) fn of(app: &str) -> Self {
        let Some(first) = app.as_bytes().first() else { return Self::Unnamed };
        // Most names are told apart by their first byte.
        match first {
            b'%' => Self::CiscoAsa,
            b'1' if app.starts_with("1,2") => Self::PanOs,
            b'0'..=b'9' if app.bytes().all(|b| b.is_ascii_digit()) => Self::Cisco,
            b'0'..=b'9' if is_time_with_fraction(app) => Self::Squid,
            b'C' if app == "CEF" => Self::Cef,
            b'C' if app == "CheckPoint" => Self::CheckPoint,
            b'L' if app == "LEEF" => Self::Leef,
            b'M' if app == winevent::SNARE_MARKER => Self::Snare,
            b'R' if app.starts_with("RT_") && app != "RT_IDS" => Self::Connections,
            b'R' | b'L' if app.starts_with("RP/") || app.starts_with("LC/") => Self::Cisco,
            b'a' if matches!(app, "audit" | "auditd" | "audispd" | "audisp-syslog") => Self::Audit,
            b'a' | b'h' if is_apache(app) => Self::Apache,
            b'd' if app == "dfwpktlogs" => Self::Connections,
            b'd' if app.starts_with("date=") => Self::Pairs,
            b'f' if app == "filterlog" => Self::Filterlog,
            b'f' if app.starts_with("firewall,") => Self::Connections,
            b'f' | b'i' | b'o' if matches!(app, "forward" | "input" | "output") => Self::Connections,
            b'h' if app.starts_with("haproxy") => Self::Haproxy,
            b'k' if app == "kernel" => Self::Kernel,
            b'p' if matches!(app, "pf" | "pflog" | "pflogd") => Self::PacketFilter,
            b'm' if matches!(app, "mysqld" | "mariadbd" | "mysql" | "mariadb" | "mysqld_safe") => Self::Mysql,
            b's' if app == "slapd" => Self::Slapd,
            b'p' if app.starts_with("postgres") => Self::Postgresql,
            // Without the kernel's name before it, its prefix is in the place of a program.
            b'S' if matches!(app, "Shorewall" | "Shorewall6") => Self::Kernel,
            b't' if app.starts_with("time=") => Self::Pairs,
            b'W' if app == winevent::OSSEC_MARKER => Self::WinEvtLog,
            b'v' | b'V' if matches!(app.get(1..), Some("mkernel" | "mkwarning" | "mkalert")) => Self::Vmkernel,
            _ if is_pair(app) => Self::Pairs,
            _ => Device::of(app).map_or(Self::Other, Self::Device),
        }
    }
}

/// Whether `app` is Apache's name, behind which that of an instance may stand: `httpd/shop`.
fn is_apache(app: &str) -> bool {
    matches!(app.split('/').next(), Some("httpd" | "apache2" | "apache"))
}

/// Whether `app` is a count of seconds since 1970 with milliseconds: `1700000000.123`.
fn is_time_with_fraction(app: &str) -> bool {
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    app.len() == 14 && app.split_once('.').is_some_and(|(a, b)| a.len() == 10 && is_digits(a) && is_digits(b))
}

/// Whether `app` is the first of a device's pairs: `id=firewall`, `h=192.0.2.7`.
fn is_pair(app: &str) -> bool {
    let sign = memchr::memchr(b'=', app.as_bytes());
    sign.and_then(|at| app.get(..at)).is_some_and(|name| !name.is_empty() && name.bytes().all(logfmt::is_plain_key))
}
