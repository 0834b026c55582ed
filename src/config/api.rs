//! The keys of `[api]`, and what they must be to make sense together.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{ConfigError, Networks};

/// The HTTP API.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Api {
    /// Beyond loopback it takes `tls` or `plain_http_beyond_loopback`.
    pub listen: SocketAddr,
    /// Something in front of it ends TLS.
    pub plain_http_beyond_loopback: bool,
    /// Names under which it is reached, beside those of loopback.
    pub hosts: Vec<String>,
    /// Origins whose pages may use it from a browser.
    pub cors_origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Networks,
    pub body_bytes_max: usize,
    pub connections_max: usize,
    /// Requests that are worked on at once; answers on their way out do not count.
    pub requests_max: usize,
    pub header_seconds_max: u64,
    pub body_seconds_max: u64,
    /// How long an answer may be worked on, behind the body's time and apart from exports.
    pub request_seconds_max: u64,
    /// A connection ends when its client takes nothing of an answer for so long.
    pub write_stall_seconds_max: u64,
    pub tails_max: usize,
    /// Whether each request is a line of the log, or only those that failed by a fault of ours.
    pub request_log: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
}

/// Certificates of the API or of a TLS listener, PEM; read again when the files change.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// Authorities whose client certificates are demanded; without it any client may connect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_ca: Option<PathBuf>,
}

impl Default for Api {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            plain_http_beyond_loopback: false,
            hosts: Vec::new(),
            cors_origins: Vec::new(),
            trusted_proxies: Networks::default(),
            body_bytes_max: 64 << 20,
            connections_max: 1024,
            // Fewer than connections, so that some are left to be told so, and to ask for health.
            requests_max: 1000,
            header_seconds_max: 10,
            body_seconds_max: 300,
            request_seconds_max: 60,
            write_stall_seconds_max: 60,
            tails_max: 64,
            request_log: false,
            tls: None,
        }
    }
}

impl Api {
    /// The address for a program on the same machine: what listens on all addresses does on loopback, too.
    #[must_use]
    pub fn local_url(&self) -> String {
        let mut address = self.listen;
        match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
            IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
            IpAddr::V4(_) | IpAddr::V6(_) => {}
        }
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{address}")
    }

    /// # Errors
    /// The first key that is wrong.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if !self.listen.ip().is_loopback() && self.tls.is_none() && !self.plain_http_beyond_loopback {
            return wrong(
                "listen",
                format!(
                    "{} is not a loopback address, and without TLS passwords and tokens would cross the network for \
                     all to read: set api.tls, or api.plain_http_beyond_loopback = true where something in front of it \
                     ends TLS",
                    self.listen
                ),
            );
        }
        for (key, value) in [
            ("requests_max", self.requests_max as u64),
            ("header_seconds_max", self.header_seconds_max),
            ("body_seconds_max", self.body_seconds_max),
            ("request_seconds_max", self.request_seconds_max),
            ("write_stall_seconds_max", self.write_stall_seconds_max),
        ] {
            if value == 0 {
                return wrong(key, "must be 1 or more".to_owned());
            }
        }
        if let Some(host) = self.hosts.iter().find(|host| !is_host(host)) {
            return wrong("hosts", format!("\"{host}\" is no host name: write it without scheme and port"));
        }
        if let Some(origin) = self.cors_origins.iter().find(|origin| !is_origin(origin)) {
            return wrong(
                "cors_origins",
                format!(
                    "\"{origin}\" is no origin as browsers send it: write https://console.example.net, with the port only where it is not the scheme's own"
                ),
            );
        }
        Ok(())
    }
}

fn wrong(key: &str, detail: String) -> Result<(), ConfigError> {
    Err(ConfigError::Value { key: format!("api.{key}"), detail })
}

/// A name or an address (an IPv6 one in brackets), without a port.
fn is_host(text: &str) -> bool {
    let is_address = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match is_address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)),
    }
}

/// `scheme://host` or `scheme://host:port` in lower case: what is compared byte by byte with what a browser says.
fn is_origin(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let default_port = match scheme {
        "http" => "80",
        "https" => "443",
        _ => return false,
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok() && port != default_port;
    is_host(host) && port.is_none_or(is_port) && !text.bytes().any(|b| b.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused_key(change: impl FnOnce(&mut Api)) -> Option<String> {
        let mut api = Api::default();
        change(&mut api);
        match api.check() {
            Ok(()) => None,
            Err(ConfigError::Value { key, .. }) => Some(key),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn beyond_loopback_it_takes_tls_or_a_word_that_something_else_has_it() {
        let anywhere = std::net::SocketAddr::from(([0, 0, 0, 0], 8080));
        let tls = Tls { certificate: "a".into(), key: "b".into(), client_ca: None };
        assert_eq!(refused_key(|api| api.listen = anywhere).as_deref(), Some("api.listen"));
        assert_eq!(refused_key(|api| (api.listen, api.tls) = (anywhere, Some(tls))), None);
        assert_eq!(refused_key(|api| (api.listen, api.plain_http_beyond_loopback) = (anywhere, true)), None);
    }

    #[test]
    fn a_program_on_the_same_machine_asks_at_loopback_where_all_addresses_are_listened_on() {
        for (listen, expected) in [
            ("127.0.0.1:9090", "127.0.0.1:9090"),
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:9090", "[::1]:9090"),
            ("192.0.2.7:9090", "192.0.2.7:9090"),
        ] {
            let api = Api { listen: listen.parse().unwrap(), ..Api::default() };
            assert_eq!(api.local_url(), format!("http://{expected}"));
            let tls = Some(Tls { certificate: "a".into(), key: "b".into(), client_ca: None });
            assert_eq!(Api { tls, ..api }.local_url(), format!("https://{expected}"));
        }
    }

    #[test]
    fn bounds_of_nothing_are_refused() {
        assert_eq!(refused_key(|api| api.requests_max = 0).as_deref(), Some("api.requests_max"));
        assert_eq!(refused_key(|api| api.write_stall_seconds_max = 0).as_deref(), Some("api.write_stall_seconds_max"));
    }

    #[test]
    fn hosts_and_origins_are_written_as_browsers_send_them() {
        for host in ["logs.example.net", "localhost", "192.0.2.7", "[2001:db8::1]", "a_b"] {
            assert!(is_host(host), "{host}");
        }
        for host in ["", "https://logs.example.net", "logs.example.net:443", "*", "2001:db8::1", "a/b"] {
            assert!(!is_host(host), "{host}");
        }
        for origin in ["https://console.example.net", "http://localhost:3000", "https://[2001:db8::1]:8443"] {
            assert!(is_origin(origin), "{origin}");
        }
        for origin in ["*", "null", "console.example.net", "https://console.example.net/", "https://a:443", "HTTPS://a"]
        {
            assert!(!is_origin(origin), "{origin}");
        }
        assert_eq!(refused_key(|api| api.cors_origins = vec!["*".to_owned()]).as_deref(), Some("api.cors_origins"));
        assert_eq!(refused_key(|api| api.hosts = vec!["a:1".to_owned()]).as_deref(), Some("api.hosts"));
    }
}
