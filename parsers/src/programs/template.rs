//! Patterns of messages: text with places, `Failed {method} for {user} from {ip} port`.

use super::Found;

/// A pattern, and the outcome that a message of its form states.
pub(super) type Pattern = (&'static str, &'static str);

/// A message is searched for at most this many bytes.
const TEXT_BYTES_MAX: usize = 1024;

/// What the first pattern that fits says.
pub(super) fn first<'a>(patterns: &[Pattern], text: &'a str) -> Option<Found<'a>> {
    let text = match text.char_indices().nth(TEXT_BYTES_MAX) {
        Some((end, _)) => text.get(..end)?,
        None => text,
    };
    patterns.iter().find_map(|(pattern, outcome)| {
        let mut found = fit(pattern, text)?;
        found.outcome = outcome;
        Some(found)
    })
}

/// A user's place is tried at no more than this many of the occurrences of the text behind it.
const TRIES_MAX: usize = 8;

/// Reads `text` by one pattern. A place reaches to the first occurrence of the text behind it; that of a user to the
/// last with which the rest fits, since a user's name is what a stranger typed and may hold the text itself.
fn fit<'a>(pattern: &'static str, text: &'a str) -> Option<Found<'a>> {
    let (literal, places) = pattern.split_once('{')?;
    let mut found = Found::default();
    fit_places(places, text.strip_prefix(literal)?, &mut found).then_some(found)
}

/// Reads `rest` by a pattern from within a place on.
fn fit_places<'a>(pattern: &'static str, rest: &'a str, found: &mut Found<'a>) -> bool {
    let Some((name, after)) = pattern.split_once('}') else { return false };
    let (literal, next) = after.split_once('{').map_or((after, None), |(literal, next)| (literal, Some(next)));
    if literal.is_empty() {
        take(name, rest, true, found);
        return next.is_none();
    }
    if name != "user" {
        let Some((value, tail)) = rest.split_once(literal) else { return false };
        take(name, value, false, found);
        return next.is_none_or(|next| fit_places(next, tail, found));
    }
    for (at, _) in rest.rmatch_indices(literal).take(TRIES_MAX) {
        let (Some(value), Some(tail)) = (rest.get(..at), rest.get(at + literal.len()..)) else { return false };
        let kept = found.fields.len();
        if next.is_none_or(|next| fit_places(next, tail, found)) {
            take(name, value, false, found);
            return true;
        }
        found.fields.truncate(kept);
    }
    false
}

fn take<'a>(name: &'static str, value: &'a str, is_last: bool, found: &mut Found<'a>) {
    match name {
        "user" => found.user = value.trim_matches(|c| matches!(c, '"' | '\'' | ' ')),
        "ip" => {
            let word = value.split([' ', ',', ';']).next().unwrap_or(value);
            found.ip = word.trim_matches(|c| matches!(c, '[' | ']' | '"' | '.'));
        }
        "_" => {}
        // One word, unless the pattern goes on: "port 4000 ssh2".
        _ if is_last => found.fields.push((name, value.split([' ', ',', ';', ':']).next().unwrap_or(value))),
        _ => found.fields.push((name, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_users_place_reaches_to_the_last_occurrence() {
        let found = fit("for {user} from {ip} port {port}", "for a from b from 192.0.2.7 port 4 ssh2").unwrap();
        assert_eq!((found.user, found.ip, &*found.fields), ("a from b", "192.0.2.7", &[("port", "4")][..]));
        assert_eq!(fit("for {user} from {ip}", "to x from y"), None);
    }
}
