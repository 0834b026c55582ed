//! Regular expressions in queries: the subset that ClickHouse's RE2 and the regex crate read alike.
//!
//! The text is parsed once and written anew for each engine, with nothing left to their defaults:
//! `\d \w \s` are ASCII, `.` matches every character (also a line break), `^ $` are the ends of the
//! value. Case is told apart unless the expression ends in `/i` (then it is ignored by Unicode's simple
//! folding). Lookaround, back references, `\p{…}`, set operations and inline flags are refused.
//! Both engines run in time linear in the value's length.

use regex_syntax::ast::parse::ParserBuilder;
use regex_syntax::ast::{
    AssertionKind, Ast, ClassAsciiKind, ClassBracketed, ClassPerl, ClassPerlKind, ClassSet, ClassSetItem, GroupKind,
    RepetitionKind, RepetitionRange,
};

use super::pattern::{Dialect, push_escaped};

/// A regular expression that both engines take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegexText {
    source: String,
    ignore_case: bool,
    re2: String,
    rust: String,
    literal: Option<String>,
}

/// Repetitions multiply; more than this many steps would be slow in one engine and refused by the other.
const SIZE_MAX: usize = 1000;
const REPEAT_MAX: u32 = 100;

impl RegexText {
    /// The most bytes that an expression may have.
    pub const LENGTH_MAX: usize = 256;

    /// Checks an expression, written without the slashes around it. The error is a sentence for its author.
    pub fn new(source: &str, ignore_case: bool) -> Result<Self, String> {
        if source.is_empty() || source.len() > Self::LENGTH_MAX {
            return Err(format!("a regular expression has 1 to {} bytes", Self::LENGTH_MAX));
        }
        let source = with_escaped_slashes(source);
        let ast = ParserBuilder::new()
            .nest_limit(32)
            .build()
            .parse(&source)
            .map_err(|fault| format!("regular expression: {}", fault.kind()))?;
        let mut re2 = Writer { out: String::new(), dialect: Dialect::Re2 };
        if ignore_case {
            re2.out.push_str("(?i)");
        }
        let size = re2.node(&ast)?;
        if size > SIZE_MAX {
            return Err("regular expression: the repetitions multiply to too much".to_owned());
        }
        let mut rust = Writer { out: String::new(), dialect: Dialect::Rust };
        rust.node(&ast)?;
        let literal = if ignore_case { None } else { required_literal(&ast) };
        let text = Self { source, ignore_case, re2: re2.out, rust: rust.out, literal };
        text.compile().map_err(|_| "regular expression: too large".to_owned())?;
        Ok(text)
    }

    /// The expression as it is written between slashes.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether case is ignored.
    #[must_use]
    pub const fn ignores_case(&self) -> bool {
        self.ignore_case
    }

    /// The expression for ClickHouse's `match`.
    pub(super) fn for_store(&self) -> &str {
        &self.re2
    }

    /// A text of three bytes or more that every match contains, where one is easily seen.
    pub(crate) fn required(&self) -> Option<&str> {
        self.literal.as_deref()
    }

    pub(super) fn compile(&self) -> Result<regex::bytes::Regex, regex::Error> {
        regex::bytes::RegexBuilder::new(&self.rust)
            .dot_matches_new_line(true)
            .case_insensitive(self.ignore_case)
            .size_limit(4 << 20)
            .build()
    }
}

/// Slashes escaped, so that the text can stand between slashes.
fn with_escaped_slashes(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut escaped = false;
    for c in source.chars() {
        if c == '/' && !escaped {
            out.push('\\');
        }
        escaped = c == '\\' && !escaped;
        out.push(c);
    }
    out
}

struct Writer {
    out: String,
    dialect: Dialect,
}

impl Writer {
    /// Writes `ast` and returns its size in steps.
    fn node(&mut self, ast: &Ast) -> Result<usize, String> {
        match ast {
            Ast::Empty(_) => self.out.push_str("(?:)"),
            Ast::Literal(literal) => push_escaped(&mut self.out, literal.c),
            Ast::Dot(_) => self.out.push('.'),
            Ast::Assertion(assertion) => self.assertion(&assertion.kind)?,
            Ast::ClassPerl(class) => self.perl(class),
            Ast::ClassBracketed(class) => self.bracketed(class)?,
            Ast::Repetition(repetition) => {
                let count = self.counted(&repetition.op.kind)?;
                if matches!(&*repetition.ast, Ast::Assertion(_)) {
                    return Err("regular expression: ^, $ and \\b cannot be repeated".to_owned());
                }
                let size = self.grouped(&repetition.ast)?;
                self.repeat_sign(&repetition.op.kind);
                return Ok(size.saturating_mul(count));
            }
            Ast::Group(group) => {
                let flags_set = matches!(&group.kind, GroupKind::NonCapturing(flags) if !flags.items.is_empty());
                if flags_set {
                    return Err(no_inline_flags());
                }
                return self.grouped(&group.ast);
            }
            Ast::Alternation(alternation) => return self.alternation(&alternation.asts),
            Ast::Concat(concat) => {
                let mut size = 0_usize;
                for part in &concat.asts {
                    size = size.saturating_add(self.node(part)?);
                }
                return Ok(size);
            }
            Ast::Flags(_) => return Err(no_inline_flags()),
            Ast::ClassUnicode(_) => {
                return Err("regular expression: \\p{…} is not supported".to_owned());
            }
        }
        Ok(1)
    }

    fn alternation(&mut self, branches: &[Ast]) -> Result<usize, String> {
        let mut size = 0_usize;
        self.out.push_str("(?:");
        for (at, branch) in branches.iter().enumerate() {
            if at > 0 {
                self.out.push('|');
            }
            size = size.saturating_add(self.node(branch)?);
        }
        self.out.push(')');
        Ok(size)
    }

    /// Writes `ast` as one unit. Also a single letter is grouped: the store's search for required
    /// substrings takes the last byte, not the last character, for what a repetition applies to.
    fn grouped(&mut self, ast: &Ast) -> Result<usize, String> {
        self.out.push_str("(?:");
        let size = self.node(ast)?;
        self.out.push(')');
        Ok(size)
    }

    fn assertion(&mut self, kind: &AssertionKind) -> Result<(), String> {
        self.out.push_str(match (kind, self.dialect) {
            (AssertionKind::StartLine | AssertionKind::StartText, _) => "^",
            (AssertionKind::EndLine | AssertionKind::EndText, _) => "$",
            (AssertionKind::WordBoundary, Dialect::Re2) => r"\b",
            (AssertionKind::WordBoundary, Dialect::Rust) => r"(?-u:\b)",
            _ => return Err(
                "regular expression: of the boundaries only ^, $, \\A, \\z and \\b are supported"
                    .to_owned(),
            ),
        });
        Ok(())
    }

    fn perl(&mut self, class: &ClassPerl) {
        self.out.push_str(if class.negated { "[^" } else { "[" });
        self.out.push_str(perl_items(&class.kind));
        self.out.push(']');
    }

    fn bracketed(&mut self, class: &ClassBracketed) -> Result<(), String> {
        self.out.push_str(if class.negated { "[^" } else { "[" });
        match &class.kind {
            ClassSet::Item(item) => self.class_item(item)?,
            ClassSet::BinaryOp(_) => {
                return Err("regular expression: set operations in […] are not supported".to_owned());
            }
        }
        self.out.push(']');
        Ok(())
    }

    fn class_item(&mut self, item: &ClassSetItem) -> Result<(), String> {
        match item {
            ClassSetItem::Literal(literal) => self.class_char(literal.c),
            ClassSetItem::Range(range) => {
                self.class_char(range.start.c);
                self.out.push('-');
                self.class_char(range.end.c);
            }
            ClassSetItem::Perl(class) if !class.negated => self.out.push_str(perl_items(&class.kind)),
            ClassSetItem::Ascii(class) if !class.negated => self.out.push_str(ascii_items(&class.kind)?),
            ClassSetItem::Union(union) => {
                for item in &union.items {
                    self.class_item(item)?;
                }
            }
            _ => {
                return Err("regular expression: a set in […] holds letters, ranges, \\d, \\w and \\s only".to_owned());
            }
        }
        Ok(())
    }

    fn class_char(&mut self, c: char) {
        if r"\]^-[&~".contains(c) {
            self.out.push('\\');
        }
        self.out.push(c);
    }

    /// By how much a repetition multiplies its operand.
    fn counted(&self, kind: &RepetitionKind) -> Result<usize, String> {
        let count = match kind {
            RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore | RepetitionKind::OneOrMore => 1,
            RepetitionKind::Range(
                RepetitionRange::Exactly(n) | RepetitionRange::AtLeast(n) | RepetitionRange::Bounded(_, n),
            ) => *n,
        };
        if count > REPEAT_MAX {
            return Err(format!("regular expression: a repetition goes up to {REPEAT_MAX}"));
        }
        Ok(usize::try_from(count).unwrap_or(usize::MAX).max(1))
    }

    fn repeat_sign(&mut self, kind: &RepetitionKind) {
        match kind {
            RepetitionKind::ZeroOrOne => self.out.push('?'),
            RepetitionKind::ZeroOrMore => self.out.push('*'),
            RepetitionKind::OneOrMore => self.out.push('+'),
            RepetitionKind::Range(RepetitionRange::Exactly(n)) => self.out.push_str(&format!("{{{n}}}")),
            RepetitionKind::Range(RepetitionRange::AtLeast(n)) => self.out.push_str(&format!("{{{n},}}")),
            RepetitionKind::Range(RepetitionRange::Bounded(n, m)) => self.out.push_str(&format!("{{{n},{m}}}")),
        }
    }
}

fn no_inline_flags() -> String {
    "regular expression: flags are not supported inside; write /…/i to ignore case".to_owned()
}

fn perl_items(kind: &ClassPerlKind) -> &'static str {
    match kind {
        ClassPerlKind::Digit => "0-9",
        ClassPerlKind::Space => "\t\n\u{c}\r ",
        ClassPerlKind::Word => "0-9A-Za-z_",
    }
}

fn ascii_items(kind: &ClassAsciiKind) -> Result<&'static str, String> {
    Ok(match kind {
        ClassAsciiKind::Alnum => "0-9A-Za-z",
        ClassAsciiKind::Alpha => "A-Za-z",
        ClassAsciiKind::Digit => "0-9",
        ClassAsciiKind::Lower => "a-z",
        ClassAsciiKind::Upper => "A-Z",
        ClassAsciiKind::Space => "\t\n\u{b}\u{c}\r ",
        ClassAsciiKind::Xdigit => "0-9A-Fa-f",
        ClassAsciiKind::Punct => r"!-/:-@\[-`{-~",
        ClassAsciiKind::Word => "0-9A-Za-z_",
        _ => return Err("regular expression: this [[:class:]] is not supported".to_owned()),
    })
}

/// The longest run of plain characters that stands in a row of the outermost level.
fn required_literal(ast: &Ast) -> Option<String> {
    let parts = match ast {
        Ast::Concat(concat) => concat.asts.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut best = String::new();
    let mut run = String::new();
    for part in parts {
        match part {
            Ast::Literal(literal) => run.push(literal.c),
            _ => run.clear(),
        }
        if run.len() > best.len() {
            best.clone_from(&run);
        }
    }
    (best.len() >= 3).then_some(best)
}
