//! Kubernetes' events in JSON (`kubectl get events -o json`, exporters of events): what happened to an object of the cluster.
//!
//! Their level is the `type`, a word that says nothing in other records.

use super::record::Record;
use crate::Level;

impl Record<'_, '_> {
    /// Gives the level of an event of Kubernetes: one that names the object that it is about.
    pub(super) fn complete_kubernetes(&mut self) {
        let attributes = &self.event.attributes;
        let is_event = || ["involvedObject.kind", "regarding.kind"].iter().any(|name| attributes.get(name).is_some());
        let level = match attributes.get("type") {
            Some("Normal") => Level::Info,
            Some("Warning") => Level::Warn,
            _ => return,
        };
        if is_event() {
            self.event.level = level;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::format::parse;
    use crate::{Context, Format, Level, Zone};

    #[test]
    fn the_type_of_an_event_is_its_level() {
        let cx = Context { received_at: 1_700_000_000_000_000, zone: Zone::UTC };
        for (object, kind, level) in [
            ("involvedObject", "Warning", Level::Warn),
            ("regarding", "Normal", Level::Info),
            ("other", "Warning", Level::Unknown),
        ] {
            let line = format!(
                r#"{{"{object}":{{"kind":"Pod","name":"cart-1"}},"reason":"BackOff","message":"text","lastTimestamp":"2023-11-14T22:13:20Z","type":"{kind}"}}"#
            );
            let event = parse(Format::Auto, line.as_bytes(), &cx);
            assert_eq!((event.level, &*event.message), (level, &b"text"[..]), "{line}");
            assert_eq!(event.timestamp, Some(1_700_000_000_000_000));
        }
    }
}
