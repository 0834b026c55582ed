//! Values that stand for several: encoded at any place of a longer text (`base64offset`), and with other dashes (`windash`).
//!
//! The evaluator knows both, but looks for more of an encoded value than the value decides, and takes wildcards beside dashes for
//! plain characters. So the variants are written out here, and the evaluator is given those.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsigma_parser::{DetectionItem, FieldSpec, Modifier, SigmaString, SigmaValue, StringPart};

/// The most variants of one value.
const VARIANTS_MAX: usize = 4096;

/// What option names begin with.
const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// `item` with all variants of its values written out: several items where each of its values must be met.
///
/// # Errors
/// A value has too many.
pub(crate) fn written_out(item: DetectionItem) -> Result<Vec<DetectionItem>, String> {
    if !stands_for_several(&item.field) {
        return Ok(vec![item]);
    }
    if !item.field.has_modifier(Modifier::All) {
        return Ok(vec![with_variants(item)?]);
    }
    let DetectionItem { mut field, values, .. } = item;
    field.modifiers.retain(|modifier| *modifier != Modifier::All);
    let each =
        values.into_iter().map(|value| with_variants(DetectionItem { field: field.clone(), values: vec![value] }));
    each.collect()
}

/// Whether the modifiers are some that go together here; the evaluator refuses those that contradict each other.
fn stands_for_several(field: &FieldSpec) -> bool {
    use Modifier::{All, Base64Offset, Cased, Contains, EndsWith, Neq, StartsWith, Utf16, Utf16be, Wide, WindAsh};
    let count = |among: &[Modifier]| field.modifiers.iter().filter(|modifier| among.contains(modifier)).count();
    let is_known = count(&[All, Cased, Neq, Contains, StartsWith, EndsWith]);
    let encodings = count(&[Utf16, Utf16be, Wide]);
    let is_one_of_each = encodings <= 1 && count(&[Contains, StartsWith, EndsWith]) <= 1;
    match count(&[Base64Offset]) {
        0 => count(&[WindAsh]) == 1 && is_one_of_each && is_known + 1 == field.modifiers.len(),
        1 => is_one_of_each && is_known + encodings + 1 == field.modifiers.len(),
        _ => false,
    }
}

fn with_variants(mut item: DetectionItem) -> Result<DetectionItem, String> {
    let field = item.field.clone();
    let mut values = Vec::new();
    for value in item.values {
        match value {
            SigmaValue::String(text) if field.has_modifier(Modifier::Base64Offset) => {
                values.extend(encoded(&field, &text))
            }
            SigmaValue::String(text) => values.extend(dashed(&text)?),
            other => values.push(other),
        }
    }
    item.values = values;
    if field.has_modifier(Modifier::Base64Offset) {
        // What is encoded stands anywhere, whatever the rule says.
        item.field.modifiers.retain(|modifier| matches!(modifier, Modifier::Cased | Modifier::All | Modifier::Neq));
        item.field.modifiers.push(Modifier::Contains);
    } else {
        item.field.modifiers.retain(|modifier| *modifier != Modifier::WindAsh);
    }
    Ok(item)
}

/// The characters that a text has in base64, for each place in a group of three bytes that it may begin at. Those that its
/// neighbours decide as well are left out.
fn encoded(field: &FieldSpec, text: &SigmaString) -> Vec<SigmaValue> {
    let plain = text.as_plain().unwrap_or_else(|| text.original.clone());
    let bytes = bytes(field, &plain);
    let at_place = |(before, first): (usize, usize)| {
        let mut placed = vec![0; before];
        placed.extend_from_slice(&bytes);
        let decided = placed.len() * 8 / 6;
        let letters = STANDARD.encode(&placed);
        letters.get(first..decided).filter(|letters| !letters.is_empty()).map(SigmaString::from_raw)
    };
    [(0, 0), (1, 2), (2, 3)].into_iter().filter_map(at_place).map(SigmaValue::String).collect()
}

fn bytes(field: &FieldSpec, text: &str) -> Vec<u8> {
    let little = || text.encode_utf16().flat_map(u16::to_le_bytes);
    if field.has_modifier(Modifier::Utf16) {
        [0xff, 0xfe].into_iter().chain(little()).collect()
    } else if field.has_modifier(Modifier::Wide) {
        little().collect()
    } else if field.has_modifier(Modifier::Utf16be) {
        text.encode_utf16().flat_map(u16::to_be_bytes).collect()
    } else {
        text.as_bytes().to_vec()
    }
}

/// `text` with each dash and slash that begins the name of an option in all its forms.
fn dashed(text: &SigmaString) -> Result<Vec<SigmaValue>, String> {
    let mut variants = vec![Vec::new()];
    for part in &text.parts {
        let forms = match part {
            StringPart::Plain(plain) => forms(plain)?,
            special => vec![special.clone()],
        };
        if variants.len() * forms.len() > VARIANTS_MAX {
            return Err(too_many(&text.original));
        }
        let longer = |variant: Vec<StringPart>| {
            let forms = forms.iter().cloned();
            forms.map(move |form| [variant.clone(), vec![form]].concat()).collect::<Vec<_>>()
        };
        variants = variants.into_iter().flat_map(longer).collect();
    }
    let original = &text.original;
    Ok(variants
        .into_iter()
        .map(|parts| SigmaValue::String(SigmaString { parts, original: original.clone() }))
        .collect())
}

fn forms(plain: &str) -> Result<Vec<StringPart>, String> {
    let mut forms = vec![String::new()];
    let (mut before, mut rest) = (None, plain.chars().peekable());
    while let Some(character) = rest.next() {
        let begins_name = matches!(character, '-' | '/')
            && !before.is_some_and(is_of_word)
            && rest.peek().is_some_and(|next| is_of_word(*next));
        if !begins_name {
            forms.iter_mut().for_each(|form| form.push(character));
        } else if forms.len() * DASHES.len() > VARIANTS_MAX {
            return Err(too_many(plain));
        } else {
            let longer = |form: String| DASHES.map(|dash| format!("{form}{dash}"));
            forms = forms.into_iter().flat_map(longer).collect();
        }
        before = Some(character);
    }
    Ok(forms.into_iter().map(StringPart::Plain).collect())
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn too_many(text: &str) -> String {
    format!("`windash` gives `{text}` more than {VARIANTS_MAX} forms")
}
