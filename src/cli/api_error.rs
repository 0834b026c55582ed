//! The API's error envelope, as a person wants to read it.

use serde::Deserialize;

/// What the API says when it refuses: see the conventions of the API's description.
#[derive(Debug, Default, Deserialize)]
struct Envelope {
    #[serde(default)]
    message: String,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default, rename = "traceId")]
    trace_id: Option<String>,
    #[serde(default)]
    errors: Vec<Field>,
}

#[derive(Debug, Deserialize)]
struct Field {
    #[serde(default)]
    field: String,
    #[serde(default)]
    detail: String,
}

/// What to do about a request without a token, or with one that is not good.
const NO_TOKEN: &str = "the daemon wants to know who asks: run this in the folder that holds the daemon's data folder (or name that \
     with --data-dir), as its user; or name a token with --token-file FILE or the variable LOGSEAL_TOKEN. On the daemon's machine \
     `logseal token add NAME --scope read` makes one";

/// Words around a place in a query text that still fit on a line.
const SHOWN_CHARS_MAX: usize = 100;

/// What the daemon said, for the person who typed `query`; a fault in the query is pointed at.
pub(super) fn explain(status: u16, body: &[u8], query: &str) -> String {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(body) else {
        let excerpt: String = String::from_utf8_lossy(body).chars().take(200).collect();
        return format!("the daemon answered with status {status}: {}", excerpt.trim());
    };
    let fault = envelope.errors.iter().find(|error| error.field == "q").map(|error| error.detail.as_str());
    let detail = envelope.detail.as_deref().unwrap_or(&envelope.message);
    if let Some((column, message)) = [fault, Some(detail)].into_iter().flatten().find_map(column_of)
        && let Some(picture) = picture(query, column)
    {
        return format!("the query cannot be understood: {message}\n\n{picture}");
    }
    if status == 401 {
        return NO_TOKEN.to_owned();
    }
    let mut text = if status >= 500 { format!("the daemon answered: {detail}") } else { detail.to_owned() };
    for error in envelope.errors.iter().filter(|error| !detail.contains(&error.detail)) {
        text.push_str(&format!("\n  {}: {}", error.field, error.detail));
    }
    if let (true, Some(id)) = (status >= 500, &envelope.trace_id) {
        text.push_str(&format!(" (trace {id})"));
    }
    text
}

/// The number and the text of `… column 7: text`.
fn column_of(detail: &str) -> Option<(usize, &str)> {
    let (_, rest) = detail.split_once("column ")?;
    let (number, message) = rest.split_once(':')?;
    Some((number.trim().parse().ok()?, message.trim()))
}

/// The query with a caret under the character at `column`, which counts from 1.
fn picture(query: &str, column: usize) -> Option<String> {
    let chars: Vec<char> = query.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let place = column.checked_sub(1).filter(|place| *place <= chars.len())?;
    let first = place.saturating_sub(SHOWN_CHARS_MAX / 2);
    let shown: String = chars.iter().skip(first).take(SHOWN_CHARS_MAX).collect();
    if shown.is_empty() {
        return None;
    }
    Some(format!("  {shown}\n  {}^", " ".repeat(place - first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_in_the_query_is_pointed_at() {
        let body = br#"{"code":422,"message":"invalid parameter","detail":"q: column 9: expected a value","errors":[{"field":"q","detail":"column 9: expected a value"}]}"#;
        assert_eq!(
            explain(422, body, "a level:)"),
            "the query cannot be understood: expected a value\n\n  a level:)\n          ^"
        );
    }

    #[test]
    fn a_fault_at_the_end_and_far_inside_is_pointed_at() {
        assert_eq!(picture("(a", 3).unwrap(), "  (a\n    ^");
        let long = "x".repeat(500);
        let shown = picture(&long, 301).unwrap();
        assert_eq!(shown.lines().last().unwrap().find('^'), Some(52));
        assert!(picture("a", 9).is_none());
        assert!(picture("", 0).is_none());
    }

    #[test]
    fn other_errors_are_the_detail_with_all_fields() {
        let body = br#"{"code":422,"message":"invalid parameter","detail":"2 parameters are wrong","errors":[{"field":"size","detail":"must be 1 to 1000"}]}"#;
        assert_eq!(explain(422, body, ""), "2 parameters are wrong\n  size: must be 1 to 1000");
        let body = br#"{"code":500,"message":"internal error","detail":null,"traceId":"t-1"}"#;
        assert_eq!(explain(500, body, ""), "the daemon answered: internal error (trace t-1)");
        assert_eq!(explain(502, b"<html>", ""), "the daemon answered with status 502: <html>");
    }
}
