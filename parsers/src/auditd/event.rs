//! The records of one event together: a system call, its paths, its command line.
//!
//! They have one number and mostly stand one behind the other. Where those of several events are mixed, whole files sort them
//! out ([`FileParser`](crate::FileParser)); on a stream each run of lines is a record, and the attribute `serial` says which belong together.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use memchr::memmem;

use crate::{Attributes, Context, LogEvent};

/// What tells an event from all others: its stamp with its number, and the node that it is of.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Identity<'a> {
    node: Option<&'a [u8]>,
    /// `audit(1700000000.123:42`
    stamp: &'a [u8],
}

impl<'a> Identity<'a> {
    /// Of the event that the record on `line` belongs to; `None` where it is no audit record.
    #[inline]
    pub(crate) fn of(line: &'a [u8]) -> Option<Self> {
        let begins = matches!(line.first(), Some(b't' | b'n' | b'a')) && super::looks_like(line);
        let near = line.get(..320).filter(|_| begins).or(begins.then_some(line))?;
        let start = memmem::find(near, b"audit(")?;
        let length = memchr::memchr(b')', near.get(start..)?)?;
        let is_node = near.starts_with(b"node=");
        let node = near.split(|b| *b == b' ').next().filter(|_| is_node);
        Some(Self { node, stamp: near.get(start..start + length)? })
    }

    /// What each record of the event holds.
    pub(crate) const fn stamp(&self) -> &'a [u8] {
        self.stamp
    }
}

/// The [`Identity`] of the event of `line` as a number. `None` where it is no audit record.
pub(crate) fn id(line: &[u8]) -> Option<u64> {
    let identity = Identity::of(line)?;
    let mut hasher = DefaultHasher::new();
    identity.hash(&mut hasher);
    Some(hasher.finish())
}

/// Whether the record on `line` is the last of its event, or the only one.
///
/// The kernel writes the command line of what it audits at the end, or that the event has ended; what programs tell the daemon is one record.
pub(crate) fn ends_event(line: &[u8]) -> bool {
    const LAST: [&[u8]; 4] = [b"PROCTITLE", b"EOE", b"1327", b"1320"];
    const ALONE: [&[u8]; 8] = [b"USER_", b"CRED_", b"SERVICE_", b"SYSTEM_", b"CRYPTO_", b"DAEMON_", b"VIRT_", b"ACCT_"];
    let line = match line.starts_with(b"node=") {
        true => memchr::memchr(b' ', line).and_then(|blank| line.get(blank + 1..)).unwrap_or_default(),
        false => line,
    };
    let line = line.strip_prefix(b"audit: ").unwrap_or(line);
    let Some(kind) = line.strip_prefix(b"type=") else { return false };
    LAST.iter().any(|name| kind.strip_prefix(*name).is_some_and(|rest| rest.starts_with(b" ")))
        || ALONE.iter().any(|begin| kind.starts_with(begin))
}

/// Completes `event`, the first record of an event, by those on `lines`: their fields are attributes under the record's type in
/// lower case (`path.name`), and behind that their number where there were others of the type (`path.2.name`).
pub(super) fn complete(event: &mut LogEvent<'_>, lines: &[u8], cx: &Context) {
    let mut attributes = std::mem::take(&mut event.attributes);
    let mut kinds = Vec::new();
    for line in lines.split(|b| *b == b'\n') {
        let Some(other) = super::record(line, cx) else { continue };
        add(&mut attributes, &mut kinds, &other);
        event.ip = event.ip.or(other.ip);
        if event.user_name.is_empty() {
            event.user_name = other.user_name.into_owned().into();
        }
    }
    event.attributes = attributes;
}

/// Adds the fields of `record`; `kinds` are those of the records before it.
fn add(attributes: &mut Attributes, kinds: &mut Vec<String>, record: &LogEvent<'_>) {
    let kind = record.attributes.get("type").unwrap_or_default().to_ascii_lowercase();
    let before = kinds.iter().filter(|known| **known == kind).count();
    let scope = if before == 0 { kind.clone() } else { format!("{kind}.{}", before + 1) };
    for (name, value) in record.attributes.iter().filter(|(name, _)| !matches!(*name, "type" | "serial")) {
        attributes.push_scoped(&scope, name, value);
    }
    kinds.push(kind);
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
    fn each_of_several_records_of_a_type_keeps_its_fields() {
        let lines = "type=SYSCALL msg=audit(1700000000.1:7): pid=1\n\
            type=PATH msg=audit(1700000000.1:7): item=0 name=\"/d\" nametype=PARENT\n\
            type=CWD msg=audit(1700000000.1:7): cwd=\"/\"\n\
            type=PATH msg=audit(1700000000.1:7): item=1 name=\"/d/x\" nametype=DELETE\n";
        let event = super::super::parse(lines.as_bytes(), &Context { received_at: 0, zone: Zone::UTC }).unwrap();
        let get = |name| event.attributes.get(name);
        assert_eq!((get("path.name"), get("path.nametype")), (Some("/d"), Some("PARENT")));
        assert_eq!((get("path.2.name"), get("path.2.nametype")), (Some("/d/x"), Some("DELETE")));
        assert_eq!((get("cwd.cwd"), get("path.3.name")), (Some("/"), None));
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
