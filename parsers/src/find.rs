//! Searches for a few bytes in the short texts of lines, where it would take longer to set up a searcher for substrings.

/// Where `sought` first stands in `text`; quick where few bytes of the text are its first.
pub(crate) fn find(text: &[u8], sought: &[u8]) -> Option<usize> {
    find_by(0, text, sought)
}

/// As [`find`], by the byte at `place` in `sought`, which should be a rare one.
pub(crate) fn find_by(place: usize, text: &[u8], sought: &[u8]) -> Option<usize> {
    find_all_by(place, text, sought).next()
}

/// All places where `sought` stands, by the byte at `place` in it.
pub(crate) fn find_all_by<'t>(
    place: usize,
    text: &'t [u8],
    sought: &'t [u8],
) -> impl DoubleEndedIterator<Item = usize> + 't {
    let byte = sought.get(place).copied().unwrap_or_default();
    memchr::memchr_iter(byte, text)
        .filter_map(move |at| at.checked_sub(place))
        .filter(move |at| text.get(*at..).is_some_and(|rest| rest.starts_with(sought)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_byte_of_what_is_sought_leads_to_it() {
        for place in 0..3 {
            assert_eq!(find_by(place, b"IN OUT IIN=x IN=", b"IN="), Some(8));
            assert_eq!(find_all_by(place, b"IN=IN=", b"IN=").collect::<Vec<_>>(), [0, 3]);
            assert_eq!(find_by(place, b"=N=I", b"IN="), None);
        }
        assert_eq!(find(b"", b"x"), None);
    }
}
