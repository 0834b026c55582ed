//! Kubernetes in JSON: its events (`kubectl get events -o json`, watches, exporters), and its audit.
//!
//! | | known by | level |
//! |---|---|---|
//! | an event | `involvedObject` or `regarding`, which it is about | its `type`, a word that says nothing in other records |
//! | an audit event | `auditID` | the status of the answer (`responseStatus.code`), as in access logs; INFO before there is one |
//!
//! A watch wraps an object with what became of it, `{"type":"ADDED","object":{…}}`, and eventrouter does `{"verb":"ADDED","event":{…}}`:
//! what is inside fills the record's fields as if it stood alone, and keeps its path as an attribute.

use super::record::Record;
use crate::{Level, http_status};

/// What the attributes of a record say of it, each of them looked at once.
#[derive(Default)]
pub(super) struct Signs {
    is_event: bool,
    by_type: Option<Level>,
    is_audit: bool,
    by_code: Option<Level>,
}

impl Signs {
    pub(super) fn see(&mut self, name: &str, value: &str) {
        match inner(name) {
            "involvedObject.kind" | "regarding.kind" => self.is_event = true,
            "type" => {
                self.by_type = match value {
                    "Normal" => Some(Level::Info),
                    "Warning" => Some(Level::Warn),
                    _ => self.by_type,
                }
            }
            "auditID" => self.is_audit = true,
            "responseStatus.code" => self.by_code = Some(http_status::level(value.as_bytes())),
            _ => {}
        }
    }

    pub(super) fn level(&self) -> Option<Level> {
        if self.is_audit {
            return Some(self.by_code.unwrap_or(Level::Info));
        }
        self.by_type.filter(|_| self.is_event)
    }
}

/// `name` as it is in an object that nothing wraps.
fn inner(name: &str) -> &str {
    name.strip_prefix("object.").or_else(|| name.strip_prefix("event.")).unwrap_or(name)
}

impl Record<'_, '_> {
    /// Whether `key` is the object of a watch, of which what became of it has been read: it is always written first. Or the event that Amazon's
    /// bus of events carries, whose kind it writes first as well.
    pub(super) fn is_wrapped_in(&self, key: &str) -> bool {
        let said = match key {
            "detail" => return self.event.attributes.get("detail-type").is_some(),
            "object" => "type",
            "event" => "verb",
            _ => return false,
        };
        let change = self.event.attributes.get(said);
        matches!(change, Some("ADDED" | "MODIFIED" | "UPDATED" | "DELETED"))
    }
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Level, LogEvent, Zone};

    fn read(line: &str) -> LogEvent<'_> {
        parse(Format::Auto, line.as_bytes(), &Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC })
    }

    fn event(object: &str, kind: &str) -> String {
        format!(
            r#"{{"{object}":{{"kind":"Pod","name":"cart-1"}},"reason":"BackOff","message":"text","lastTimestamp":"2023-11-14T22:13:20Z","type":"{kind}"}}"#
        )
    }

    #[test]
    fn the_type_of_an_event_is_its_level() {
        for (object, kind, level) in [
            ("involvedObject", "Warning", Level::Warn),
            ("regarding", "Normal", Level::Info),
            ("other", "Warning", Level::Unknown),
        ] {
            let line = event(object, kind);
            let event = read(&line);
            assert_eq!((event.level, &*event.message), (level, &b"text"[..]), "{line}");
            assert_eq!(event.timestamp, Some(1_700_000_000_000_000));
        }
    }

    #[test]
    fn an_event_in_a_watch_is_read_as_if_it_stood_alone() {
        let inside = event("involvedObject", "Warning");
        for (line, scope) in [
            (format!(r#"{{"type":"ADDED","object":{inside}}}"#), "object"),
            (format!(r#"{{"verb":"UPDATED","event":{inside},"old_event":{inside}}}"#), "event"),
        ] {
            let event = read(&line);
            assert_eq!((event.level, &*event.message), (Level::Warn, &b"text"[..]), "{line}");
            assert_eq!(event.timestamp, Some(1_700_000_000_000_000), "{line}");
            assert_eq!(event.attributes.get(&format!("{scope}.involvedObject.name")), Some("cart-1"));
            assert_eq!(event.attributes.get(&format!("{scope}.reason")), Some("BackOff"));
        }
        let other = read(r#"{"type":"order","object":{"message":"text"}}"#);
        assert!(other.message.starts_with(b"{"));
    }

    #[test]
    fn an_audit_event_has_the_level_of_its_answer() {
        let audit = |more: &str| {
            format!(
                r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"1-2","stage":"ResponseComplete","requestURI":"/api/v1/namespaces/shop/secrets/key","verb":"get","user":{{"username":"bob","groups":["dev"]}},"sourceIPs":["192.0.2.7","198.51.100.1"],"userAgent":"kubectl","objectRef":{{"resource":"secrets","namespace":"shop","name":"key"}}{more},"requestReceivedTimestamp":"2023-11-14T22:13:20.000000Z","stageTimestamp":"2023-11-14T22:13:21.000000Z"}}"#
            )
        };
        for (more, level) in [
            (r#","responseStatus":{"metadata":{},"code":200}"#, Level::Info),
            (r#","responseStatus":{"metadata":{},"status":"Failure","reason":"Forbidden","code":403}"#, Level::Warn),
            (r#","responseStatus":{"code":500}"#, Level::Error),
            ("", Level::Info),
        ] {
            let line = audit(more);
            for line in [line.clone(), format!(r#"{{"type":"ADDED","object":{line}}}"#)] {
                let event = read(&line);
                assert_eq!((event.level, event.timestamp), (level, Some(1_700_000_000_000_000)), "{line}");
                assert_eq!((&*event.user_name, event.ip), ("bob", "192.0.2.7".parse().ok()), "{line}");
                let of =
                    |name: &str| event.attributes.get(name).or_else(|| event.attributes.get(&format!("object.{name}")));
                assert_eq!((of("verb"), of("objectRef.resource")), (Some("get"), Some("secrets")));
                assert_eq!((of("level"), of("objectRef.name")), (Some("Metadata"), Some("key")));
                assert_eq!(&*event.message, line.as_bytes(), "it has no message: all of it is");
            }
        }
    }
}
