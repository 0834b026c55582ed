//! Messages of words among which pairs stand, `allow src=192.0.2.7 name='a b' msg="c"`.

/// A word or a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Word(&'a str),
    Pair(&'a str, &'a str),
}

/// The parts of a text, one after the other; a value in quotes may hold blanks.
pub(super) struct Parts<'a>(pub(super) &'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let text = self.0.trim_ascii_start();
        let end = text.find([' ', '=']).unwrap_or(text.len());
        let (name, rest) = text.split_at_checked(end)?;
        let value = rest.strip_prefix('=').filter(|_| is_name(name));
        let Some(value) = value else {
            let end = text.find(' ').unwrap_or(text.len());
            let (word, rest) = text.split_at_checked(end)?;
            self.0 = rest;
            return (!word.is_empty()).then_some(Part::Word(word));
        };
        // Meraki has a blank before some.
        let quoted = value.strip_prefix(' ').filter(|value| value.starts_with('\'')).unwrap_or(value);
        let quote = quoted.chars().next().filter(|quote| matches!(quote, '"' | '\''));
        let inside = quote.and_then(|quote| quoted.get(1..)?.split_once(quote));
        let (value, rest) = inside.unwrap_or_else(|| {
            let end = value.find(' ').unwrap_or(value.len());
            value.split_at_checked(end).unwrap_or((value, ""))
        });
        self.0 = rest;
        Some(Part::Pair(name, value))
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_quotes_may_hold_blanks() {
        let parts: Vec<_> = Parts("allow src=192.0.2.7 a='b c' d=\"e f\" g= 'h i' (x=y) j=").collect();
        let expected = [
            Part::Word("allow"),
            Part::Pair("src", "192.0.2.7"),
            Part::Pair("a", "b c"),
            Part::Pair("d", "e f"),
            Part::Pair("g", "h i"),
            Part::Word("(x=y)"),
            Part::Pair("j", ""),
        ];
        assert_eq!(parts, expected);
    }

    proptest::proptest! {
        #[test]
        fn any_text_has_an_end(text in "( |=|'|\"|a|é|\\(){0,40}") {
            let _ = Parts(&text).count();
        }
    }
}
