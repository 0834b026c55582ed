//! The texts of which a match of a regular expression holds one at least.

use regex_syntax::hir::{Class, Hir, HirKind};

use super::needs::fold;

/// Shorter texts say too little.
const TEXT_BYTES_MIN: usize = 2;
/// The most alternatives.
const TEXTS_MAX: usize = 64;

/// Folded texts; `None` where none must be there.
pub(crate) fn of_regex(pattern: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let texts = of(&hir)?;
    texts.iter().all(|text| text.len() >= TEXT_BYTES_MIN).then_some(texts)
}

fn of(hir: &Hir) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Concat(parts) => of_concat(parts),
        HirKind::Capture(group) => of(&group.sub),
        HirKind::Repetition(repetition) if repetition.min > 0 => of(&repetition.sub),
        HirKind::Alternation(parts) => {
            let mut texts = Vec::new();
            for part in parts {
                texts.extend(of(part)?);
                if texts.len() > TEXTS_MAX {
                    return None;
                }
            }
            Some(texts)
        }
        _ => plain(hir).map(|text| vec![text]),
    }
}

/// The longest run of plain characters, or the best of what a part must hold.
fn of_concat(parts: &[Hir]) -> Option<Vec<String>> {
    let (mut run, mut found): (String, Option<Vec<String>>) = (String::new(), None);
    let better = |texts: Vec<String>, found: &mut Option<Vec<String>>| {
        let shortest = |texts: &[String]| texts.iter().map(String::len).min().unwrap_or_default();
        if found.as_ref().is_none_or(|found| shortest(&texts) > shortest(found)) && shortest(&texts) > 0 {
            *found = Some(texts);
        }
    };
    for part in parts {
        if let Some(text) = plain(part) {
            run.push_str(&text);
            continue;
        }
        better(vec![std::mem::take(&mut run)], &mut found);
        let is_compound = !matches!(part.kind(), HirKind::Literal(_) | HirKind::Class(_) | HirKind::Empty);
        if is_compound && let Some(texts) = of(part) {
            better(texts, &mut found);
        }
    }
    better(vec![run], &mut found);
    found
}

/// The text that `hir` stands for, whatever its case.
fn plain(hir: &Hir) -> Option<String> {
    match hir.kind() {
        HirKind::Literal(literal) => {
            let text = std::str::from_utf8(&literal.0).ok()?;
            // What other letters become depends on those around them.
            text.is_ascii().then(|| fold(text))
        }
        HirKind::Class(Class::Unicode(class)) => {
            let count: u32 = class.iter().map(|range| u32::from(range.end()) - u32::from(range.start()) + 1).sum();
            if count > 4 {
                return None;
            }
            let letters = class.iter().flat_map(|range| range.start()..=range.end());
            let mut folded = letters.map(|letter| fold(letter.encode_utf8(&mut [0; 4])));
            let first = folded.next().filter(|text| text.is_ascii())?;
            folded.all(|text| text == first).then_some(first)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_text_of_a_match_is_found_in_any_case() {
        let check = |pattern, expected: &[&str]| {
            let found = of_regex(pattern).unwrap_or_default();
            assert_eq!(found, expected, "{pattern}");
        };
        check("(?i)^.*Kiss me.*ab$", &["kiss me"]);
        check(r"\s-k\s", &["-k"]);
        check("(?s)(?i)^.*A.*$", &[]);
        check("(foo|barbaz)+x?", &["foo", "barbaz"]);
        check("(foo|)", &[]);
        check("a{2}long?", &["lon"]);
        check("[0-9]+", &[]);
        check("(?i)straße", &["stra"]);
        check("(", &[]);
    }
}
