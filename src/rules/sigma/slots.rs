//! The fields that a set of rules asks for, each found in a record once by its number.
//!
//! Rules are compiled with the number of a field in the place of its name, so that asking for one costs no comparison of
//! names. For each record the names of its attributes are looked up once ([`Slots::locate`]).

use std::collections::HashMap;

use super::mapping::{PREFIXES, Place};

/// Marks a field's number where the evaluator expects a name.
const FIELD: char = '\u{1}';
/// The same of a field that is absent where the record does not have it, never null: one that another is compared with, or that
/// is to be different.
const PRESENT: char = '\u{2}';

/// No attribute.
const NONE: u16 = u16::MAX;
/// The attribute's name has something before the name that was asked for.
const PREFIXED: u16 = 1 << 15;

/// The longest name of an attribute that is looked up without allocating.
const NAME_BYTES_MAX: usize = 96;

/// Fields by number.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    slots: Vec<Vec<Spot>>,
    numbers: HashMap<Vec<Place>, usize>,
    /// Names of attributes, in lower case.
    names: HashMap<String, u16>,
}

/// A [`Place`] whose attribute has a number.
#[derive(Clone, Debug)]
pub(crate) enum Spot {
    Attribute(u16),
    Every(String),
    Column(super::mapping::Column),
}

/// Where the attributes of a record are.
#[derive(Debug)]
pub(crate) struct Located(Vec<u16>);

impl Slots {
    /// The number of the field at `places`.
    pub(crate) fn number(&mut self, places: Vec<Place>) -> usize {
        if let Some(number) = self.numbers.get(&places) {
            return *number;
        }
        let number = self.slots.len();
        let spots = places.iter().map(|place| match place {
            Place::Attribute(name) => Spot::Attribute(intern(&mut self.names, name)),
            Place::Every(name) => Spot::Every(name.clone()),
            Place::Column(column) => Spot::Column(*column),
        });
        self.slots.push(spots.collect());
        self.numbers.insert(places, number);
        number
    }

    /// Where a field is to be looked for.
    pub(crate) fn spots(&self, number: usize) -> &[Spot] {
        self.slots.get(number).map(Vec::as_slice).unwrap_or_default()
    }

    /// Finds the attributes that rules ask for among `names`.
    pub(crate) fn locate<'n>(&self, names: impl Iterator<Item = &'n str>) -> Located {
        let mut places = vec![NONE; self.names.len()];
        let mut set = |name: &str, at: u16, prefixed: u16| {
            let Some(place) = self.names.get(name).and_then(|id| places.get_mut(usize::from(*id))) else { return };
            // The first of a name counts, and a whole name before one behind a prefix.
            if *place == NONE || (prefixed == 0 && *place & PREFIXED != 0) {
                *place = at | prefixed;
            }
        };
        let mut buffer = [0; NAME_BYTES_MAX];
        for (at, name) in names.enumerate().take(usize::from(PREFIXED - 1)) {
            let Some(lower) = buffer.get_mut(..name.len()) else { continue };
            lower.copy_from_slice(name.as_bytes());
            lower.make_ascii_lowercase();
            let Ok(lower) = std::str::from_utf8(lower) else { continue };
            set(lower, at as u16, 0);
            if let Some(rest) = unprefixed(lower) {
                set(rest, at as u16, PREFIXED);
            }
        }
        Located(places)
    }
}

impl Located {
    /// The place among the record's attributes of the one with this number.
    pub(crate) fn get(&self, number: u16) -> Option<usize> {
        let place = *self.0.get(usize::from(number))?;
        (place != NONE).then_some(usize::from(place & !PREFIXED))
    }
}

/// The name behind what a forwarder put before it. `name` is in lower case.
pub(super) fn unprefixed(name: &str) -> Option<&str> {
    if !name.contains('.') {
        return None;
    }
    if let Some((prefix, rest)) = PREFIXES.iter().find_map(|prefix| Some((prefix, name.strip_prefix(prefix)?))) {
        // What a program tells of an event in its own form is in an element of the form's name.
        let form = rest.split_once('.').filter(|_| prefix.ends_with("userdata."));
        return Some(form.map_or(rest, |(_, field)| field));
    }
    // Structured data of syslog: `sdid@number.name`.
    let (before, rest) = name.split_once('.')?;
    before.contains('@').then_some(rest)
}

fn intern(names: &mut HashMap<String, u16>, name: &str) -> u16 {
    if let Some(number) = names.get(name) {
        return *number;
    }
    // Rules name some thousand fields; one beyond the range is never found.
    let number = u16::try_from(names.len()).unwrap_or(NONE);
    names.insert(name.to_owned(), number);
    number
}

/// What stands in a compiled rule for the field with this number.
pub(crate) fn encode(number: usize) -> String {
    format!("{FIELD}{number}")
}

/// The same where null is no value of it.
pub(crate) fn encode_present(number: usize) -> String {
    format!("{PRESENT}{number}")
}

/// The number, and whether null is no value of it; `None` of any other text.
pub(crate) fn decode(path: &str) -> Option<(usize, bool)> {
    let (digits, is_present) = match path.strip_prefix(FIELD) {
        Some(digits) => (digits, false),
        None => (path.strip_prefix(PRESENT)?, true),
    };
    Some((digits.parse().ok()?, is_present))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_name_counts_before_one_behind_a_prefix_and_the_first_of_two() {
        let mut slots = Slots::default();
        slots.number(vec![Place::Attribute("image".into())]);
        let find = |names: &[&str]| slots.locate(names.iter().copied()).get(0);
        assert_eq!(find(&["x", "IMAGE", "image"]), Some(1));
        assert_eq!(find(&["EventData.Image", "Image"]), Some(1));
        assert_eq!(find(&["x", "winlog.event_data.Image", "EventData.Image"]), Some(1));
        assert_eq!(find(&["NXLOG@14506.Image"]), Some(0));
        assert_eq!(find(&["other.Image", "Images"]), None);
    }

    #[test]
    fn a_number_is_read_back() {
        assert_eq!(decode(&encode(17)), Some((17, false)));
        assert_eq!(decode(&encode_present(4)), Some((4, true)));
        assert_eq!(decode("17"), None);
    }
}
