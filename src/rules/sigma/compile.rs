//! From a rewritten rule to what the evaluator runs.

use regex::{Regex, RegexSet};
use rsigma_eval::{CompiledDetection, CompiledMatcher, CompiledRule, compile_rule};
use rsigma_parser::{Detection, FieldSpec, Modifier, SigmaRule};

/// Compiles `rule`, which [`rewrite`](super::rewrite::rewrite) made.
pub(crate) fn compile(rule: &SigmaRule) -> Result<CompiledRule, String> {
    let mut compiled = compile_rule(rule).map_err(|error| error.to_string())?;
    for (name, detection) in &mut compiled.detections {
        if let Some(written) = rule.detection.named.get(name) {
            complete_wildcards(written, detection);
        }
    }
    Ok(compiled)
}

/// Makes `*` and `?` of values stand for line feeds too: scripts and commands have several lines. And binds values with
/// wildcards to the end that `startswith` or `endswith` says, which the evaluator takes one for the other. Expressions that the
/// rule itself writes stay as they are.
fn complete_wildcards(written: &Detection, compiled: &mut CompiledDetection) {
    match (written, compiled) {
        (Detection::AllOf(written), CompiledDetection::AllOf(compiled)) => {
            for (written, compiled) in written.iter().zip(compiled) {
                if !written.field.has_modifier(Modifier::Re) {
                    rewrite(&mut compiled.matcher, End::of(&written.field));
                }
            }
        }
        (Detection::AnyOf(written), CompiledDetection::AnyOf(compiled))
        | (Detection::And(written), CompiledDetection::And(compiled)) => {
            for (written, compiled) in written.iter().zip(compiled) {
                complete_wildcards(written, compiled);
            }
        }
        (Detection::Keywords(_), CompiledDetection::Keywords(matcher)) => rewrite(matcher, End::Both),
        _ => {}
    }
}

/// Which ends of a field's value an expression is bound to, in the end.
#[derive(Clone, Copy)]
enum End {
    /// Those that it is bound to already.
    Both,
    Front,
    Back,
}

impl End {
    fn of(field: &FieldSpec) -> Self {
        if field.has_modifier(Modifier::StartsWith) {
            Self::Front
        } else if field.has_modifier(Modifier::EndsWith) {
            Self::Back
        } else {
            Self::Both
        }
    }

    /// The expression that the evaluator made of a value with wildcards, as it should be.
    fn bind(self, pattern: &str) -> String {
        let (flags, text) = pattern.strip_prefix("(?i)").map_or(("", pattern), |text| ("(?i)", text));
        match self {
            Self::Both => format!("(?s){pattern}"),
            Self::Front => format!("(?s){flags}^{}", text.strip_suffix('$').unwrap_or(text)),
            Self::Back => format!("(?s){flags}{}$", text.strip_prefix('^').unwrap_or(text)),
        }
    }
}

fn rewrite(matcher: &mut CompiledMatcher, end: End) {
    match matcher {
        CompiledMatcher::Regex(regex) => {
            // Both are as large as they were, so that they are compiled again.
            if let Ok(whole) = Regex::new(&end.bind(regex.as_str())) {
                *regex = whole;
            }
        }
        CompiledMatcher::RegexSetMatch { set, .. } => {
            if let Ok(whole) = RegexSet::new(set.patterns().iter().map(|pattern| end.bind(pattern))) {
                *set = whole;
            }
        }
        CompiledMatcher::AnyOf(parts) | CompiledMatcher::AllOf(parts) => {
            parts.iter_mut().for_each(|part| rewrite(part, end));
        }
        CompiledMatcher::CaseInsensitiveGroup { children, .. } => {
            children.iter_mut().for_each(|child| rewrite(child, end));
        }
        CompiledMatcher::Not(part) => rewrite(part, end),
        _ => {}
    }
}
