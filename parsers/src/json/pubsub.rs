//! What Google's Pub/Sub puts around a message: the bytes of the message in base64.
//!
//! ```json
//! {"message":{"data":"Y2FydCBpcyBlbXB0eQ==","messageId":"7","publishTime":"2023-11-14T22:13:20Z"},"subscription":"projects/p/subscriptions/s"}
//! ```

use std::borrow::Cow;

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};

use crate::LogEvent;

/// Makes the bytes that a record of Pub/Sub's carries its message. The time at which they were published counts where they state none.
pub(super) fn unwrap(event: &mut LogEvent<'_>, cx: &crate::Context) {
    let Some(data) = event.attributes.get("message.data") else { return };
    let is_pubsubs = ["subscription", "message.publishTime", "message.messageId"]
        .iter()
        .any(|name| event.attributes.get(name).is_some());
    let Some(bytes) = is_pubsubs.then(|| decode(data)).flatten() else { return };
    event.message = Cow::Owned(bytes);
    if event.message.first() == Some(&b'{') {
        let published = event.timestamp.take();
        super::complete_from_message(event, cx);
        event.timestamp = event.timestamp.or(published);
    }
}

/// The text that is written in base64, in either alphabet; `None` where it is none.
fn decode(text: &str) -> Option<Vec<u8>> {
    const ANY_PADDING: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let alphabet = if text.contains(['-', '_']) { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    let bytes = GeneralPurpose::new(alphabet, ANY_PADDING).decode(text).ok()?;
    (!bytes.is_empty() && std::str::from_utf8(&bytes).is_ok()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::parse;
    use crate::{Context, Format, Level, Zone};

    const CX: Context = Context { received_at: 0, zone: Zone::UTC };

    #[test]
    fn base64_is_text_or_nothing() {
        assert_eq!(decode("Y2FydA==").as_deref(), Some(&b"cart"[..]));
        assert_eq!(decode("Y2FydHM").as_deref(), Some(&b"carts"[..]));
        assert_eq!(decode("_w=="), None);
        assert_eq!(decode("a b"), None);
        assert_eq!(decode(""), None);
    }

    #[test]
    fn the_message_of_a_subscription_is_what_was_published() {
        let line = br#"{"message":{"data":"Y2FydCBpcyBlbXB0eQ==","messageId":"7","publishTime":"2023-11-14T22:13:20Z"},"subscription":"s"}"#;
        let event = parse(Format::Auto, line, &CX);
        assert_eq!((&*event.message, event.timestamp), (&b"cart is empty"[..], Some(1_700_000_000_000_000)));
        // {"severity":"ERROR","timestamp":"2023-11-14T22:13:10Z"}
        let line = br#"{"message":{"data":"eyJzZXZlcml0eSI6IkVSUk9SIiwidGltZXN0YW1wIjoiMjAyMy0xMS0xNFQyMjoxMzoxMFoifQ==","messageId":"7","publishTime":"2023-11-14T22:13:20Z"}}"#;
        let event = parse(Format::Auto, line, &CX);
        assert_eq!((event.level, event.timestamp), (Level::Error, Some(1_699_999_990_000_000)));
    }

    #[test]
    fn other_data_stays_as_it_is() {
        let line = br#"{"message":{"data":"Y2FydA=="},"level":"info"}"#;
        assert_eq!(&*parse(Format::Auto, line, &CX).message, line);
    }
}
