//! Decimal numbers in text fields.

/// [`parse_decimal`]'s grammar as a pattern for the store. Written without question marks, which the
/// ClickHouse client would take for placeholders.
pub(super) const DECIMAL_PATTERN: &str = "^-{0,1}[0-9]{1,40}([.][0-9]{1,40}){0,1}([eE][+-]{0,1}[0-9]{1,3}){0,1}$";

/// Reads `-12.5e3`: an optional minus, 1 to 40 digits, optionally a point with 1 to 40 digits,
/// optionally an exponent of 1 to 3 digits. `None` for all else and for numbers that are not finite.
///
/// Narrower than `f64`'s own reading, so that the store and the matcher read the same texts.
pub(super) fn parse_decimal(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (unsigned.get(..at)?, Some(unsigned.get(at + 1..)?)),
        None => (unsigned, None),
    };
    let well_formed = match mantissa.split_once('.') {
        Some((whole, fraction)) => digits(whole, 40) && digits(fraction, 40),
        None => digits(mantissa, 40),
    };
    let exponent_fits = exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e), 3));
    if !well_formed || !exponent_fits {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn digits(text: &str, max: usize) -> bool {
    !text.is_empty() && text.len() <= max && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_and_the_reader_accept_the_same_texts() {
        let pattern = regex::Regex::new(DECIMAL_PATTERN).unwrap();
        for text in [
            "1", "-1.5", "1e5", "1E-05", "1e+5", "+1", "1.", ".5", "", "-", "e5", "1e", "1e1234", " 1", "1 ", "1\n",
            "inf", "NaN", "0x1", "1_0",
        ] {
            assert_eq!(pattern.is_match(text), parse_decimal(text).is_some(), "{text:?}");
        }
        assert_eq!(parse_decimal("1e999"), None);
    }
}
