//! Reads a channel's configuration from JSON, strictly.
//!
//! What is shown can be sent back with a change: a secret that is null or missing stays as it was, but only for the same receiver.

use serde_json::Value;

use super::syslog::Facility;
use super::target::{Alertmanager, ChannelConfig, Chat, Email, Fault, Kind, Login, Syslog, Transport, Webhook};
use super::target_fields::{Fields, SecretField};
use super::web_address::WebAddress;
use crate::config::secret_text::SecretText;

const SECRET_CHARACTERS: std::ops::RangeInclusive<usize> = 16..=256;
const HEADERS_MAX: usize = 16;
const HEADER_CHARACTERS_MAX: usize = 4096;
const ADDRESSES_MAX: usize = 50;
const PREFIX_CHARACTERS_MAX: usize = 64;
const LOGIN_CHARACTERS_MAX: usize = 4096;

/// Headers that are ours to set.
const OUR_HEADERS: [&str; 13] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "proxy-connection",
    "accept-encoding",
    "user-agent",
];

impl ChannelConfig {
    /// Reads what a person sent, or what is stored. Secrets that are null or missing are those of `stored`, if that has the same kind
    /// and, where they would be sent along, the same receiver: nobody gets at a secret by moving its channel.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(kind: Kind, value: &Value, stored: Option<&Self>) -> Result<Self, Vec<Fault>> {
        let fields = Fields::of(value)?;
        match (kind, stored) {
            (Kind::Webhook, Some(Self::Webhook(stored))) => webhook(fields, Some(stored)),
            (Kind::Webhook, _) => webhook(fields, None),
            (Kind::Email, _) => email(fields),
            (Kind::Slack, Some(Self::Slack(stored))) => chat(fields, Some(&stored.url)).map(Self::Slack),
            (Kind::Slack, _) => chat(fields, None).map(Self::Slack),
            (Kind::Teams, Some(Self::Teams(stored))) => chat(fields, Some(&stored.url)).map(Self::Teams),
            (Kind::Teams, _) => chat(fields, None).map(Self::Teams),
            (Kind::Alertmanager, Some(Self::Alertmanager(stored))) => alertmanager(fields, Some(stored)),
            (Kind::Alertmanager, _) => alertmanager(fields, None),
            (Kind::Syslog, _) => syslog(fields),
        }
    }
}

fn webhook(mut fields: Fields, stored: Option<&Webhook>) -> Result<ChannelConfig, Vec<Fault>> {
    let url = fields.web_address("url", None);
    // The key itself is never sent, so that it may stay wherever the channel moves.
    let secret = match fields.secret("secret", is_signing_key) {
        SecretField::Given(secret) => Some(secret),
        SecretField::Kept => stored.and_then(|stored| stored.secret.clone()),
        SecretField::Removed => None,
    };
    let is_same = stored.zip(url.as_ref()).is_some_and(|(stored, url)| stored.url.is_same_origin(url));
    let kept = stored.map_or(&[][..], |stored| &stored.headers);
    let mut headers = Vec::new();
    match fields.named_texts("headers") {
        None if is_same || kept.is_empty() => headers = kept.to_vec(),
        None => fields.fault("headers", GIVEN_AGAIN),
        Some(named) if named.len() > HEADERS_MAX => fields.fault("headers", "must be at most 16"),
        Some(named) => {
            for (name, value) in named {
                let field = format!("headers.{name}");
                if let Err(problem) = is_header_name(&name) {
                    fields.fault(field, problem);
                    continue;
                }
                let before = kept.iter().find(|(kept, _)| *kept == name).map(|(_, value)| value.clone());
                match (value, before) {
                    (Some(value), _) => match is_header_value(&value) {
                        Ok(()) => headers.push((name, value.as_str().into())),
                        Err(problem) => fields.fault(field, problem),
                    },
                    (None, Some(before)) if is_same => headers.push((name, before)),
                    (None, Some(_)) => fields.fault(field, GIVEN_AGAIN),
                    (None, None) => fields.fault(field, "is missing"),
                }
            }
        }
    }
    let read = url.map(|url| ChannelConfig::Webhook(Webhook { url, secret, headers }));
    fields.finish(read, &["url", "secret", "headers"])
}

fn email(mut fields: Fields) -> Result<ChannelConfig, Vec<Fault>> {
    let texts = fields.texts("to");
    if texts.len() > ADDRESSES_MAX {
        fields.fault("to", "must be at most 50 addresses");
    }
    let mut to: Vec<lettre::Address> = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        match text.parse() {
            Ok(address) if to.contains(&address) => fields.fault(format!("to[{number}]"), "is there twice"),
            Ok(address) => to.push(address),
            Err(_) => fields.fault(format!("to[{number}]"), "is not a mail address"),
        }
    }
    let subject_prefix = fields.text("subject_prefix").unwrap_or_default();
    if subject_prefix.chars().count() > PREFIX_CHARACTERS_MAX {
        fields.fault("subject_prefix", "must have at most 64 characters");
    }
    if subject_prefix.chars().any(char::is_control) {
        fields.fault("subject_prefix", "must have no control characters");
    }
    fields.finish(Some(ChannelConfig::Email(Email { to, subject_prefix })), &["to", "subject_prefix"])
}

fn chat(mut fields: Fields, stored: Option<&WebAddress>) -> Result<Chat, Vec<Fault>> {
    let url = fields.web_address("url", stored);
    fields.finish(url.map(|url| Chat { url }), &["url"])
}

fn alertmanager(mut fields: Fields, stored: Option<&Alertmanager>) -> Result<ChannelConfig, Vec<Fault>> {
    let url = fields.web_address("url", None);
    if url.as_ref().is_some_and(WebAddress::has_query) {
        fields.fault("url", "must have no query: it is what stands before /api/v2/alerts");
    }
    let (password_before, token_before) = match stored.map(|stored| &stored.login) {
        Some(Login::Basic { password, .. }) => (Some(password.clone()), None),
        Some(Login::Bearer { token }) => (None, Some(token.clone())),
        Some(Login::None) | None => (None, None),
    };
    let is_same = stored.zip(url.as_ref()).is_some_and(|(stored, url)| stored.url.is_same_origin(url));
    let username = fields.text("username");
    let password_field = fields.secret("password", is_password);
    let token_field = fields.secret("bearer_token", is_header_value);
    // A stored secret is let go when the other way to log in is chosen.
    let is_token_given = matches!(token_field, SecretField::Given(_));
    let is_login_given = username.is_some() || matches!(password_field, SecretField::Given(_));
    let password_before = password_before.filter(|_| !is_token_given || username.is_some());
    let token_before = token_before.filter(|_| !is_login_given);
    let mut settle = |name: &str, field: SecretField, before: Option<SecretText>| match field {
        SecretField::Given(secret) => Some(secret),
        SecretField::Removed => None,
        SecretField::Kept if before.is_some() && !is_same => {
            fields.fault(name, GIVEN_AGAIN);
            before
        }
        SecretField::Kept => before,
    };
    let password = settle("password", password_field, password_before);
    let token = settle("bearer_token", token_field, token_before);
    let login = match (username, password, token) {
        (None, None, None) => Some(Login::None),
        (Some(username), Some(password), None) => {
            if username.is_empty() || username.contains(':') || is_password(&username).is_err() {
                fields.fault("username", "must be text without a colon and control characters");
            }
            Some(Login::Basic { username, password })
        }
        (None, None, Some(token)) => Some(Login::Bearer { token }),
        (Some(_), None, None) => {
            fields.fault("password", "is given with username");
            None
        }
        (None, Some(_), None) => {
            fields.fault("username", "is given with password");
            None
        }
        (_, _, Some(_)) => {
            fields.fault("bearer_token", "is given instead of username and password, not beside them");
            None
        }
    };
    let read = url.zip(login).map(|(url, login)| ChannelConfig::Alertmanager(Alertmanager { url, login }));
    fields.finish(read, &["url", "username", "password", "bearer_token"])
}

fn syslog(mut fields: Fields) -> Result<ChannelConfig, Vec<Fault>> {
    let host = fields.required_text("host");
    if let Some(host) = &host
        && !is_host(host)
    {
        fields.fault("host", "is not a host's name or address");
    }
    let transport = match fields.text("transport") {
        None => Transport::Udp,
        Some(name) => Transport::ALL.into_iter().find(|transport| transport.name() == name).unwrap_or_else(|| {
            fields.fault("transport", "must be udp, tcp or tls");
            Transport::Udp
        }),
    };
    let port = match fields.take("port") {
        None => transport.usual_port(),
        Some(value) => {
            value.as_u64().and_then(|port| u16::try_from(port).ok()).filter(|port| *port != 0).unwrap_or_else(|| {
                fields.fault("port", "must be a number from 1 to 65535");
                transport.usual_port()
            })
        }
    };
    let facility = match fields.text("facility") {
        None => Facility::LOCAL0,
        Some(name) => Facility::from_name(&name).unwrap_or_else(|| {
            fields.fault("facility", format!("must be one of {}", Facility::NAMES.join(", ")));
            Facility::LOCAL0
        }),
    };
    let read = host.map(|host| ChannelConfig::Syslog(Syslog { host, port, transport, facility }));
    fields.finish(read, &["host", "port", "transport", "facility"])
}

const GIVEN_AGAIN: &str = "must be given again, because the receiver is another one";

fn is_signing_key(text: &str) -> Result<(), &'static str> {
    if SECRET_CHARACTERS.contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err("must have 16 to 256 characters and no control characters")
}

fn is_password(text: &str) -> Result<(), &'static str> {
    if text.len() <= LOGIN_CHARACTERS_MAX && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err("must have at most 4096 bytes and no control characters")
}

fn is_header_name(name: &str) -> Result<(), &'static str> {
    let lower = name.to_ascii_lowercase();
    if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Err("is not a header's name");
    }
    if OUR_HEADERS.contains(&lower.as_str()) || lower.starts_with("x-logseal-") {
        return Err("is set by logseal itself");
    }
    Ok(())
}

fn is_header_value(value: &str) -> Result<(), &'static str> {
    let is_plain = value.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    if is_plain && value.trim() == value && value.len() <= HEADER_CHARACTERS_MAX {
        return Ok(());
    }
    Err("must be at most 4096 printable ASCII characters without spaces around")
}

fn is_host(host: &str) -> bool {
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    is_address || ((1..=253).contains(&host.len()) && host.bytes().all(is_name))
}
