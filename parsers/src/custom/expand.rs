//! Writes the expressions of names into a pattern.

use super::error::PatternError;
use super::names;

/// How deep names may lie in names.
const DEPTH_MAX: usize = 8;

/// How long a pattern may become.
const EXPANDED_BYTES_MAX: usize = 64 * 1024;

/// What a pattern became.
pub(super) struct Expanded {
    /// A plain regular expression.
    pub text: String,
    /// The fields that its generated groups are for.
    fields: Vec<String>,
}

/// What the names of generated groups begin with; the number of the field follows.
const GROUP: &str = "grok_";

impl Expanded {
    /// The field that a named group is for.
    pub(super) fn field<'n>(&'n self, group: &'n str) -> &'n str {
        let number = group.strip_prefix(GROUP).and_then(|number| number.parse::<usize>().ok());
        number.and_then(|number| self.fields.get(number)).map_or(group, String::as_str)
    }
}

/// Replaces all `%{…}`.
pub(super) fn expand(pattern: &str, definitions: &[(&str, &str)]) -> Result<Expanded, PatternError> {
    let mut expansion =
        Expansion { expanded: Expanded { text: String::new(), fields: Vec::new() }, definitions, open: Vec::new() };
    expansion.pattern(pattern, None)?;
    Ok(expansion.expanded)
}

struct Expansion<'d> {
    expanded: Expanded,
    definitions: &'d [(&'d str, &'d str)],
    /// The names whose expressions are being written.
    open: Vec<&'d str>,
}

impl<'d> Expansion<'d> {
    /// Writes a pattern or a definition; `column` is where the pattern names the definition.
    fn pattern(&mut self, pattern: &str, column: Option<usize>) -> Result<(), PatternError> {
        for (offset, piece) in pieces(pattern) {
            let at = column.or_else(|| Some(column_of(pattern, offset)));
            match piece {
                Piece::Text(text) => self.expanded.text.push_str(text),
                Piece::Open => return Err(PatternError::new("%{ without its }", at)),
                Piece::Name { name, field } => self.name(name, field, at)?,
            }
            if self.expanded.text.len() > EXPANDED_BYTES_MAX {
                return Err(PatternError::new("longer than 64 KiB with all its names written out", at));
            }
        }
        Ok(())
    }

    fn name(&mut self, name: &str, field: &str, column: Option<usize>) -> Result<(), PatternError> {
        let own = self.definitions.iter().find(|(known, _)| *known == name).copied();
        let known = || names::NAMES.iter().find(|(known, _)| *known == name).copied();
        let Some((name, text)) = own.or_else(known) else {
            return Err(PatternError::new(format!("unknown name %{{{name}}}"), column));
        };
        if self.open.contains(&name) {
            return Err(PatternError::new(format!("%{{{name}}} needs itself"), column));
        }
        if self.open.len() >= DEPTH_MAX {
            return Err(PatternError::new("names lie in names more than 8 deep", column));
        }
        if field.is_empty() {
            self.expanded.text.push_str("(?:");
        } else {
            let number = self.expanded.fields.len();
            self.expanded.text.push_str(&format!("(?<{GROUP}{number}>"));
            self.expanded.fields.push(field.to_owned());
        }
        self.open.push(name);
        self.pattern(text, column)?;
        self.open.pop();
        self.expanded.text.push(')');
        Ok(())
    }
}

/// A part of a pattern.
enum Piece<'p> {
    Text(&'p str),
    Name {
        name: &'p str,
        field: &'p str,
    },
    /// `%{` that is not closed.
    Open,
}

/// The parts of a pattern with their offsets. A backslash before `%` makes it text.
fn pieces(pattern: &str) -> impl Iterator<Item = (usize, Piece<'_>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = pattern.get(at..).filter(|rest| !rest.is_empty())?;
        let offset = at;
        let Some(inner) = rest.strip_prefix("%{") else {
            let end = next_name(rest);
            at += end;
            return Some((offset, Piece::Text(rest.get(..end)?)));
        };
        let Some(end) = inner.find('}') else {
            at = pattern.len();
            return Some((offset, Piece::Open));
        };
        at += 2 + end + 1;
        let mut parts = inner.get(..end)?.splitn(3, ':');
        let (name, field) = (parts.next()?, parts.next().unwrap_or_default());
        Some((offset, Piece::Name { name, field }))
    })
}

/// Where the next `%{` stands that no backslash precedes.
fn next_name(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        if byte == b'%' && !is_escaped && text.get(at..).is_some_and(|rest| rest.starts_with("%{")) {
            return at;
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    text.len()
}

/// Finds what is wrong with a pattern itself, with each name replaced by an empty group of the same length: so the
/// places that the parser of regular expressions reports are those of the pattern.
pub(super) fn check_syntax(pattern: &str) -> Result<(), PatternError> {
    let mut skeleton = String::with_capacity(pattern.len());
    for (offset, piece) in pieces(pattern) {
        match piece {
            Piece::Text(text) => skeleton.push_str(text),
            Piece::Open => return Err(PatternError::new("%{ without its }", Some(column_of(pattern, offset)))),
            Piece::Name { name: "", .. } => {
                return Err(PatternError::new("%{} without a name", Some(column_of(pattern, offset))));
            }
            Piece::Name { .. } => {
                let end = pattern.get(offset..).and_then(|rest| rest.find('}')).unwrap_or_default();
                let characters = pattern.get(offset..=offset + end).unwrap_or_default().chars().count();
                skeleton.push_str("(?:");
                skeleton.extend(std::iter::repeat_n('x', characters.saturating_sub(4)));
                skeleton.push(')');
            }
        }
    }
    let mut parser = regex_syntax::ast::parse::ParserBuilder::new().nest_limit(super::NESTING_MAX).build();
    match parser.parse(&skeleton) {
        Ok(_) => Ok(()),
        Err(error) => Err(PatternError::new(error.kind().to_string(), Some(error.span().start.column))),
    }
}

/// The column of an offset, in characters from 1.
fn column_of(pattern: &str, offset: usize) -> usize {
    pattern.get(..offset).map_or(0, |before| before.chars().count()) + 1
}
