//! What is wrong with a rule, for the person who wrote it.

use crate::spelling::edits;

/// A fault of one field of a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Fault {
    /// The field as it is written: `filter`, `steps[1].filter`, `group_by[0]`.
    pub field: String,
    /// What is wrong with it, and what to write instead.
    pub problem: String,
}

impl Fault {
    /// A fault of `field`.
    #[must_use]
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

/// ` (did you mean "…"?)` for the one of `known` that is close to `word`, else nothing.
pub(super) fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let lower = word.to_ascii_lowercase();
    // Long words are close to none, and comparing them takes long.
    if lower.len() > 40 {
        return String::new();
    }
    let closest = known.into_iter().map(|name| (edits(&lower, name), name)).min();
    match closest {
        Some((distance, name)) if distance <= 2 && distance * 2 < name.len().max(2) => {
            format!(" (did you mean \"{name}\"?)")
        }
        _ => String::new(),
    }
}
