//! The parser of the query language.
//!
//! ```text
//! any     = all ("OR" all)*
//! all     = one (["AND"] one)*
//! one     = ("NOT" | "-") one | "(" any ")" | field ":" tested | value
//! tested  = [op] value | value ("," value)+ | ("[" | "{") value "TO" value ("]" | "}") | "(" any ")"
//! op      = "=" | "==" | "~" | "<" | "<=" | ">" | ">="
//! value   = word | "\"" text "\"" | "/" regex "/" ["i"]
//! ```
//! Within `field:( … )` every value is tested on that field.

use super::ast::{Cmp, Expr, Term};
use super::build::{Op, Placed, bare, condition, ip_between};
use super::error::QueryError;
use super::field::{Field, TextField, is_attribute_prefix, suggestion};
use super::level_set::LevelSet;
use super::lexer::{Cursor, Stop, Value, WordPart};

/// The most bytes that a query may have.
pub const LENGTH_MAX: usize = 4096;
/// How deep parentheses and negations may be nested.
pub const DEPTH_MAX: usize = 64;
/// The most values that a query may name.
pub const TERMS_MAX: usize = 256;

/// Reads a query. Relative times are taken from `now`, in microseconds since 1970 (UTC).
/// The empty text and `*` mean every record.
pub fn parse(text: &str, now: i64) -> Result<Expr, QueryError> {
    if text.len() > LENGTH_MAX {
        return Err(QueryError::at(0, format!("a query has at most {LENGTH_MAX} bytes")));
    }
    let mut parser = Parser { cursor: Cursor::new(text), depth: 0, terms: 0, now };
    parser.cursor.skip_space();
    if parser.cursor.peek().is_none() {
        return Ok(Expr::All);
    }
    let expr = parser.any(None)?;
    match parser.cursor.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.fault("this parenthesis was not opened")),
    }
}

struct Parser {
    cursor: Cursor,
    depth: usize,
    terms: usize,
    now: i64,
}

impl Parser {
    fn fault(&self, message: impl Into<String>) -> QueryError {
        QueryError::at(self.cursor.at, message)
    }

    fn deeper(&mut self) -> Result<(), QueryError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.fault(format!("nested more than {DEPTH_MAX} deep")));
        }
        Ok(())
    }

    fn any(&mut self, scope: Option<&Field>) -> Result<Expr, QueryError> {
        let mut parts = vec![self.all(scope)?];
        while self.cursor.take_keyword("OR") {
            parts.push(self.all(scope)?);
        }
        Ok(Expr::or(parts))
    }

    fn all(&mut self, scope: Option<&Field>) -> Result<Expr, QueryError> {
        let mut parts = vec![self.one(scope)?];
        loop {
            self.cursor.skip_space();
            let ends = matches!(self.cursor.peek(), None | Some(')')) || self.cursor.sees_keyword("OR");
            if ends {
                return Ok(Expr::and(parts));
            }
            self.cursor.take_keyword("AND");
            parts.push(self.one(scope)?);
        }
    }

    fn one(&mut self, scope: Option<&Field>) -> Result<Expr, QueryError> {
        self.cursor.skip_space();
        let start = self.cursor.at;
        if self.cursor.take_keyword("NOT") || self.take_minus() {
            self.deeper()?;
            let inner = self.one(scope)?;
            self.depth -= 1;
            return Ok(inner.negate());
        }
        if self.cursor.take('(') {
            return self.parenthesized(start, scope);
        }
        if self.cursor.sees_keyword("AND") || self.cursor.sees_keyword("OR") {
            return Err(self.fault(
                "something to search for is missing before this word; put the word in quotes to search for it",
            ));
        }
        match scope {
            Some(field) => self.tested(field, false),
            None => self.bare_or_field(),
        }
    }

    /// A minus negates what follows it closely. `--flag` and a minus alone are words.
    fn take_minus(&mut self) -> bool {
        let negates = self.cursor.peek() == Some('-')
            && self.cursor.ahead(1).is_some_and(|c| c != '-' && c != ')' && !c.is_whitespace());
        if negates {
            self.cursor.at += 1;
        }
        negates
    }

    /// What follows an opening parenthesis, which stands at `start`.
    fn parenthesized(&mut self, start: usize, scope: Option<&Field>) -> Result<Expr, QueryError> {
        self.deeper()?;
        self.cursor.skip_space();
        if self.cursor.peek() == Some(')') {
            return Err(QueryError::at(
                start,
                "nothing stands between these parentheses; put them in quotes to search for them",
            ));
        }
        let inner = self.any(scope)?;
        if !self.cursor.take(')') {
            return Err(QueryError::at(start, "this parenthesis is not closed"));
        }
        self.depth -= 1;
        Ok(inner)
    }

    fn bare_or_field(&mut self) -> Result<Expr, QueryError> {
        let start = self.cursor.at;
        if let Some((name, quoted)) = self.cursor.take_field_name()? {
            let field = find_field(&name, quoted, start)?;
            return self.tested(&field, true);
        }
        let value = self.value(Stop::Bare)?;
        bare(&value)
    }

    /// What follows `field:`, or a value within `field:( … )`, where groups are not `grouped` again.
    fn tested(&mut self, field: &Field, may_group: bool) -> Result<Expr, QueryError> {
        let start = self.cursor.at;
        if may_group && self.cursor.take('(') {
            return self.parenthesized(start, Some(field));
        }
        if matches!(self.cursor.peek(), Some('[' | '{')) {
            return self.range(field);
        }
        let op = self.operator();
        if op != Op::Usual {
            let value = self.value(Stop::Bare)?;
            return condition(field, op, &value, self.now);
        }
        let mut parts = Vec::new();
        loop {
            let value = self.value(Stop::List)?;
            parts.push(condition(field, op, &value, self.now)?);
            if !self.cursor.take(',') {
                return Ok(any_of(parts));
            }
        }
    }

    fn operator(&mut self) -> Op {
        const OPERATORS: [(&str, Op); 7] = [
            (">=", Op::Compare(Cmp::Ge)),
            ("<=", Op::Compare(Cmp::Le)),
            ("==", Op::Compare(Cmp::Eq)),
            (">", Op::Compare(Cmp::Gt)),
            ("<", Op::Compare(Cmp::Lt)),
            ("=", Op::Equal),
            ("~", Op::Contains),
        ];
        OPERATORS.into_iter().find(|(sign, _)| self.cursor.take_text(sign)).map_or(Op::Usual, |(_, op)| op)
    }

    /// `[a TO b]`; braces leave the bound itself out.
    fn range(&mut self, field: &Field) -> Result<Expr, QueryError> {
        let start = self.cursor.at;
        let form = || {
            QueryError::at(
                start,
                "a range is written [a TO b], with * for no bound; put a text that begins so in quotes",
            )
        };
        let low_open = self.cursor.peek() == Some('{');
        self.cursor.at += 1;
        let low = self.bound()?;
        self.cursor.skip_space();
        if !self.cursor.take_keyword("TO") {
            return Err(form());
        }
        let high = self.bound()?;
        self.cursor.skip_space();
        let high_open = self.cursor.peek() == Some('}');
        if !high_open && self.cursor.peek() != Some(']') {
            return Err(form());
        }
        self.cursor.at += 1;
        if *field == Field::Ip {
            return ip_between(low.as_ref(), high.as_ref(), (low_open, high_open));
        }
        let mut parts = Vec::new();
        if let Some(value) = &low {
            let op = if low_open { Cmp::Gt } else { Cmp::Ge };
            parts.push(condition(field, Op::Compare(op), value, self.now)?);
        }
        if let Some(value) = &high {
            let op = if high_open { Cmp::Lt } else { Cmp::Le };
            parts.push(condition(field, Op::Compare(op), value, self.now)?);
        }
        if parts.is_empty() {
            let star = Placed { value: Value::Word(vec![WordPart::Star]), at: start };
            return condition(field, Op::Usual, &star, self.now);
        }
        Ok(Expr::and(parts))
    }

    /// A bound of a range; `None` for `*`.
    fn bound(&mut self) -> Result<Option<Placed>, QueryError> {
        self.cursor.skip_space();
        let placed = self.value(Stop::Range)?;
        let open = placed.value == Value::Word(vec![WordPart::Star]);
        Ok((!open).then_some(placed))
    }

    fn value(&mut self, stop: Stop) -> Result<Placed, QueryError> {
        let at = self.cursor.at;
        self.terms += 1;
        if self.terms > TERMS_MAX {
            return Err(self.fault(format!("more than {TERMS_MAX} values")));
        }
        match self.cursor.value(stop)? {
            Some(value) => Ok(Placed { value, at }),
            None => Err(QueryError::at(at, "a value is missing here")),
        }
    }
}

/// Any of the values of a list; levels are gathered in one set.
fn any_of(parts: Vec<Expr>) -> Expr {
    let level_set = |part: &Expr| {
        if let Expr::Term(Term::Level(set)) = part { Some(*set) } else { None }
    };
    let sets: Option<Vec<LevelSet>> = parts.iter().map(level_set).collect();
    match sets {
        Some(sets) => Expr::Term(Term::Level(sets.into_iter().fold(LevelSet::NONE, LevelSet::union))),
        None => Expr::or(parts),
    }
}

fn find_field(name: &str, quoted: Option<String>, at: usize) -> Result<Field, QueryError> {
    if let Some((prefix, rest)) = name.split_once('.') {
        let attribute = match (rest, quoted) {
            ("", Some(quoted)) => quoted,
            (rest, None) if !rest.is_empty() => rest.to_owned(),
            _ => {
                return Err(QueryError::at(at, "an attribute is written attributes.name or attributes.\"name\""));
            }
        };
        if is_attribute_prefix(prefix) {
            return Ok(Field::Text(TextField::Attribute(attribute)));
        }
    }
    if let Some(field) = Field::named(name) {
        return Ok(field);
    }
    let hint = match suggestion(name) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => format!("to search for the text, put it in quotes: \"{name}:…\""),
    };
    Err(QueryError::at(at, format!("unknown field \"{name}\" ({hint})")))
}
