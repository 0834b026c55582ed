//! Documents that build on each other: what `action` says is carried out, so that each document that is left stands by itself.
//!
//! | `action` | the document |
//! |---|---|
//! | `global` | is no rule: what it says is said by all that follow, as far as they do not say it otherwise |
//! | `reset` | is no rule: what was said for all is forgotten |
//! | `repeat` | says what the document before it says, as far as it does not say it otherwise |

use serde::de::DeserializeSeed;
use yaml_serde::{Mapping, Value};

use super::document::SigmaFault;
use super::limits::{Budget, Walk};

/// Whether a document states one.
pub(crate) fn is_stated(value: &Value) -> bool {
    value.get("action").is_some()
}

/// The documents, with what others say for them; each comes with its number.
///
/// # Errors
/// The first action that cannot be carried out, or that makes too much of the text.
pub(crate) fn carried_out(values: Vec<(usize, Value)>) -> Result<Vec<(usize, Value)>, Vec<SigmaFault>> {
    let budget = Budget::default();
    let (mut global, mut previous): (Option<Mapping>, Option<Mapping>) = (None, None);
    let mut documents = Vec::new();
    for (number, value) in values {
        let fault = |problem: String| vec![SigmaFault { document: number, problem }];
        let Value::Mapping(mut own) = value else { continue };
        let base = match own.remove("action") {
            None => global.clone(),
            Some(Value::String(action)) if action == "global" => {
                global = Some(own);
                continue;
            }
            Some(Value::String(action)) if action == "reset" => {
                global = None;
                continue;
            }
            Some(Value::String(action)) if action == "repeat" => {
                let Some(previous) = previous.take() else {
                    return Err(fault("`action: repeat` without a document before it".to_owned()));
                };
                let mut base = global.clone().unwrap_or_default();
                lay_over(&mut base, previous);
                Some(base)
            }
            Some(other) => {
                return Err(fault(format!("`action` is `global`, `reset` or `repeat`, not {}", shown(&other))));
            }
        };
        let mut merged = base.unwrap_or_default();
        lay_over(&mut merged, own);
        previous = Some(merged.clone());
        let merged = Value::Mapping(merged);
        // A long document that is repeated many times is short in the text.
        Walk(&budget).deserialize(&merged).map_err(|error| fault(format!("with what it repeats: {error}")))?;
        documents.push((number, merged));
    }
    Ok(documents)
}

/// Puts `over` over `base`: mappings are joined, of all else the value of `over` counts. As deep as the text nests, which the
/// reader of YAML bounds.
fn lay_over(base: &mut Mapping, over: Mapping) {
    for (name, value) in over {
        match (base.get_mut(&name), value) {
            (Some(Value::Mapping(base)), Value::Mapping(over)) => lay_over(base, over),
            (_, value) => {
                base.insert(name, value);
            }
        }
    }
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| "another kind of value".to_owned(), |text| format!("`{text}`"))
}

#[cfg(test)]
mod tests {
    use super::super::document::SigmaRules;

    const RULE: &str = "title: t\ndetection:\n  s:\n    f: x\n  condition: s\n";

    fn fault(text: &str) -> String {
        let faults = SigmaRules::parse(text).expect_err(text);
        faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn an_action_that_is_none_is_refused_with_its_document() {
        let check = |text: String, expected: &str| assert_eq!(fault(&text), expected, "{text}");
        check(
            format!("{RULE}---\naction: undo\n"),
            "document 2: `action` is `global`, `reset` or `repeat`, not `undo`",
        );
        check(
            format!("action: [global]\n---\n{RULE}"),
            "document 1: `action` is `global`, `reset` or `repeat`, not another kind of value",
        );
        check(format!("action: repeat\n{RULE}"), "document 1: `action: repeat` without a document before it");
        check("action: global\ntitle: t\n".to_owned(), "the text holds no rule");
        let broken = fault(&format!("action: global\nlevel: low\n---\n{RULE}---\ntitle: u\n"));
        assert!(broken.starts_with("document 3: ") && broken.contains("detection"), "{broken}");
    }

    #[test]
    fn a_long_document_is_not_repeated_without_end() {
        let words: String = (0..200).map(|n| format!("  - word{n}\n")).collect();
        let selections: String = (0..50).map(|n| format!("  s{n}: *a\n")).collect();
        let text = format!("action: global\na: &a\n{words}detection:\n{selections}  condition: all of s*\n");
        assert!(SigmaRules::parse(&format!("{text}---\ntitle: t\n")).is_ok());
        let many = fault(&format!("{text}{}", "---\ntitle: t\n".repeat(30)));
        assert!(many.contains("with what it repeats: too many values"), "{many}");
    }
}
