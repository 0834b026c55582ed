//! Log sources in our query language, for whoever reads records from a store: those that no rule of a source can match need not
//! be read. Conditions that the language states otherwise, or not at all, select every record.

use super::mapping::LogSource;
use super::when::When;
use crate::query::ast::{Expr, Term, TextTest};
use crate::query::field::TextField;

/// Selects all records of a log source, and perhaps more.
pub(crate) fn of_source(source: &LogSource) -> Expr {
    source.row().map_or(Expr::All, |(source, _)| of_condition(&source.when))
}

/// Selects what any of `parts` does.
pub(crate) fn any(parts: impl IntoIterator<Item = Expr>) -> Expr {
    let parts: Vec<Expr> = parts.into_iter().collect();
    if parts.contains(&Expr::All) { Expr::All } else { Expr::or(parts) }
}

fn of_condition(when: &When) -> Expr {
    match when {
        When::Format(formats) => any(formats.iter().map(|format| {
            Expr::Term(Term::Text { field: TextField::Format, test: TextTest::Equals((*format).to_owned()) })
        })),
        When::All(parts) => Expr::and(parts.iter().map(of_condition)),
        When::Any(parts) => any(parts.iter().map(of_condition)),
        _ => Expr::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selected(product: &str, category: &str, service: &str) -> String {
        let stated = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let source = LogSource { product: stated(product), category: stated(category), service: stated(service) };
        of_source(&source).to_string()
    }

    #[test]
    fn formats_are_selected_and_what_the_language_cannot_say_is_all() {
        assert_eq!(selected("linux", "", "auditd"), "format:\"auditd\"");
        assert_eq!(selected("windows", "", "security"), Expr::All.to_string());
        assert_eq!(selected("", "", "unheard"), Expr::All.to_string());
    }
}
