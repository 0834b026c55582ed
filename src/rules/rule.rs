//! A rule, checked and compiled.

use std::fmt;
use std::sync::Arc;

use super::check;
use super::columns::Columns;
use super::compile::{compile, of_sigma};
use super::fault::Fault;
use super::row_field::RowField;
use super::sigma_parts::Part;
use super::spec::{Kind, RuleSpec, Values};
use super::template::Template;
use crate::query::ast::Expr;
use crate::query::matcher::Matcher;

/// A rule that can be evaluated. Cheap to clone.
#[derive(Clone)]
pub struct Rule {
    compiled: Arc<Compiled>,
    /// The parts of a Sigma text after the first; none for other kinds.
    further: Arc<[Rule]>,
}

/// What a rule needs to know of itself.
pub(super) struct Compiled {
    pub(super) spec: RuleSpec,
    pub(super) group_by: Vec<RowField>,
    pub(super) window_seconds: u32,
    /// In microseconds, as are the others.
    pub(super) window: i64,
    pub(super) quiet: i64,
    pub(super) hold: i64,
    pub(super) template: Template,
    pub(super) what: What,
    /// Selects all records that the rule looks at, and perhaps more.
    pub(super) looks_at: Expr,
    /// The same for rules between which an evaluator's state can be kept.
    pub(super) fingerprint: [u8; 32],
}

/// What a rule looks for.
pub(super) enum What {
    Threshold {
        filter: Matcher,
        at_least: usize,
        distinct: Option<RowField>,
        skew: Option<i64>,
    },
    Match {
        filter: Matcher,
    },
    /// `selects` is what `filter` was made of.
    Ratio {
        filter: Matcher,
        selects: Expr,
        of: Matcher,
        at_least: u64,
        share: f64,
    },
    Change(Change),
    Absence {
        filter: Matcher,
        forget: i64,
    },
    NewValue {
        filter: Matcher,
        field: RowField,
        remember: Option<i64>,
        learn: i64,
    },
    Sequence {
        steps: Vec<(Matcher, usize)>,
    },
    Sigma(Part),
}

/// What a rule of the kind `change` looks for.
pub(super) struct Change {
    pub(super) filter: Matcher,
    pub(super) at_least: u64,
    pub(super) factor: f64,
    pub(super) down: bool,
    /// How many earlier days it compares with; `None` for the window before.
    pub(super) days: Option<u32>,
}

impl Rule {
    /// Checks all of `spec` and compiles it with the current values of settings.
    ///
    /// # Errors
    /// Every fault; those of a Sigma text name the document.
    pub fn new(spec: &RuleSpec, values: &Values) -> Result<Self, Vec<Fault>> {
        let faults = check::faults(spec);
        if !faults.is_empty() {
            return Err(faults);
        }
        if spec.kind == Kind::Sigma {
            return of_sigma(spec, values).map(Self::of_parts);
        }
        compile(spec, values).map(Self::of_one).map_err(|fault| vec![fault])
    }

    fn of_one(compiled: Compiled) -> Self {
        Self { compiled: Arc::new(compiled), further: [].into() }
    }

    fn of_parts(parts: (Compiled, Vec<Compiled>)) -> Self {
        let (first, further) = parts;
        Self { further: further.into_iter().map(Self::of_one).collect(), ..Self::of_one(first) }
    }

    /// What is evaluated by itself: each part of a Sigma text, else the whole rule.
    pub(super) fn parts(&self) -> impl Iterator<Item = Self> {
        let first = Self { compiled: Arc::clone(&self.compiled), further: [].into() };
        std::iter::once(first).chain(self.further.iter().cloned())
    }

    /// The rule as it was written.
    #[must_use]
    pub fn spec(&self) -> &RuleSpec {
        &self.compiled.spec
    }

    /// The rule's unique name.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.compiled.spec.code
    }

    /// Selects all records that it looks at, and perhaps more: none of the others can matter to it.
    #[must_use]
    pub fn looks_at(&self) -> &Expr {
        &self.compiled.looks_at
    }

    /// The fields of records that it reads.
    #[must_use]
    pub fn columns(&self) -> Columns {
        self.further.iter().map(Self::columns).fold(Columns::of(&self.compiled), Columns::union)
    }

    pub(super) fn compiled(&self) -> &Compiled {
        &self.compiled
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rule").field(&self.compiled.spec).finish()
    }
}

impl Compiled {
    /// The field whose new values are watched: a group has it beside those of `group_by`.
    pub(super) fn value_field(&self) -> Option<&RowField> {
        if let What::NewValue { field, .. } = &self.what { Some(field) } else { None }
    }

    /// What the values of a group's key are called, in their order.
    pub(super) fn group_names(&self) -> Vec<&str> {
        match &self.what {
            What::Sigma(part) => part.group_names(),
            _ => self.group_by.iter().chain(self.value_field()).map(|field| field.name.as_str()).collect(),
        }
    }

    /// Tells its alerts about limits from those of others: the parts of a text have one code.
    pub(super) fn limit_name(&self) -> String {
        match &self.what {
            What::Sigma(Part { label: Some(label), .. }) => format!("{}/{label}", self.spec.code),
            _ => self.spec.code.clone(),
        }
    }
}
