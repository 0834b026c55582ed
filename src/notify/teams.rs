//! Microsoft Teams, by a workflow of Power Automate that begins with "When a Teams webhook request is received".
//!
//! It takes a message with one Adaptive Card attached; the older connectors with their `MessageCard` are going away. `TextBlock` reads
//! its text as Markdown, in which a record could hide a link, so that all text stands in `TextRun`s, which do not.

use serde_json::{Value, json};

use super::http_post::Post;
use super::message::{Event, Message, Severity};
use super::target::Chat;
use super::words::{cut, facts, one_line, title};

/// A message has at most 28 KB, and a character of it up to 6 bytes.
const TITLE_CHARACTERS_MAX: usize = 200;
const DESCRIPTION_CHARACTERS_MAX: usize = 1000;
const FACT_CHARACTERS_MAX: usize = 150;
const FACTS_MAX: usize = 14;
const URL_CHARACTERS_MAX: usize = 1000;

pub(super) fn post<'a>(channel: &'a Chat, message: &Message, secrets: Vec<String>) -> Post<'a> {
    let body = serde_json::to_vec(&body(message)).expect("a value can be written as JSON");
    Post { url: &channel.url, path: None, headers: http::HeaderMap::new(), body, secrets }
}

fn body(message: &Message) -> Value {
    let alert = &message.alert;
    let title = title(message);
    let title = cut(&title, TITLE_CHARACTERS_MAX);
    let heading =
        json!({ "type": "TextRun", "text": title, "weight": "Bolder", "size": "Large", "color": color(message) });
    let mut blocks = vec![json!({ "type": "RichTextBlock", "inlines": [heading] })];
    if !alert.description.is_empty() {
        let description = one_line(&alert.description);
        blocks.push(json!({
            "type": "RichTextBlock",
            "inlines": [{ "type": "TextRun", "text": cut(&description, DESCRIPTION_CHARACTERS_MAX) }],
        }));
    }
    for (name, value) in facts(alert).iter().take(FACTS_MAX) {
        blocks.push(json!({
            "type": "RichTextBlock",
            "spacing": "Small",
            "inlines": [
                { "type": "TextRun", "text": format!("{}: ", cut(name, FACT_CHARACTERS_MAX)), "weight": "Bolder" },
                { "type": "TextRun", "text": cut(value, FACT_CHARACTERS_MAX) },
            ],
        }));
    }
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": { "width": "Full" },
        "body": blocks,
    });
    if !alert.url.is_empty() && alert.url.len() <= URL_CHARACTERS_MAX {
        let open = json!([{ "type": "Action.OpenUrl", "title": "Open the alert", "url": alert.url }]);
        if let Some(card) = card.as_object_mut() {
            card.insert("actions".to_owned(), open);
        }
    }
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": card,
        }],
    })
}

/// As cards name their colours.
fn color(message: &Message) -> &'static str {
    match (message.event, message.alert.severity) {
        (Event::Resolved, _) => "Good",
        (_, Severity::High | Severity::Critical) => "Attention",
        (_, Severity::Medium) => "Warning",
        (_, Severity::Info | Severity::Low) => "Accent",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::sample;

    #[test]
    fn a_card_tells_the_alert() {
        let pretty = |event| serde_json::to_string_pretty(&body(&sample(event))).unwrap();
        insta::assert_snapshot!("teams_raised", pretty(Event::Raised));
        insta::assert_snapshot!("teams_resolved", pretty(Event::Resolved));
    }

    #[test]
    fn the_largest_alert_is_below_the_limit_of_28_kilobytes() {
        let mut message = sample(Event::Raised);
        let alert = &mut message.alert;
        // Three bytes each; control characters, which take six in JSON, are replaced.
        let long = "\u{4e2d}".repeat(5000);
        alert.rule_name.clone_from(&long);
        alert.description.clone_from(&long);
        alert.group = (0..5).map(|_| (long.clone(), long.clone())).collect();
        alert.hosts = vec![long.clone(); 20];
        alert.tags = vec![long.clone(); 32];
        alert.related_user = Some(long);
        let length = body(&message).to_string().len();
        assert!(length < 28_000, "{length}");
    }

    #[test]
    fn all_text_stands_where_markdown_is_not_read() {
        let text = body(&sample(Event::Raised)).to_string();
        assert!(!text.contains("\"TextBlock\"") && !text.contains("\"FactSet\""), "{text}");
    }
}
