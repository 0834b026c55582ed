//! Which rules of a log source a record may match, found by one look at each field that they ask for.

use std::collections::{BTreeMap, HashMap};

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use rsigma_eval::event::EventValue;

use super::needs::{self, Atom, AtomTest, Clause};
use super::view::View;

/// Rules, numbered from 0, by what a record must hold.
#[derive(Debug, Default)]
pub(crate) struct Index {
    /// Asked of every record.
    always: Vec<u32>,
    fields: Vec<Field>,
    words: Option<Parts>,
    rules: usize,
}

/// What one field must hold.
#[derive(Debug)]
struct Field {
    slot: usize,
    whole: HashMap<String, Vec<u32>>,
    numbers: HashMap<i64, Vec<u32>>,
    parts: Option<Parts>,
}

/// Texts that are searched for all at once.
#[derive(Debug)]
struct Parts {
    automaton: AhoCorasick,
    /// The rules of each text.
    rules: Vec<Vec<u32>>,
}

/// A set of rules.
pub(crate) struct Candidates(Vec<u64>);

impl Candidates {
    fn new(rules: usize) -> Self {
        Self(vec![0; rules.div_ceil(64)])
    }

    fn add(&mut self, rules: &[u32]) {
        for rule in rules {
            if let Some(word) = self.0.get_mut(*rule as usize / 64) {
                *word |= 1 << (rule % 64);
            }
        }
    }

    /// The rules in ascending order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
                rest &= rest - 1;
                Some(at * 64 + bit)
            })
        })
    }
}

#[derive(Default)]
struct Building {
    whole: HashMap<String, Vec<u32>>,
    numbers: HashMap<i64, Vec<u32>>,
    parts: BTreeMap<String, Vec<u32>>,
}

impl Index {
    /// Indexes rules by their clauses; one without a clause is always a candidate.
    pub(crate) fn new(clauses: Vec<Option<Clause>>) -> Self {
        let mut fields: BTreeMap<Option<usize>, Building> = BTreeMap::new();
        let mut always = Vec::new();
        let rules = clauses.len();
        for (rule, clause) in (0u32..).zip(clauses) {
            let Some(clause) = clause else {
                always.push(rule);
                continue;
            };
            for Atom { slot, test } in clause {
                let field = fields.entry(slot).or_default();
                let rules = match test {
                    AtomTest::Part(text) => field.parts.entry(text).or_default(),
                    // A word is never compared whole: it is searched in texts.
                    AtomTest::Whole(text) if slot.is_none() => field.parts.entry(text).or_default(),
                    AtomTest::Whole(text) => field.whole.entry(text).or_default(),
                    AtomTest::Number(number) => field.numbers.entry(number).or_default(),
                };
                if rules.last() != Some(&rule) {
                    rules.push(rule);
                }
            }
        }
        let mut index = Self { always, rules, ..Self::default() };
        for (slot, building) in fields {
            let (parts, unindexed) = Parts::new(building.parts);
            index.always.extend(unindexed);
            match slot {
                None => index.words = parts,
                Some(slot) => {
                    index.fields.push(Field { slot, whole: building.whole, numbers: building.numbers, parts });
                }
            }
        }
        index
    }

    /// The rules that the record may match: all that it does match are among them.
    pub(crate) fn candidates(&self, view: &View<'_>) -> Candidates {
        let mut found = Candidates::new(self.rules);
        found.add(&self.always);
        for field in &self.fields {
            if let Some(value) = view.field(field.slot) {
                field.find(&value, &mut found);
            }
        }
        if let Some(words) = &self.words {
            for text in view.texts() {
                words.find(text, &mut found);
            }
        }
        found
    }

    /// How many rules are asked of every record.
    pub(crate) fn always(&self) -> usize {
        self.always.len()
    }
}

impl Field {
    fn find(&self, value: &EventValue<'_>, found: &mut Candidates) {
        match value {
            EventValue::Array(members) => members.iter().for_each(|member| self.find(member, found)),
            EventValue::Str(text) => self.find_text(text, found),
            EventValue::Int(number) => self.find_text(&number.to_string(), found),
            EventValue::Bool(truth) => self.find_text(if *truth { "true" } else { "false" }, found),
            _ => {}
        }
    }

    fn find_text(&self, text: &str, found: &mut Candidates) {
        if !self.whole.is_empty()
            && let Some(rules) = self.whole.get(&needs::fold(text))
        {
            found.add(rules);
        }
        if !self.numbers.is_empty()
            && let Some(number) = text.parse().ok().and_then(needs::whole)
            && let Some(rules) = self.numbers.get(&number)
        {
            found.add(rules);
        }
        if let Some(parts) = &self.parts {
            parts.find(text, found);
        }
    }
}

impl Parts {
    /// The automaton for `texts`; if they are too many for one, their rules are given back instead.
    fn new(texts: BTreeMap<String, Vec<u32>>) -> (Option<Self>, Vec<u32>) {
        if texts.is_empty() {
            return (None, Vec::new());
        }
        let kind = (texts.len() <= 200).then_some(AhoCorasickKind::DFA);
        let built = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(kind.or(Some(AhoCorasickKind::ContiguousNFA)))
            .build(texts.keys());
        let rules: Vec<Vec<u32>> = texts.into_values().collect();
        match built {
            Ok(automaton) => (Some(Self { automaton, rules }), Vec::new()),
            Err(_) => (None, rules.concat()),
        }
    }

    fn find(&self, text: &str, found: &mut Candidates) {
        // The automaton takes upper for lower case of ASCII; other letters must be folded first.
        if text.is_ascii() {
            self.search(text, found);
        } else {
            self.search(&needs::fold(text), found);
        }
    }

    fn search(&self, text: &str, found: &mut Candidates) {
        for hit in self.automaton.find_overlapping_iter(text) {
            if let Some(rules) = self.rules.get(hit.pattern().as_usize()) {
                found.add(rules);
            }
        }
    }
}
