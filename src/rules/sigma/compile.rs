//! From a rewritten rule to what the evaluator runs.

use regex::{Regex, RegexSet};
use rsigma_eval::{CompiledDetection, CompiledMatcher, CompiledRule, compile_rule};
use rsigma_parser::{Detection, Modifier, SigmaRule};

/// Compiles `rule`, which [`rewrite`](super::rewrite::rewrite) made.
pub(crate) fn compile(rule: &SigmaRule) -> Result<CompiledRule, String> {
    let mut compiled = compile_rule(rule).map_err(|error| error.to_string())?;
    for (name, detection) in &mut compiled.detections {
        if let Some(written) = rule.detection.named.get(name) {
            let_wildcards_cross_lines(written, detection);
        }
    }
    Ok(compiled)
}

/// Makes `*` and `?` of values stand for line feeds too: scripts and commands have several lines. Expressions that the rule
/// itself writes stay as they are.
fn let_wildcards_cross_lines(written: &Detection, compiled: &mut CompiledDetection) {
    match (written, compiled) {
        (Detection::AllOf(written), CompiledDetection::AllOf(compiled)) => {
            for (written, compiled) in written.iter().zip(compiled) {
                if !written.field.has_modifier(Modifier::Re) {
                    cross_lines(&mut compiled.matcher);
                }
            }
        }
        (Detection::AnyOf(written), CompiledDetection::AnyOf(compiled))
        | (Detection::And(written), CompiledDetection::And(compiled)) => {
            for (written, compiled) in written.iter().zip(compiled) {
                let_wildcards_cross_lines(written, compiled);
            }
        }
        (Detection::Keywords(_), CompiledDetection::Keywords(matcher)) => cross_lines(matcher),
        _ => {}
    }
}

fn cross_lines(matcher: &mut CompiledMatcher) {
    match matcher {
        CompiledMatcher::Regex(regex) => {
            // Both are as large as they were, so that they are compiled again.
            if let Ok(crossing) = Regex::new(&format!("(?s){regex}")) {
                *regex = crossing;
            }
        }
        CompiledMatcher::RegexSetMatch { set, .. } => {
            if let Ok(crossing) = RegexSet::new(set.patterns().iter().map(|pattern| format!("(?s){pattern}"))) {
                *set = crossing;
            }
        }
        CompiledMatcher::AnyOf(parts) | CompiledMatcher::AllOf(parts) => parts.iter_mut().for_each(cross_lines),
        CompiledMatcher::CaseInsensitiveGroup { children, .. } => children.iter_mut().for_each(cross_lines),
        CompiledMatcher::Not(part) => cross_lines(part),
        _ => {}
    }
}
