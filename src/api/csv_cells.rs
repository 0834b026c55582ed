//! Cells that a spreadsheet would run.

use std::borrow::Cow;

/// `cell`, with a `'` before it where it begins like a formula: `=`, `+`, `-`, `@`, tab or carriage return.
///
/// Spreadsheets then show it as the text it is (OWASP, "CSV Injection").
pub(super) fn defused(cell: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    match cell.first() {
        Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r') => Cow::Owned([b"'", &*cell].concat()),
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_nothing_else_is_touched() {
        let check = |cell: &str, expected: &str| {
            assert_eq!(defused(Cow::Borrowed(cell.as_bytes())), expected.as_bytes(), "{cell:?}");
        };
        check("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0");
        check("+1", "'+1");
        check("-1", "'-1");
        check("@SUM(A1)", "'@SUM(A1)");
        check("\t=1", "'\t=1");
        check("\r=1", "'\r=1");
        check("", "");
        check("a=1", "a=1");
        check(" =1", " =1");
        check("'=1", "'=1");
    }
}
