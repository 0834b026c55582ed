//! The fields of a JSON or form body, read strictly: unknown ones, double ones and wrong values are all reported together.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use axum::extract::Request;
use axum::http::HeaderMap;
use serde_json::Value;

use super::body::{check_type, large, small};
use super::error::{ApiError, FieldFault};
use super::flattened::Members;
use super::state::Api;

pub(super) const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
/// More than any route has; so many faults are named at most.
const FIELDS_MAX: usize = 64;

/// Fields of one body that are not read yet, and what was wrong with those that are. They may be secrets: it is never shown.
pub(super) struct Fields {
    members: Vec<(String, Value)>,
    faults: Vec<FieldFault>,
}

impl Fields {
    /// The members of a body that is one JSON object.
    ///
    /// # Errors
    /// As [`small`]; 415 for another type, 422 where it is no object.
    pub(super) async fn of(api: &Api, request: Request) -> Result<Self, ApiError> {
        check_type(request.headers(), &[JSON], false)?;
        let (parts, body) = request.into_parts();
        Self::from_json(&small(api, &parts.headers, body).await?)
    }

    /// As [`Fields::of`], where one of the members may be long.
    ///
    /// # Errors
    /// As [`Fields::of`], and 503 while too many large bodies are read.
    pub(super) async fn of_large(api: &Api, request: Request) -> Result<Self, ApiError> {
        check_type(request.headers(), &[JSON], false)?;
        let (parts, body) = request.into_parts();
        let body = large(api, &parts.headers, body).await?;
        Self::from_json(&body.bytes)
    }

    /// As [`Fields::of`], also for the pairs of a form, in which those named `ignored` may be, too.
    pub(super) async fn of_form_too(api: &Api, request: Request, ignored: &[&str]) -> Result<Self, ApiError> {
        check_type(request.headers(), &[JSON, FORM], false)?;
        let (parts, body) = request.into_parts();
        let bytes = small(api, &parts.headers, body).await?;
        if is_form(&parts.headers) { Self::from_form(&bytes, ignored) } else { Self::from_json(&bytes) }
    }

    fn from_json(body: &[u8]) -> Result<Self, ApiError> {
        let wrong = |error: serde_json::Error| {
            let detail = if error.is_data() { "the body must be a JSON object".to_owned() } else { not_json(&error) };
            ApiError::body(detail)
        };
        let Members(members) = serde_json::from_str(text(body)?).map_err(wrong)?;
        let value = |json: &str| serde_json::from_str(json).map_err(|error| ApiError::body(not_json(&error)));
        let pairs = members.into_iter().map(|(name, json)| Ok((name.into_owned(), value(json.get())?)));
        Self::new(pairs.collect::<Result<_, ApiError>>()?)
    }

    fn from_form(body: &[u8], ignored: &[&str]) -> Result<Self, ApiError> {
        let pairs = form_urlencoded::parse(body).into_owned().filter(|(name, _)| !ignored.contains(&name.as_str()));
        Self::new(pairs.map(|(name, value)| (name, Value::String(value))).collect())
    }

    fn new(members: Vec<(String, Value)>) -> Result<Self, ApiError> {
        if members.len() > FIELDS_MAX {
            return Err(ApiError::body(format!("the body has more than {FIELDS_MAX} fields")));
        }
        Ok(Self { members, faults: Vec::new() })
    }

    /// The value of `name`, even null; `None` where it was not sent.
    fn take(&mut self, name: &'static str) -> Option<Value> {
        let mut values = self.members.extract_if(.., |(n, _)| n == name).map(|(_, value)| value);
        let first = values.next();
        if values.count() > 0 {
            self.fault(name, format!("{name} is given more than once"));
        }
        first
    }

    /// A string with so many characters; null counts as not sent.
    pub(super) fn text(&mut self, name: &'static str, characters: RangeInclusive<usize>) -> Option<String> {
        self.nullable_text(name, characters).flatten()
    }

    /// As [`Fields::text`], but null is `Some(None)`.
    pub(super) fn nullable_text(
        &mut self,
        name: &'static str,
        characters: RangeInclusive<usize>,
    ) -> Option<Option<String>> {
        match self.take(name)? {
            Value::Null => Some(None),
            Value::String(text) if characters.contains(&text.chars().count()) => Some(Some(text)),
            Value::String(_) => {
                self.fault(name, format!("{name} must have {} to {} characters", characters.start(), characters.end()));
                None
            }
            _ => {
                self.fault(name, format!("{name} must be a string"));
                None
            }
        }
    }

    /// A string that must be there; empty where it is not, or is wrong.
    pub(super) fn required_text(&mut self, name: &'static str, characters: RangeInclusive<usize>) -> String {
        let text = self.text(name, characters);
        self.required(name, text).unwrap_or_default()
    }

    /// A string that is read as something else, of which `T`'s error tells what it may be.
    pub(super) fn parsed<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        match self.text(name, 0..=usize::MAX)?.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(name, format!("{name}: {error}"));
                None
            }
        }
    }

    /// A whole number within `range`; null counts as not sent.
    pub(super) fn whole(&mut self, name: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        match self.take(name)? {
            Value::Null => None,
            value => {
                let number = value.as_u64().filter(|number| range.contains(number));
                if number.is_none() {
                    self.fault(name, format!("{name} must be {} to {}", range.start(), range.end()));
                }
                number
            }
        }
    }

    /// Any JSON; null counts as not sent.
    pub(super) fn json(&mut self, name: &'static str) -> Option<Value> {
        self.take(name).filter(|value| !value.is_null())
    }

    /// `true` or `false`; null counts as not sent.
    pub(super) fn flag(&mut self, name: &'static str) -> Option<bool> {
        let value = self.json(name)?;
        if !value.is_boolean() {
            self.fault(name, format!("{name} must be true or false"));
        }
        value.as_bool()
    }

    /// A list of strings; null counts as not sent.
    pub(super) fn texts(&mut self, name: &'static str) -> Option<Vec<String>> {
        match self.take(name)? {
            Value::Null => None,
            value => {
                let texts = serde_json::from_value(value).ok();
                if texts.is_none() {
                    self.fault(name, format!("{name} must be a list of strings"));
                }
                texts
            }
        }
    }

    /// `value` again, with a fault where there is none and nothing was said of it.
    pub(super) fn required<T>(&mut self, name: &'static str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.faults.iter().any(|fault| fault.field == name) {
            self.fault(name, format!("{name} is required"));
        }
        value
    }

    pub(super) fn fault(&mut self, field: &'static str, detail: impl Into<String>) {
        self.faults.push(FieldFault::new(field, detail));
    }

    /// To be called when all fields are read, and before any of them is used.
    ///
    /// # Errors
    /// 422 where a value was wrong, or a field is left that nobody asked for.
    pub(super) fn finish(mut self) -> Result<(), ApiError> {
        let mut unknown: Vec<String> = self.members.into_iter().map(|(name, _)| name).collect();
        unknown.sort_unstable();
        unknown.dedup();
        self.faults.extend(unknown.into_iter().map(|name| {
            let detail = format!("unknown field {name}");
            FieldFault::new(name, detail)
        }));
        if self.faults.is_empty() { Ok(()) } else { Err(ApiError::parameters(self.faults)) }
    }
}

/// The id in a path.
///
/// # Errors
/// 422 where it is no number.
pub(super) fn path_id(text: &str) -> Result<i64, ApiError> {
    let number = text.parse().ok().filter(|id| *id > 0);
    number.ok_or_else(|| ApiError::parameters(vec![FieldFault::new("id", "id must be a whole number from 1")]))
}

/// The text of a body.
///
/// # Errors
/// 422 where it is not UTF-8.
pub(super) fn text(body: &[u8]) -> Result<&str, ApiError> {
    let text = std::str::from_utf8(body).map_err(|error| ApiError::body(format!("the body is not UTF-8: {error}")))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Where the JSON ends to be some, or to be such as is read; never what it holds.
pub(super) fn not_json(error: &serde_json::Error) -> String {
    // Only its words tell these two from what is no JSON.
    let words = error.to_string();
    let what = if words.starts_with("number out of range") {
        "has a number that is too large"
    } else if words.starts_with("recursion limit exceeded") {
        "is nested too deep"
    } else {
        "is not valid JSON"
    };
    format!("the body {what} (line {}, column {})", error.line(), error.column())
}

fn is_form(headers: &HeaderMap) -> bool {
    check_type(headers, &[FORM], false).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(fields: Fields) -> Vec<String> {
        let mut faults: Vec<String> = fields.faults.into_iter().map(|fault| fault.detail).collect();
        faults.extend(fields.members.into_iter().map(|(name, _)| name));
        faults
    }

    #[test]
    fn every_fault_is_told_and_what_was_not_asked_is_left() {
        let body = br#"{"name": 5, "size": "x", "role": "king", "list": [1], "colour": "red", "a": "1", "a": "2"}"#;
        let mut fields = Fields::from_json(body).ok().unwrap();
        assert_eq!(fields.required_text("name", 1..=5), "");
        assert_eq!(fields.whole("size", 1..=5), None);
        assert_eq!(fields.parsed::<crate::meta::Role>("role"), None);
        assert_eq!(fields.texts("list"), None);
        assert_eq!(fields.text("a", 1..=5).as_deref(), Some("1"));
        assert_eq!(fields.required_text("password", 1..=5), "");
        let expected = [
            "name must be a string",
            "size must be 1 to 5",
            "role: \"king\" is not one of user, auditor, admin",
            "list must be a list of strings",
            "a is given more than once",
            "password is required",
            "colour",
        ];
        assert_eq!(faults(fields), expected);
    }

    #[test]
    fn null_is_as_good_as_absent_unless_it_is_asked_for() {
        let body = br#"{"a": null, "b": null, "c": null, "d": null}"#;
        let mut fields = Fields::from_json(body).ok().unwrap();
        assert_eq!(fields.text("a", 1..=5), None);
        assert_eq!(fields.nullable_text("b", 1..=5), Some(None));
        assert_eq!(fields.whole("c", 1..=5), None);
        assert_eq!(fields.required_text("d", 1..=5), "");
        assert_eq!(fields.nullable_text("e", 1..=5), None);
        assert_eq!(faults(fields), ["d is required"]);
    }

    #[test]
    fn a_form_has_the_same_fields() {
        let body = b"username=al%20ice&grant_type=password&scope=";
        let mut fields = Fields::from_form(body, &["grant_type", "scope"]).ok().unwrap();
        assert_eq!(fields.required_text("username", 1..=50), "al ice");
        assert!(fields.finish().is_ok());
    }

    #[test]
    fn what_is_no_object_is_refused_and_not_repeated() {
        for body in [&b"[]"[..], b"5", b"", b"{", b"{\"password\": \"geheim", b"\xff", b"{\"a\": 1e999}"] {
            let Err(error) = Fields::from_json(body) else { panic!("{body:?} is taken") };
            assert!(!format!("{error:?}").contains("geheim"));
        }
    }
}
