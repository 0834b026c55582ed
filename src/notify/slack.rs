//! Slack, and what takes its incoming webhooks (Mattermost, Rocket.Chat): blocks.
//!
//! Slack reads `<…>` as links and mentions, so that `&`, `<` and `>` are written as entities. `verbatim` keeps it from making links and
//! mentions of plain text.

use serde_json::{Value, json};

use super::http_post::Post;
use super::message::Message;
use super::target::Chat;
use super::words::{cut, facts, one_line, title};

/// Slack's own are 150, 3,000 and 2,000, and 10 fields a section; what is escaped grows fivefold at most.
const TITLE_CHARACTERS_MAX: usize = 140;
const DESCRIPTION_CHARACTERS_MAX: usize = 590;
const FIELD_CHARACTERS_MAX: usize = 390;
const FIELDS_MAX: usize = 10;

pub(super) fn post<'a>(channel: &'a Chat, message: &Message, secrets: Vec<String>) -> Post<'a> {
    let body = serde_json::to_vec(&body(message)).expect("a value can be written as JSON");
    Post { url: &channel.url, path: None, headers: http::HeaderMap::new(), body, secrets }
}

fn body(message: &Message) -> Value {
    let alert = &message.alert;
    let title = title(message);
    let title = cut(&title, TITLE_CHARACTERS_MAX);
    let mut blocks = vec![section(&format!("*{}*", escaped(&title)))];
    if !alert.description.is_empty() {
        // Whether the text is a list, a quotation or code is not the record's to say.
        let description = cut(&alert.description, DESCRIPTION_CHARACTERS_MAX);
        blocks.push(json!({ "type": "section", "text": plain(&escaped(&description)) }));
    }
    let fields: Vec<Value> = facts(alert)
        .iter()
        .map(|(name, value)| plain(&escaped(&cut(&format!("{name}: {value}"), FIELD_CHARACTERS_MAX))))
        .collect();
    for fields in fields.chunks(FIELDS_MAX) {
        blocks.push(json!({ "type": "section", "fields": fields }));
    }
    blocks.push(section(&format!("<{}|Open the alert>", link(&alert.url))));
    json!({ "text": escaped(&title), "blocks": blocks })
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

fn plain(text: &str) -> Value {
    json!({ "type": "plain_text", "text": text, "emoji": false })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// What would end the address is written in its percent form.
fn link(url: &str) -> String {
    escaped(&one_line(url).replace('|', "%7C").replace('<', "%3C").replace('>', "%3E").replace(' ', "%20"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::{Event, sample};

    #[test]
    fn blocks_tell_the_alert() {
        let pretty = |event| serde_json::to_string_pretty(&body(&sample(event))).unwrap();
        insta::assert_snapshot!("slack_raised", pretty(Event::Raised));
        insta::assert_snapshot!("slack_resolved", pretty(Event::Resolved));
    }

    #[test]
    fn no_text_of_a_record_becomes_a_mention_or_a_link() {
        let mut message = sample(Event::Raised);
        message.alert.rule_name = "<!channel>".to_owned();
        message.alert.url = "https://h/x|y> <!here>".to_owned();
        let text = body(&message).to_string();
        assert!(!text.contains("<!") && text.contains("&lt;!channel&gt;"), "{text}");
        assert!(text.contains("<https://h/x%7Cy%3E%20%3C!here%3E|Open the alert>"), "{text}");
    }

    #[test]
    fn the_limits_of_slack_hold_for_the_largest_alert() {
        let mut message = sample(Event::Raised);
        let alert = &mut message.alert;
        alert.rule_name = "&".repeat(1000);
        alert.description = "&".repeat(10_000);
        alert.group = (0..5).map(|n| (format!("attributes.{n}"), "&".repeat(2000))).collect();
        alert.hosts = vec!["&".repeat(300); 20];
        let body = body(&message);
        let blocks = body["blocks"].as_array().unwrap();
        assert!(blocks.len() <= 50);
        for block in blocks {
            let text = block["text"]["text"].as_str().unwrap_or_default();
            assert!(text.chars().count() <= 3000);
            let fields = block["fields"].as_array().map_or(&[][..], Vec::as_slice);
            assert!(fields.len() <= 10);
            assert!(fields.iter().all(|field| field["text"].as_str().unwrap().chars().count() <= 2000));
        }
    }
}
