//! The members of a JSON object, and nested objects as flat attributes.

use std::borrow::Cow;
use std::fmt;

use logseal_parsers::Attributes;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Objects within objects, the attributes' own one not counted.
const DEPTH_MAX: usize = 64;
/// Attributes of one record.
const LEAVES_MAX: usize = 4096;
/// Names of nested objects are repeated with each of their members: by so much may they outgrow the JSON text.
const GROWTH_BYTES_MAX: usize = 1 << 20;

/// Members of one object, whatever becomes of them.
const MEMBERS_MAX: usize = 8192;

/// A JSON string, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// Members of an object in their order, the values as JSON text.
pub(super) struct Members<'a>(pub(super) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some((Text(name), value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    if members.len() >= MEMBERS_MAX {
                        return Err(serde::de::Error::custom(format_args!(
                            "more than {MEMBERS_MAX} members in one object"
                        )));
                    }
                    members.push((name, value));
                }
                Ok(members)
            }
        }
        from.deserialize_map(Collect).map(Self)
    }
}

/// Why an object cannot be attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotAttributes {
    #[error("attributes must be a JSON object")]
    NoObject,
    #[error("attributes are nested deeper than {DEPTH_MAX} objects")]
    TooDeep,
    #[error("attributes have more than {LEAVES_MAX} values")]
    TooMany,
    #[error("attributes' names are too long for their nesting")]
    TooLong,
}

/// The leaves of the object `json` under their dotted names. Numbers keep their digits, arrays their JSON text; null leaves nothing.
pub(super) fn attributes(json: &str) -> Result<Attributes, NotAttributes> {
    let mut walk = Walk {
        found: Attributes::default(),
        leaves_left: LEAVES_MAX,
        bytes_left: json.len().saturating_add(GROWTH_BYTES_MAX),
    };
    walk.object("", json, 0)?;
    Ok(walk.found)
}

struct Walk {
    found: Attributes,
    leaves_left: usize,
    bytes_left: usize,
}

impl Walk {
    fn object(&mut self, scope: &str, json: &str, depth: usize) -> Result<(), NotAttributes> {
        if depth > DEPTH_MAX {
            return Err(NotAttributes::TooDeep);
        }
        let Members(members) = serde_json::from_str(json).map_err(|_| NotAttributes::NoObject)?;
        for (name, value) in members {
            self.member(scope, &name, value.get(), depth)?;
        }
        Ok(())
    }

    fn member(&mut self, scope: &str, name: &str, json: &str, depth: usize) -> Result<(), NotAttributes> {
        match json.as_bytes().first() {
            Some(b'{') => {
                let path = if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") };
                return self.object(&path, json, depth + 1);
            }
            Some(b'n') => return Ok(()),
            _ => {}
        }
        let text = match serde_json::from_str::<Text<'_>>(json) {
            Ok(Text(text)) => text,
            Err(_) => Cow::Borrowed(json),
        };
        self.leaves_left = self.leaves_left.checked_sub(1).ok_or(NotAttributes::TooMany)?;
        let bytes = scope.len() + name.len() + text.len();
        self.bytes_left = self.bytes_left.checked_sub(bytes).ok_or(NotAttributes::TooLong)?;
        self.found.push_scoped(scope, name, &text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(json: &str) -> Result<Vec<(String, String)>, NotAttributes> {
        Ok(attributes(json)?.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    #[test]
    fn nested_objects_are_dotted_names_and_values_keep_their_text() {
        let json = r#"{"a": {"b": 1.50, "c": {"d": "x\ny"}}, "list": [1, {"e": 2}], "ok": true, "none": null, "big": 12345678901234567890}"#;
        let expected = [
            ("a.b", "1.50"),
            ("a.c.d", "x\ny"),
            ("list", r#"[1, {"e": 2}]"#),
            ("ok", "true"),
            ("big", "12345678901234567890"),
        ];
        assert_eq!(flat(json).unwrap(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_would_take_too_much_memory_is_refused() {
        let deep = "{\"a\":".repeat(100) + "1" + &"}".repeat(100);
        assert_eq!(flat(&deep), Err(NotAttributes::TooDeep));
        let many = format!("{{{}}}", vec!["\"a\":1"; 5000].join(","));
        assert_eq!(flat(&many), Err(NotAttributes::TooMany));
        let long = format!("{{\"{}\":{{{}}}}}", "x".repeat(2000), vec!["\"a\":1"; 4000].join(","));
        assert_eq!(flat(&long), Err(NotAttributes::TooLong));
        assert_eq!(flat("[1]"), Err(NotAttributes::NoObject));
    }
}
