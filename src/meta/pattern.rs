//! Texts with `*` in them, which stands for anything or nothing.

/// Whether `text` is what `pattern` says. Without a `*` they are the same. Case counts.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    // What stands between two stars is best found as early as can be: more is left for what follows.
    let (between, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for piece in between.split('*') {
        let Some((_, behind)) = text.split_once(piece) else { return false };
        text = behind;
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_all_else_for_itself() {
        for (pattern, text) in [
            ("edge7", "edge7"),
            ("*", ""),
            ("*", "edge7"),
            ("edge*", "edge"),
            ("edge*", "edge7.example.org"),
            ("*.example.org", "edge7.example.org"),
            ("edge*.org", "edge7.example.org"),
            ("e*e*e*g", "edge7.example.org"),
            ("**a**", "a"),
            ("ü*é", "ü–é"),
            ("a*b*b", "abb"),
            ("", ""),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("edge7", "edge71"),
            ("edge7", "Edge7"),
            ("", "a"),
            ("edge*", "wedge"),
            ("*.org", "x.org.de"),
            ("aa*aa", "aaa"),
            ("a*b*b", "ab"),
            ("e*x*g", "edge7g"),
            ("a?c", "abc"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }
}
