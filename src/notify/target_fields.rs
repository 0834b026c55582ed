//! Reads the fields of a channel's configuration, and gathers everything that is wrong with them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::target::Fault;
use super::web_address::WebAddress;
use crate::config::secret_text::SecretText;

/// The fields that are not read yet, and the faults so far.
pub(super) struct Fields {
    left: Map<String, Value>,
    faults: Vec<Fault>,
}

/// What is said of a secret.
pub(super) enum SecretField {
    Given(SecretText),
    /// It is null or missing: what is stored stays, if there is any.
    Kept,
    Removed,
}

impl Fields {
    /// # Errors
    /// The fault that it is no object.
    pub(super) fn of(value: &Value) -> Result<Self, Vec<Fault>> {
        let Value::Object(left) = value else {
            return Err(vec![Fault { field: "config".to_owned(), problem: "must be an object".to_owned() }]);
        };
        Ok(Self { left: left.clone(), faults: Vec::new() })
    }

    pub(super) fn fault(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        self.faults.push(Fault { field: field.into(), problem: problem.into() });
    }

    /// A value that is there and not null.
    pub(super) fn take(&mut self, field: &str) -> Option<Value> {
        self.left.remove(field).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, field: &str) -> Option<String> {
        match self.take(field)? {
            Value::String(text) => Some(text),
            _ => {
                self.fault(field, "must be text");
                None
            }
        }
    }

    pub(super) fn required_text(&mut self, field: &str) -> Option<String> {
        let is_there = self.left.get(field).is_some_and(|value| !value.is_null());
        if !is_there {
            self.left.remove(field);
            self.fault(field, "is missing");
            return None;
        }
        self.text(field)
    }

    /// An address that is required, and `stored` where none is given.
    pub(super) fn web_address(&mut self, field: &str, stored: Option<&WebAddress>) -> Option<WebAddress> {
        if let Some(stored) = stored
            && self.left.get(field).is_none_or(Value::is_null)
        {
            self.left.remove(field);
            return Some(stored.clone());
        }
        let text = self.required_text(field)?;
        WebAddress::parse(&text).map_err(|problem| self.fault(field, problem)).ok()
    }

    /// Text that is shown to nobody. Empty text takes away what is stored.
    pub(super) fn secret(&mut self, field: &str, fits: fn(&str) -> Result<(), &'static str>) -> SecretField {
        match self.text(field) {
            None => SecretField::Kept,
            Some(text) if text.is_empty() => SecretField::Removed,
            Some(text) => {
                if let Err(problem) = fits(&text) {
                    self.fault(field, problem);
                }
                SecretField::Given(text.as_str().into())
            }
        }
    }

    /// A list of texts that has at least one.
    pub(super) fn texts(&mut self, field: &str) -> Vec<String> {
        match self.take(field) {
            None => self.fault(field, "is missing"),
            Some(Value::Array(list)) if list.is_empty() => self.fault(field, "must not be empty"),
            Some(Value::Array(list)) => {
                let texts: Option<Vec<_>> = list.iter().map(|value| value.as_str().map(str::to_owned)).collect();
                match texts {
                    Some(texts) => return texts,
                    None => self.fault(field, "must be a list of texts"),
                }
            }
            Some(_) => self.fault(field, "must be a list of texts"),
        }
        Vec::new()
    }

    /// Names with texts, or with null where what is stored stays.
    pub(super) fn named_texts(&mut self, field: &str) -> Option<BTreeMap<String, Option<String>>> {
        let value = self.take(field)?;
        let read = serde_json::from_value(value);
        if read.is_err() {
            self.fault(field, "must be an object of names with texts");
        }
        read.ok()
    }

    /// What was read, if nothing is wrong; every field must have been taken.
    ///
    /// # Errors
    /// All faults; `known` are the fields that there are.
    pub(super) fn finish<T>(mut self, read: Option<T>, known: &[&str]) -> Result<T, Vec<Fault>> {
        let unknown: Vec<String> = self.left.keys().cloned().collect();
        for field in unknown {
            // As it stands in what the API shows, so that this can be sent back with a change.
            if field != "has_secret" {
                self.fault(field, format!("is not known; there are {}", known.join(", ")));
            }
        }
        match read {
            Some(read) if self.faults.is_empty() => Ok(read),
            _ => Err(self.faults),
        }
    }
}
