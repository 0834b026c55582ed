//! The records of one event together: a system call, its paths, its command line.
//!
//! They have one number and mostly stand one behind the other. Where those of two events are mixed, each run of lines is a
//! record; their attribute `serial` says which belong together.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use memchr::memmem;

use crate::{Attributes, Context, LogEvent};

/// What tells the event of `line` from all others: its stamp, its number and the node. `None` where it is no audit record.
pub(crate) fn id(line: &[u8]) -> Option<u64> {
    let begins = matches!(line.first(), Some(b't' | b'n' | b'a')) && super::looks_like(line);
    let near = line.get(..320).filter(|_| begins).or(begins.then_some(line))?;
    let start = memmem::find(near, b"audit(")?;
    let length = memchr::memchr(b')', near.get(start..)?)?;
    let is_node = near.starts_with(b"node=");
    let node = near.split(|b| *b == b' ').next().filter(|_| is_node);
    let mut hasher = DefaultHasher::new();
    (node, near.get(start..start + length)?).hash(&mut hasher);
    Some(hasher.finish())
}

/// Completes `event`, the first record of an event, by those on `lines`: their fields are attributes under the record's type in
/// lower case (`path.name`).
pub(super) fn complete(event: &mut LogEvent<'_>, lines: &[u8], cx: &Context) {
    let mut attributes = std::mem::take(&mut event.attributes);
    for line in lines.split(|b| *b == b'\n') {
        let Some(other) = super::record(line, cx) else { continue };
        add(&mut attributes, &other);
        event.ip = event.ip.or(other.ip);
        if event.user_name.is_empty() {
            event.user_name = other.user_name.into_owned().into();
        }
    }
    event.attributes = attributes;
}

fn add(attributes: &mut Attributes, record: &LogEvent<'_>) {
    let kind = record.attributes.get("type").unwrap_or_default().to_ascii_lowercase();
    for (name, value) in record.attributes.iter().filter(|(name, _)| !matches!(*name, "type" | "serial")) {
        attributes.push_scoped(&kind, name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Zone;

    #[test]
    fn the_records_of_an_event_are_one_with_the_fields_of_all() {
        let lines = "type=SYSCALL msg=audit(1700000000.1:7): pid=1 exe=\"/bin/ls\"\r\n\
            type=PATH msg=audit(1700000000.1:7): name=\"/x\"\n\
            type=USER_LOGIN msg=audit(1700000000.1:7): acct=\"bob\" addr=192.0.2.7\n";
        let event = super::super::parse(lines.as_bytes(), &Context { received_at: 0, zone: Zone::UTC }).unwrap();
        let get = |name| event.attributes.get(name);
        assert_eq!((get("type"), get("exe"), get("path.name")), (Some("SYSCALL"), Some("/bin/ls"), Some("/x")));
        assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()));
        assert_eq!(&*event.message, lines.as_bytes());
    }

    #[test]
    fn an_event_is_told_by_its_stamp_number_and_node() {
        let of = |line: &str| id(line.as_bytes());
        let first = of("type=SYSCALL msg=audit(1.1:7): a=b");
        assert!(first.is_some());
        assert_eq!(of("type=PATH msg=audit(1.1:7): c=d"), first);
        for other in
            ["type=PATH msg=audit(1.1:8):", "type=PATH msg=audit(1.2:7):", "node=n type=PATH msg=audit(1.1:7):", "x"]
        {
            assert_ne!(of(other), first, "{other}");
        }
    }
}
