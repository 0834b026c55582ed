//! The test vectors that rsigma 0.23 carries, with our importer, our index and our records.
//!
//! | tests of the crate | here |
//! |---|---|
//! | `ir`: `baselines`, `ir_eval_semantics`, `selectors`, and the rules of `expected_hir`; `eval`: `regression_eval`, `optimize_diff`, the rules of `hir_cache`, `match_detail` and `integration`; `parser`: `ast_snapshots` | [`selections`] |
//! | `ir`: `modifiers`, `baselines` (null) | [`modifiers`] |
//! | `ir`: `filters`; `eval`: `integration` (filters, `action`) | [`documents`] |
//! | `parser`: `parse_errors`; `eval`: `error_paths`, `correlation_edge` (types); `ir`: `modifiers` (contradictions), `array_scope`, `custom_attributes` | [`refused`] |
//! | `eval`: `integration` and `gcp_audit_pipeline` (pipelines, nested names), `schema_classification_golden` | [`sources`] |
//! | `ir`: `correlation`; `eval`: `correlation_edge`, `integration` (correlations), `state_snapshot` | `rules/tests/sigma_vectors.rs`, where windows are |
//!
//! What is about the crate's own machinery says nothing of what a rule means, and is not held:
//!
//! - what its results are written like: `wire_shape_golden`, the levels and paths of `match_detail`, `rsigma.include_event`;
//! - how it stores compiled rules and states: `hir_cache`, the format and the versions of `state_snapshot`, the shapes of `expected_hir`;
//! - its switches that must change nothing (Bloom filter, cross-rule index, optimizer): our index is held against none in each check here;
//! - its pipelines as a language (`pipeline_errors`, and the names that `integration` and `regression_eval` make up): we have none, a
//!   table of log sources stands in for them, and is held as such in [`sources`];
//! - settings of its engine that no rule states: what becomes of an event without a time (ours have one always), what is suppressed
//!   or reset after a match (ours is an alert that lasts, see `rules/tests/sigma_vectors.rs`).

mod documents;
mod modifiers;
mod refused;
mod selections;
mod sources;

use logseal_parsers::Format;

use super::super::document::DetectionRule;
use super::{matches, parsed, rule};

/// A detection, and events with whether it matches them.
fn check(detection: &str, events: &[(&str, bool)]) {
    check_rule(&rule("category: test", detection), events);
}

fn check_rule(rule: &DetectionRule, events: &[(&str, bool)]) {
    for (event, expected) in events {
        assert_eq!(matches(rule, &parsed(Format::Json, event)), *expected, "{event}\n{}", rule.text);
    }
}

/// The same of one selection.
fn check_selection(selection: &str, events: &[(&str, bool)]) {
    let indented: String = selection.lines().map(|line| format!("  {line}\n")).collect();
    check(&format!("selection:\n{indented}condition: selection"), events);
}
