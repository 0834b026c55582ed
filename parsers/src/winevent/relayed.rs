//! Events that a relay or an agent has put into another form of syslog: Snare's tabs as rsyslog escapes them, NXLog's structured
//! data, and the number and the kind of an audit that Eventlog to Syslog puts before its text: `4625: AUDIT_FAILURE An account …`.

use std::borrow::Cow;

use super::{Subject, level_of_type, snare};
use crate::find::find;
use crate::{Context, Level, LogEvent};

/// What rsyslog makes of a tab, unless it is told not to.
const TAB: &str = "#011";

/// Completes a record in which Snare's text stands with its tabs escaped; whether it is one.
pub(crate) fn complete_escaped<'a>(event: &mut LogEvent<'a>, line: &'a [u8], cx: &Context) -> bool {
    let is_marked =
        |text: &[u8]| text.strip_prefix(snare::MARKER.as_bytes()).is_some_and(|rest| rest.starts_with(TAB.as_bytes()));
    if !is_marked(event.app.as_bytes()) && !is_marked(&event.message) {
        return false;
    }
    let text = find(line, snare::MARKER.as_bytes()).and_then(|at| std::str::from_utf8(line.get(at..)?).ok());
    let Some(text) = text.map(str::trim_end) else { return false };
    let tabbed = text.replace(TAB, "\t");
    let Some(inner) = snare::parse(tabbed.as_bytes(), cx).map(LogEvent::into_owned) else { return false };
    event.app = Cow::Borrowed("");
    event.message = Cow::Borrowed(text.get(snare::MARKER.len() + TAB.len()..).unwrap_or(text).as_bytes());
    event.timestamp = inner.timestamp.or(event.timestamp);
    event.complete_from(inner);
    true
}

/// Completes a record whose message is an audit behind its number and its kind.
pub(crate) fn complete_numbered(event: &mut LogEvent<'_>) {
    let digits = event.message.iter().take(5).take_while(|b| b.is_ascii_digit()).count();
    let kinds = [&b": AUDIT_FAILURE "[..], b": AUDIT_SUCCESS "];
    let behind = event.message.get(digits..).unwrap_or_default();
    if !kinds.iter().any(|kind| behind.starts_with(kind)) {
        return;
    }
    if behind.starts_with(b": AUDIT_F") && matches!(event.level, Level::Unknown | Level::Info) {
        event.level = Level::Warn;
    }
    if event.msg_id.is_empty() {
        event.msg_id =
            Cow::Owned(String::from_utf8_lossy(event.message.get(..digits).unwrap_or_default()).into_owned());
    }
    super::complete_from_text(event);
}

/// Completes a record whose structured data are the fields of an event, as NXLog writes them in the newer syslog.
pub(crate) fn complete_from_structured(event: &mut LogEvent<'_>) {
    let mut subject = Subject::default();
    let (mut id, mut is_failed) = (String::new(), false);
    for (name, value) in event.attributes.iter() {
        let name = name.rsplit('.').next().unwrap_or(name);
        match name {
            "EventID" => value.clone_into(&mut id),
            "EventType" => is_failed = value == "AUDIT_FAILURE" && level_of_type(value).is_some(),
            _ => subject.see(name, value),
        }
    }
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit()) {
        return;
    }
    if is_failed && matches!(event.level, Level::Unknown | Level::Info) {
        event.level = Level::Warn;
    }
    event.ip = event.ip.or_else(|| subject.address(&id));
    if let Some(user) = subject.user(&id).filter(|_| event.user_name.is_empty()) {
        event.user_name = Cow::Owned(user.into_string());
    }
    if event.msg_id.is_empty() {
        event.msg_id = Cow::Owned(id);
    }
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Level, Zone};

    const CX: Context = Context { received_at: 1_700_042_400_000_000, zone: Zone::UTC };

    #[test]
    fn tabs_that_a_relay_escaped_are_tabs() {
        let line = "<13>Nov 14 22:13:21 pc7 MSWinEventLog#0111#011Security#0117#011Tue Nov 14 22:13:20 2023#0114625#011Auditing#011N/A#011N/A#011Failure Audit\
            #011pc7#011Logon#011#011An account failed to log on.   Account Name:  bob   Source Network Address: 192.0.2.7#0119";
        let event = parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!((&*event.host, &*event.app, &*event.msg_id, &*event.user_name), ("pc7", "Auditing", "4625", "bob"));
        assert_eq!(
            (event.level, event.ip, event.timestamp),
            (Level::Warn, "192.0.2.7".parse().ok(), Some(1_700_000_000_000_000))
        );
        assert!(event.message.starts_with(b"1#011Security#0117"));
    }

    #[test]
    fn the_data_of_an_event_are_read_from_nxlogs_structured_data() {
        let line = r#"<14>1 2023-11-14T22:13:20Z pc7 Microsoft-Windows-Security-Auditing 7 - [NXLOG@14506 Keywords="1" EventType="AUDIT_FAILURE" EventID="4625" SubjectUserName="-" TargetUserName="bob" IpAddress="192.0.2.7" SourceModuleName="in"] An account failed to log on."#;
        let event = parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!((&*event.msg_id, &*event.user_name, event.ip), ("4625", "bob", "192.0.2.7".parse().ok()));
        assert_eq!(event.level, Level::Warn);
        let line = r#"<14>1 2023-11-14T22:13:20Z pc7 shop 7 - [NXLOG@14506 EventReceivedTime="2023-11-14 22:13:20" SourceModuleName="in" User="bob"] text"#;
        assert_eq!(parse(Format::Auto, line.as_bytes(), &CX).msg_id, "");
    }

    #[test]
    fn an_audit_behind_its_number_and_kind_gives_both() {
        let line = "<38>Nov 14 22:13:20 pc7 Security-Auditing: 4625: AUDIT_FAILURE An account failed to log on. Subject: Account Name: - Failed: Account Name: bob Source Network Address: 192.0.2.7";
        let event = parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!((&*event.msg_id, event.level, &*event.user_name), ("4625", Level::Warn, "bob"));
        let line = "<38>Nov 14 22:13:20 pc7 shop: 4625: AUDIT of the books";
        assert_eq!(parse(Format::Auto, line.as_bytes(), &CX).msg_id, "");
    }

    #[test]
    fn the_text_of_an_event_names_its_account_in_the_older_syslog() {
        let line = "<14>Nov 14 22:13:20 pc7 Microsoft-Windows-Security-Auditing[7]: An account was logged on. Subject: Account Name: - New: Account Name: bob Source Network Address: 192.0.2.7";
        let event = parse(Format::Auto, line.as_bytes(), &CX);
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
    }
}
