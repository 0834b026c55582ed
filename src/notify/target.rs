//! Who is told, and how: the configuration of a channel, by its kind.
//!
//! It has two forms as JSON: the one that is stored, with its secrets, and the one that is shown, with null for each secret and
//! `has_secret`. [`ChannelConfig::read`] reads both, and is in `target_read`.

use std::fmt;

use lettre::Address;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::syslog::Facility;
use super::web_address::WebAddress;
use crate::config::secret_text::SecretText;

/// One field that is wrong, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub field: String,
    pub problem: String,
}

/// The kinds of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Webhook,
    Email,
    Slack,
    Teams,
    Alertmanager,
    Syslog,
}

/// How one channel is reached; everything in it has been checked.
#[derive(Clone, Debug, PartialEq)]
pub enum ChannelConfig {
    Webhook(Webhook),
    Email(Email),
    Slack(Chat),
    Teams(Chat),
    Alertmanager(Alertmanager),
    Syslog(Syslog),
}

/// Any program that takes JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    pub url: WebAddress,
    /// Signs what is sent.
    pub secret: Option<SecretText>,
    /// Sent along; their values are secrets, too.
    pub headers: Vec<(String, SecretText)>,
}

/// People with mail addresses.
#[derive(Clone, Debug, PartialEq)]
pub struct Email {
    pub to: Vec<Address>,
    pub subject_prefix: String,
}

/// A chat's room. Who knows the address may write there: it is the secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Chat {
    pub url: WebAddress,
}

/// Prometheus' Alertmanager.
#[derive(Clone, Debug, PartialEq)]
pub struct Alertmanager {
    /// What stands before `/api/v2/alerts`.
    pub url: WebAddress,
    pub login: Login,
}

/// How we show who we are.
#[derive(Clone, Debug, PartialEq)]
pub enum Login {
    None,
    Basic { username: String, password: SecretText },
    Bearer { token: SecretText },
}

/// A receiver of RFC 5424.
#[derive(Clone, Debug, PartialEq)]
pub struct Syslog {
    pub host: String,
    pub port: u16,
    pub transport: Transport,
    pub facility: Facility,
}

/// What syslog goes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
}

impl Kind {
    pub const ALL: [Self; 6] = [Self::Webhook, Self::Email, Self::Slack, Self::Teams, Self::Alertmanager, Self::Syslog];

    /// As it is stored and written by people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Email => "email",
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::Alertmanager => "alertmanager",
            Self::Syslog => "syslog",
        }
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl Transport {
    pub(super) const ALL: [Self; 3] = [Self::Udp, Self::Tcp, Self::Tls];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
        }
    }

    pub(super) fn usual_port(self) -> u16 {
        match self {
            Self::Udp => 514,
            Self::Tcp => 601,
            Self::Tls => 6514,
        }
    }
}

impl ChannelConfig {
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Webhook(_) => Kind::Webhook,
            Self::Email(_) => Kind::Email,
            Self::Slack(_) => Kind::Slack,
            Self::Teams(_) => Kind::Teams,
            Self::Alertmanager(_) => Kind::Alertmanager,
            Self::Syslog(_) => Kind::Syslog,
        }
    }

    /// The form that is stored, with secrets.
    #[must_use]
    pub fn stored(&self) -> Value {
        self.json(&|secret| Value::from(secret))
    }

    /// The form that people see. `has_secret` says whether there is any where null stands.
    #[must_use]
    pub fn masked(&self) -> Value {
        let mut shown = self.json(&|_| Value::Null);
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("has_secret".to_owned(), Value::Bool(!self.secrets().is_empty()));
        }
        shown
    }

    fn json(&self, secret: &dyn Fn(&str) -> Value) -> Value {
        let optional = |text: Option<&SecretText>| text.map_or(Value::Null, |text| secret(text.expose()));
        match self {
            Self::Webhook(Webhook { url, secret: key, headers }) => {
                let headers: Map<String, Value> =
                    headers.iter().map(|(name, value)| (name.clone(), secret(value.expose()))).collect();
                json!({ "url": url.expose(), "secret": optional(key.as_ref()), "headers": headers })
            }
            Self::Email(Email { to, subject_prefix }) => {
                let to: Vec<String> = to.iter().map(Address::to_string).collect();
                json!({ "to": to, "subject_prefix": subject_prefix })
            }
            Self::Slack(Chat { url }) | Self::Teams(Chat { url }) => json!({ "url": secret(&url.expose()) }),
            Self::Alertmanager(Alertmanager { url, login }) => {
                let (username, password, token) = match login {
                    Login::None => (None, None, None),
                    Login::Basic { username, password } => (Some(username), Some(password), None),
                    Login::Bearer { token } => (None, None, Some(token)),
                };
                json!({
                    "url": url.expose(),
                    "username": username,
                    "password": optional(password),
                    "bearer_token": optional(token),
                })
            }
            Self::Syslog(Syslog { host, port, transport, facility }) => json!({
                "host": host,
                "port": port,
                "transport": transport.name(),
                "facility": facility.name(),
            }),
        }
    }

    /// Every text that must not stand in an error.
    pub(super) fn secrets(&self) -> Vec<String> {
        match self {
            Self::Webhook(Webhook { secret, headers, .. }) => {
                let key = secret.iter().map(|key| key.expose().to_owned());
                key.chain(headers.iter().map(|(_, value)| value.expose().to_owned())).collect()
            }
            Self::Email(_) | Self::Syslog(_) => Vec::new(),
            Self::Slack(Chat { url }) | Self::Teams(Chat { url }) => vec![url.path().to_owned()],
            Self::Alertmanager(Alertmanager { login, .. }) => match login {
                Login::None => Vec::new(),
                Login::Basic { password, .. } => vec![password.expose().to_owned()],
                Login::Bearer { token } => vec![token.expose().to_owned()],
            },
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
