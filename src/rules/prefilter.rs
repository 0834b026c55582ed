//! Which rules must be asked about a record: for most records none, at the cost of a few look-ups.
//!
//! First the level, the presence of an address and of a user, and the values of short fields decide. Only if a rule is left that
//! needs a text in the message, the message is searched for the texts of all rules at once.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, MatchKind};
use foldhash::fast::RandomState;
use logseal_parsers::Level;

use super::need::{Need, Wanted};
use super::rule::Compiled;
use crate::query::field::TextField;
use crate::query::matcher::text_of;
use crate::record::LogRow;

/// A set of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Set(Box<[u64]>);

pub(super) struct Prefilter {
    by_level: Vec<(Level, Set)>,
    /// Rules that may look at a record without an address, and without a user.
    without_ip: Set,
    without_user: Set,
    /// Rules that need no value of a field.
    without_field: Set,
    fields: Vec<Values>,
    /// The same of attributes, by their names.
    attributes: HashMap<Box<str>, Values, RandomState>,
    /// Rules that need a text in the message.
    with_literal: Set,
    literals: Option<Literals>,
    /// The answer, and what is needed to find it.
    asked: Set,
    found: Set,
}

/// The values of one field, and the rules that need them.
struct Values {
    field: TextField,
    rules: HashMap<Box<[u8]>, Set, RandomState>,
    when_present: Option<Set>,
}

struct Literals {
    search: AhoCorasick,
    /// For each text, by its number, the rules that need it.
    rules: Vec<Set>,
}

impl Prefilter {
    pub(super) fn new<'a>(rules: impl Iterator<Item = &'a Compiled>) -> Self {
        let needs: Vec<Need> = rules.map(Need::of).collect();
        let count = needs.len();
        let (attributes, fields) = values(&needs).into_iter().partition(|values| values.attribute().is_some());
        let by_name = |values: Values| Some((values.attribute()?.into(), values));
        let attributes: Vec<Values> = attributes;
        let set = |is_in: &dyn Fn(&Need) -> bool| Set::of(count, needs.iter().map(is_in));
        Self {
            by_level: Level::ALL.into_iter().map(|level| (level, set(&|need| need.levels.contains(level)))).collect(),
            without_ip: set(&|need| !need.ip),
            without_user: set(&|need| !need.user),
            without_field: set(&|need| need.fields.is_none()),
            fields,
            attributes: attributes.into_iter().filter_map(by_name).collect(),
            with_literal: set(&|need| need.literals.is_some()),
            // Without an automaton, for texts that are too many or too long for one, nothing is decided by them.
            literals: Literals::new(&needs),
            asked: Set::empty(count),
            found: Set::empty(count),
        }
    }

    /// One that decides nothing.
    #[cfg(test)]
    pub(super) fn asking_all(count: usize) -> Self {
        let all = || Set::of(count, std::iter::repeat_n(true, count));
        Self {
            by_level: Level::ALL.into_iter().map(|level| (level, all())).collect(),
            without_ip: all(),
            without_user: all(),
            without_field: all(),
            fields: Vec::new(),
            attributes: HashMap::default(),
            with_literal: Set::empty(count),
            literals: None,
            asked: Set::empty(count),
            found: Set::empty(count),
        }
    }

    /// The numbers of the rules that must be asked.
    pub(super) fn asked(&mut self, row: &LogRow<'_>) -> impl Iterator<Item = usize> {
        self.asked.clear();
        if let Some((_, rules)) = self.by_level.iter().find(|(level, _)| *level == row.level) {
            self.asked.add(rules);
        }
        if row.ip.is_none() {
            self.asked.keep(&self.without_ip);
        }
        if row.user_name.is_empty() {
            self.asked.keep(&self.without_user);
        }
        if !self.fields.is_empty() || !self.attributes.is_empty() {
            self.found.copy(&self.without_field);
            for values in &self.fields {
                values.add_rules(text_of(row, &values.field), &mut self.found);
            }
            // Each attribute is looked up, and not each name searched for among them. Of a name that occurs twice the second
            // counts too here: a rule more is asked.
            for (name, value) in &row.attributes {
                if let Some(values) = self.attributes.get(&**name) {
                    values.add_rules(value.as_bytes(), &mut self.found);
                }
            }
            self.asked.keep(&self.found);
        }
        if let Some(literals) = &self.literals
            && self.asked.meets(&self.with_literal)
        {
            self.found.copy(&self.asked);
            self.found.drop(&self.with_literal);
            literals.add_rules(&row.message, &self.asked, &mut self.found);
            self.asked.keep(&self.found);
        }
        self.asked.iter()
    }
}

fn values(needs: &[Need]) -> Vec<Values> {
    let mut all: Vec<Values> = Vec::new();
    for (rule, need) in needs.iter().enumerate() {
        for (field, wanted) in need.fields.iter().flatten() {
            if !all.iter().any(|values| values.field == *field) {
                all.push(Values { field: field.clone(), rules: HashMap::default(), when_present: None });
            }
            let Some(values) = all.iter_mut().find(|values| values.field == *field) else { continue };
            let set = match wanted {
                Wanted::Value(value) => {
                    values.rules.entry(value.as_bytes().into()).or_insert_with(|| Set::empty(needs.len()))
                }
                Wanted::Present => values.when_present.get_or_insert_with(|| Set::empty(needs.len())),
            };
            set.insert(rule);
        }
    }
    all
}

impl Values {
    fn attribute(&self) -> Option<&str> {
        if let TextField::Attribute(name) = &self.field { Some(name) } else { None }
    }

    fn add_rules(&self, text: &[u8], found: &mut Set) {
        if let Some(rules) = self.rules.get(text) {
            found.add(rules);
        }
        if let Some(rules) = &self.when_present
            && !text.is_empty()
        {
            found.add(rules);
        }
    }
}

impl Literals {
    fn new(needs: &[Need]) -> Option<Self> {
        let mut texts: Vec<&[u8]> = Vec::new();
        let mut rules: Vec<Set> = Vec::new();
        for (rule, need) in needs.iter().enumerate() {
            for text in need.literals.iter().flatten() {
                let at = texts.iter().position(|other| *other == text.as_slice()).unwrap_or(texts.len());
                if at == texts.len() {
                    texts.push(text);
                    rules.push(Set::empty(needs.len()));
                }
                if let Some(set) = rules.get_mut(at) {
                    set.insert(rule);
                }
            }
        }
        if texts.is_empty() {
            return None;
        }
        let search = AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::Standard).build(&texts);
        search.ok().map(|search| Self { search, rules })
    }

    /// Adds the rules whose texts are in `message`, until all of `asked` are found.
    fn add_rules(&self, message: &[u8], asked: &Set, found: &mut Set) {
        for text in self.search.find_overlapping_iter(message) {
            if let Some(rules) = self.rules.get(text.pattern().as_usize()) {
                found.add(rules);
                if found.holds(asked) {
                    return;
                }
            }
        }
    }
}

impl Set {
    fn empty(rules: usize) -> Self {
        Self(vec![0; rules.div_ceil(64)].into())
    }

    fn of(rules: usize, is_in: impl Iterator<Item = bool>) -> Self {
        let mut set = Self::empty(rules);
        for (rule, _) in is_in.enumerate().filter(|(_, is_in)| *is_in) {
            set.insert(rule);
        }
        set
    }

    fn insert(&mut self, rule: usize) {
        if let Some(word) = self.0.get_mut(rule / 64) {
            *word |= 1 << (rule % 64);
        }
    }

    fn clear(&mut self) {
        self.0.fill(0);
    }

    fn copy(&mut self, other: &Self) {
        self.pairs(other, |word, other| *word = other);
    }

    fn add(&mut self, other: &Self) {
        self.pairs(other, |word, other| *word |= other);
    }

    fn keep(&mut self, other: &Self) {
        self.pairs(other, |word, other| *word &= other);
    }

    fn drop(&mut self, other: &Self) {
        self.pairs(other, |word, other| *word &= !other);
    }

    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(word, other)| word & other != 0)
    }

    fn holds(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(word, other)| other & !word == 0)
    }

    fn pairs(&mut self, other: &Self, change: impl Fn(&mut u64, u64)) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| change(word, *other));
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = left.trailing_zeros() as usize;
                left &= left.checked_sub(1)?;
                Some(at * 64 + bit)
            })
        })
    }
}
