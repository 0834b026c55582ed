//! The keys of `[[syslog]]` and `[[listener]]`: ports that shippers send to.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use logseal_parsers::Zone;
use logseal_parsers::multiline::Rule;
use serde::{Deserialize, Serialize};

use super::api::Tls;
use super::listener_tokens;
use super::secret_text::SecretText;
use super::source_name::{self, RESERVED_DETAIL, SOURCE_BYTES_MAX, SourceFault, UNREADABLE_DETAIL};
use super::{Networks, WAIT_MAX};

/// One listener. What is not stated depends on its protocol.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListenerConfig {
    pub protocol: Protocol,
    /// The source under which its records are filed; not stated: the protocol's name, or what the protocol says of each record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    pub transport: Transport,
    /// Not stated: the protocol's usual port on loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// Networks that may send; none: all may.
    pub allow: Networks,
    /// The zone of stamps that do not state one: `UTC`, `+02:00`, `Europe/Berlin`.
    #[serde(with = "as_text")]
    pub zone: Zone,
    /// The name of the format of the lines that the protocol carries, where it leaves that open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Which lines belong together, over TCP.
    #[serde(with = "as_text", skip_serializing_if = "is_none")]
    pub multiline: Rule,
    /// A record whose lines are joined is complete when nothing comes for so long.
    pub multiline_wait_ms: u64,
    pub frame_bytes_max: usize,
    pub connections_max: usize,
    pub idle_seconds: u64,
    /// Records a second from one address; 0 is no limit. TCP senders are slowed down, datagrams dropped and counted.
    pub records_per_second_per_sender: u32,
    /// Socket buffer asked of the kernel (UDP).
    pub receive_buffer_bytes: usize,
    /// What clients must know (fluent); empty: nothing.
    #[serde(skip_serializing_if = "SecretText::is_empty")]
    pub shared_key: SecretText,
    /// Whether Fluentd's heartbeats over UDP are answered, on the port of the same number (fluent).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub udp_heartbeat: bool,
    /// How connections may be compressed as a whole (syslog and json, over tcp and tls).
    #[serde(skip_serializing_if = "Compression::is_none")]
    pub compression: Compression,
    /// The passwords of those who may send, by their names (fluent); none: nobody is asked.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub users: BTreeMap<String, SecretText>,
    /// The name of the API token that every client acts as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The name of the API token that a client acts as, by its user's name (fluent) or a name of its certificate; others are refused.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tokens: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

impl Default for ListenerConfig {
    fn default() -> Self {
        Self {
            protocol: Protocol::Syslog,
            source: None,
            transport: Transport::Tcp,
            listen: None,
            allow: Networks::default(),
            zone: Zone::UTC,
            format: None,
            multiline: Rule::None,
            multiline_wait_ms: 1000,
            frame_bytes_max: 64 << 10,
            connections_max: 1024,
            idle_seconds: 3600,
            records_per_second_per_sender: 0,
            receive_buffer_bytes: 8 << 20,
            shared_key: SecretText::default(),
            udp_heartbeat: false,
            compression: Compression::None,
            users: BTreeMap::new(),
            token: None,
            tokens: BTreeMap::new(),
            tls: None,
        }
    }
}

impl ListenerConfig {
    /// A syslog listener with every default stated.
    pub(super) fn syslog(transport: Transport) -> Self {
        let unstated = Self { transport, ..Self::default() };
        Self {
            source: Some(unstated.source().to_owned()),
            listen: Some(unstated.listen()),
            format: Some(unstated.format().to_owned()),
            ..unstated
        }
    }

    /// Whether records of `sender` are taken.
    #[must_use]
    pub fn allows(&self, sender: IpAddr) -> bool {
        self.allow.is_empty() || self.allow.contains(sender)
    }

    /// The source of records whose protocol does not say one.
    #[must_use]
    pub fn source(&self) -> &str {
        self.source.as_deref().unwrap_or(self.protocol.as_str())
    }

    /// The address to bind.
    #[must_use]
    pub fn listen(&self) -> SocketAddr {
        self.listen.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, self.protocol.usual_port(self.transport)).into())
    }

    /// The name of the format of the lines that the protocol carries.
    #[must_use]
    pub fn format(&self) -> &str {
        self.format.as_deref().unwrap_or(match self.protocol {
            Protocol::Syslog | Protocol::Relp => "syslog",
            Protocol::Json => "auto",
            Protocol::Gelf => "gelf",
            Protocol::Fluent | Protocol::Beats => "json",
        })
    }

    /// The API tokens that its clients may act as.
    pub fn token_names(&self) -> impl Iterator<Item = &str> {
        self.token.iter().chain(self.tokens.values()).map(String::as_str)
    }

    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        match self.source.as_deref().map(source_name::check) {
            Some(Err(SourceFault::Length)) => {
                return Err(("source", format!("must have 1 to {SOURCE_BYTES_MAX} bytes")));
            }
            Some(Err(SourceFault::Unreadable)) => return Err(("source", UNREADABLE_DETAIL.to_owned())),
            Some(Err(SourceFault::Reserved)) => return Err(("source", RESERVED_DETAIL.to_owned())),
            Some(Ok(())) | None => {}
        }
        if !(480..=16 << 20).contains(&self.frame_bytes_max) {
            return Err(("frame_bytes_max", format!("{} is not within 480 to 16777216", self.frame_bytes_max)));
        }
        if self.connections_max == 0 {
            return Err(("connections_max", "must be 1 or more".to_owned()));
        }
        if !(1..=WAIT_MAX).contains(&self.idle_seconds) {
            return Err(("idle_seconds", format!("{} is not within 1 to {WAIT_MAX}", self.idle_seconds)));
        }
        if self.transport == Transport::Udp && !self.protocol.has_datagrams() {
            return Err(("transport", format!("{} is not spoken over udp", self.protocol)));
        }
        for (key, is_stated) in [
            ("shared_key", !self.shared_key.is_empty()),
            ("users", !self.users.is_empty()),
            ("udp_heartbeat", self.udp_heartbeat),
        ] {
            if is_stated && self.protocol != Protocol::Fluent {
                return Err((key, format!("{} has none", self.protocol)));
            }
        }
        if self.users.iter().any(|(name, password)| name.is_empty() || password.is_empty()) {
            return Err(("users", "every user has a name and a password".to_owned()));
        }
        let is_stream_of_lines = matches!(self.protocol, Protocol::Syslog | Protocol::Json);
        if !self.compression.is_none() && (!is_stream_of_lines || self.transport == Transport::Udp) {
            return Err(("compression", format!("{} over {} has none", self.protocol, self.transport)));
        }
        let has_lines = matches!(self.protocol, Protocol::Syslog | Protocol::Json) && self.transport != Transport::Udp;
        if self.multiline != Rule::None && !has_lines {
            return Err(("multiline", format!("{} over {} has no lines to join", self.protocol, self.transport)));
        }
        if !(1..=60_000).contains(&self.multiline_wait_ms) {
            return Err(("multiline_wait_ms", format!("{} is not within 1 to 60000", self.multiline_wait_ms)));
        }
        listener_tokens::check(self)?;
        match (self.transport, &self.tls) {
            (Transport::Tls, None) => Err(("tls", "transport \"tls\" needs certificate and key".to_owned())),
            (Transport::Tcp | Transport::Udp, Some(_)) => Err(("tls", "is only for transport \"tls\"".to_owned())),
            _ => Ok(()),
        }
    }
}

/// What is spoken on a listener's port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    #[default]
    Syslog,
    /// rsyslog's reliable event logging protocol: each record is acknowledged.
    Relp,
    /// Fluentd's Forward protocol.
    Fluent,
    /// Graylog's format, ended by NUL over TCP, in chunks over UDP.
    Gelf,
    /// JSON, or whatever lines there are, ended by a line feed or NUL.
    Json,
    /// Lumberjack.
    Beats,
}

impl Protocol {
    /// The name, as it is configured.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syslog => "syslog",
            Self::Relp => "relp",
            Self::Fluent => "fluent",
            Self::Gelf => "gelf",
            Self::Json => "json",
            Self::Beats => "beats",
        }
    }

    /// The port that is written in the manuals of its clients; for those below 1024, one with 5000 or 2000 added.
    fn usual_port(self, transport: Transport) -> u16 {
        match self {
            // RFC 5425, section 4.1.
            Self::Syslog if transport == Transport::Tls => 6514,
            Self::Syslog => 5514,
            Self::Relp => 2514,
            Self::Fluent => 24224,
            Self::Gelf => 12201,
            Self::Json => 5170,
            Self::Beats => 5044,
        }
    }

    fn has_datagrams(self) -> bool {
        match self {
            Self::Syslog | Self::Gelf => true,
            Self::Relp | Self::Fluent | Self::Json | Self::Beats => false,
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How connections may be compressed as a whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    #[default]
    None,
    /// One that begins as zlib does is decompressed, any other is taken as it is.
    Zlib,
}

impl Compression {
    /// Whether what comes is taken as it is.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// How records reach a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    Tcp,
    Udp,
    Tls,
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Tls => "tls",
        })
    }
}

fn is_none(rule: &Rule) -> bool {
    *rule == Rule::None
}

/// Types that are written as their text.
mod as_text {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(value)
    }

    pub(super) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}
