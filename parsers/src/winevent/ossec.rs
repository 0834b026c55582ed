//! The text that OSSEC's and Wazuh's agents make of a Windows event, on one line:
//!
//! ```text
//! 2023 Nov 14 22:13:20 WinEvtLog: Security: AUDIT_FAILURE(4625): Provider: bob: EXAMPLE: pc7.example: An account failed to log on. …
//! ```

use super::{FORMAT, level_of_type, rendered};
use crate::LogEvent;

/// What stands before every such text, and is syslog's name of a program.
pub(super) const MARKER: &str = "WinEvtLog";

/// Reads what stands behind the marker: channel, kind and id, provider, user, domain, computer, and Windows' own text.
pub(super) fn fields(message: &[u8]) -> Option<LogEvent<'_>> {
    let text = std::str::from_utf8(message).ok()?.trim();
    let mut parts = text.splitn(7, ": ");
    let (channel, kind, provider) = (parts.next()?, parts.next()?, parts.next()?);
    let (user, domain, computer) = (parts.next()?, parts.next()?, parts.next()?);
    let said = parts.next().unwrap_or_default();
    // Old agents named no computer; the text is behind the domain then.
    let (computer, said) =
        if computer.contains(' ') { ("", text.splitn(6, ": ").last().unwrap_or_default()) } else { (computer, said) };
    let (kind, id) = kind.strip_suffix(')')?.split_once('(')?;
    let id = match id.strip_prefix("0x") {
        // Old agents wrote it so.
        Some(digits) => (u32::from_str_radix(digits, 16).ok()? & 0xffff).to_string(),
        None => id.parse::<u32>().ok()?.to_string(),
    };
    let mut event = LogEvent {
        level: level_of_type(kind).unwrap_or_default(),
        host: computer.trim_end_matches(':').into(),
        app: provider.into(),
        msg_id: id.into(),
        format: FORMAT,
        ..LogEvent::default()
    };
    event.attributes.push("Channel", channel);
    event.attributes.push("EventType", kind);
    rendered::complete(&mut event, said);
    if !matches!(user, "" | "-" | "(no user)") {
        event.attributes.push("UserName", user);
        if event.user_name.is_empty() {
            event.user_name = user.into();
        }
    }
    if !matches!(domain, "" | "-" | "no domain" | "(no domain)") {
        event.attributes.push("Domain", domain);
    }
    Some(event)
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Level, Zone};

    const CX: Context = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };

    #[test]
    fn an_agents_line_gives_the_events_fields() {
        let said = "Security: AUDIT_FAILURE(4625): Auditing: (no user): no domain: pc7.example: An account failed to log on. \
                    Subject:  Account Name:  -  For Which Logon Failed:  Account Name:  bob  Source Network Address: 192.0.2.7";
        let line = format!("2023 Nov 14 22:13:20 WinEvtLog: {said}");
        let event = parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!((event.timestamp, event.level), (Some(1_700_000_000_000_000), Level::Warn));
        assert_eq!((&*event.host, &*event.app, &*event.msg_id), ("pc7.example", "Auditing", "4625"));
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
        assert_eq!((event.attributes.get("Channel"), &*event.message), (Some("Security"), said.as_bytes()));
    }

    #[test]
    fn the_user_of_the_event_counts_where_its_text_names_none() {
        let line =
            "WinEvtLog: System: INFORMATION(0x40000007): Service Control: ada: EXAMPLE: pc7: The service was started.";
        let event = parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!(
            (&*event.host, &*event.app, &*event.msg_id, &*event.user_name),
            ("pc7", "Service Control", "7", "ada")
        );
        assert_eq!((event.level, event.attributes.get("Domain")), (Level::Info, Some("EXAMPLE")));
        let line = "WinEvtLog: Microsoft-Windows-Sysmon/Operational: INFORMATION(3): Microsoft-Windows-Sysmon: SYSTEM: NT AUTHORITY: pc7: \
                    Network connection detected:  Image: C:\\a b.exe  User: NT AUTHORITY\\LOCAL SERVICE  Protocol: udp  SourceIp: 192.0.2.7  SourcePort: 5";
        let event = parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!((&*event.user_name, event.ip), ("NT AUTHORITY\\LOCAL SERVICE", "192.0.2.7".parse().ok()));
        let line = "WinEvtLog: Security: AUDIT_FAILURE(0x00000211): Security: SYSTEM: NT AUTHORITY: Logon Failure:  Reason: Unknown  User Name: bob";
        let event = parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!((&*event.host, &*event.msg_id, &*event.user_name), ("", "529", "bob"));
        let other = parse(Format::Auto, b"WinEvtLog: is what agents write", &CX);
        assert_eq!((&*other.msg_id, &*other.host), ("", ""));
    }
}
