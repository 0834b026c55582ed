//! What network devices write in their messages, where the form is the device's own: Meraki, ISE, NetScaler, NetScreen, WatchGuard, BIG-IP, Junos,
//! Symantec's Endpoint Protection, BeyondTrust.
//!
//! A syslog record's program, or how its message begins, says which is asked.

mod ise;
mod meraki;
mod netscaler;
mod netscreen;
mod symantec;
mod watchguard;
mod words;

use std::borrow::Cow;

use crate::find::find_by;
use crate::{Context, LogEvent, logfmt, programs};

/// Never a record's own format: a message stands within one of another.
const FORMAT: &str = "device";

/// The devices that are known by what they put in the place of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Device {
    /// Meraki's kinds of events.
    Meraki,
    /// BIG-IP, whose messages begin with their code.
    BigIp,
    /// One of NetScaler's packet engines.
    Netscaler,
    /// A class of ISE's or ACS' messages.
    Ise,
    /// The place of a card in a router of Juniper's, which stands before what its filters say.
    Junos,
    /// The server of Symantec's Endpoint Protection.
    Symantec,
    /// BeyondTrust's appliances for remote support.
    BeyondTrust,
}

impl Device {
    /// The device whose messages have `app` in the place of a program.
    pub(crate) fn of(app: &str) -> Option<Self> {
        match app.as_bytes().first()? {
            b'(' if app == "(FPC" => Some(Self::Junos),
            b'0'..=b'9' if app.contains("-PPE-") => Some(Self::Netscaler),
            b'C' if ise::BEGINNINGS.iter().any(|beginning| app.starts_with(beginning)) => Some(Self::Ise),
            b'B' if app == "BG" => Some(Self::BeyondTrust),
            b'S' if app == "SymantecServer" => Some(Self::Symantec),
            b'a'..=b'z' if meraki::is_kind(app) => Some(Self::Meraki),
            _ => None,
        }
    }
}

/// Reads `message`, which is one of `device`; `None` where it says nothing that is known.
pub(crate) fn read<'a>(device: Device, message: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    match device {
        Device::Meraki => watchguard::read(message, cx).or_else(|| meraki::read(message, cx)),
        Device::BigIp => programs::read("big-ip", message, cx),
        Device::Netscaler => netscaler::read(message),
        Device::Ise => ise::read(message),
        Device::Junos => programs::read("junos-filter", message, cx),
        Device::Symantec => symantec::read(message),
        Device::BeyondTrust => logfmt::detect(behind_counts(message)?, cx),
    }
}

/// Reads a message that says by its form of which device it is.
pub(crate) fn by_form<'a>(message: &'a [u8], cx: &Context) -> Option<LogEvent<'a>> {
    match message.first()? {
        b'm' | b'(' | b'f' => watchguard::read(message, cx),
        b'd' if message.starts_with(b"default ") => netscaler::read(message),
        b':' => netscaler::read(message),
        b'N' => netscreen::read(message),
        // Junos' filters: "FW: ge-0/0/0.0 D tcp 192.0.2.7 192.0.2.1 5 80".
        b'F' if message.starts_with(b"FW: ") => programs::read("junos-filter", message, cx),
        b'P' if message.starts_with(b"PFE_FW_") => programs::read("junos-filter", message, cx),
        _ => None,
    }
}

/// Whether `message` may be of a form that [`by_form`] knows though it begins like many others.
pub(crate) fn may_have_form(message: &[u8]) -> bool {
    let near = message.get(..96).unwrap_or(message);
    matches!(message, [b'(', ..] | [b'm', b's', b'g', b'_', ..] | [b'f', b'i', b'r', b'e', b'w', ..])
        && find_by(3, near, b"msg_id=\"").is_some()
}

/// The pairs behind the counts of BeyondTrust's messages: the site's number, the part, and how many there are: `1427:01:02:event=login;…`.
fn behind_counts(message: &[u8]) -> Option<&[u8]> {
    let counts = message.iter().take_while(|b| b.is_ascii_digit() || **b == b':').count();
    message.get(counts..)
}

fn event(message: &[u8]) -> LogEvent<'_> {
    LogEvent { message: Cow::Borrowed(message), format: FORMAT, ..LogEvent::default() }
}
