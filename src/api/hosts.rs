//! Keeps web pages of others away: the names under which the API may be asked, and by pages of which sites.
//!
//! A page in a browser on this machine can reach loopback: by sending a form or text to it from a
//! foreign site, or by a name that was made to point to 127.0.0.1 (DNS rebinding). The browser says
//! where the page came from (`Origin`) and which name it asked for (`Host`); other clients say nothing else.
//! Beyond loopback there is no such way around the network's own bounds, and only the names that are configured count.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderName, header};

use super::error::ApiError;
use crate::config;

/// What may be asked, and by whom.
pub(super) struct Hosts {
    names: Vec<String>,
    origins: Vec<String>,
    check: Check,
}

/// Which of the headers are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Check {
    HostAndOrigin,
    Host,
    Nothing,
}

impl Hosts {
    pub(super) fn new(config: &config::api::Api) -> Self {
        let check = match (config.listen.ip().is_loopback(), config.hosts.is_empty()) {
            (true, _) => Check::HostAndOrigin,
            (false, false) => Check::Host,
            (false, true) => Check::Nothing,
        };
        Self { names: config.hosts.clone(), origins: config.cors_origins.clone(), check }
    }

    /// # Errors
    /// 403 for what a page of another site sends.
    pub(super) fn check(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        if self.check != Check::Nothing {
            self.check_one(headers, &header::HOST, |value| self.is_ours(host_of(value)))?;
        }
        if self.check == Check::HostAndOrigin {
            self.check_one(headers, &header::ORIGIN, |value| self.is_welcome(value))?;
        }
        Ok(())
    }

    fn check_one(
        &self,
        headers: &HeaderMap,
        name: &HeaderName,
        is_fine: impl Fn(&str) -> bool,
    ) -> Result<(), ApiError> {
        let Some(value) = headers.get(name) else { return Ok(()) };
        let text = value.to_str().unwrap_or("?");
        if is_fine(text) { Ok(()) } else { Err(ApiError::foreign(name.as_str(), text)) }
    }

    fn is_welcome(&self, origin: &str) -> bool {
        self.is_ours(origin_host(origin)) || self.origins.iter().any(|known| known == origin)
    }

    fn is_ours(&self, host: &str) -> bool {
        is_local(host) || self.names.iter().any(|name| name.eq_ignore_ascii_case(host))
    }
}

/// `host:port` without the port.
fn host_of(value: &str) -> &str {
    match value.rsplit_once(':') {
        // A bare IPv6 address has colons of its own and ends in a bracket.
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => value,
    }
}

/// The host of `scheme://host:port`.
fn origin_host(value: &str) -> &str {
    host_of(value.split_once("://").map_or(value, |(_, rest)| rest))
}

fn is_local(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(change: impl FnOnce(&mut config::api::Api), host: &str, origin: &str) -> bool {
        let mut config = config::api::Api::default();
        change(&mut config);
        let mut headers = HeaderMap::new();
        for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
            if !value.is_empty() {
                headers.insert(name, value.parse().unwrap());
            }
        }
        Hosts::new(&config).check(&headers).is_err()
    }

    #[test]
    fn only_names_of_this_machine_are_local() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1", "127.0.0.1:8080", "[::1]:8080", "[::1]", "127.9.9.9"] {
            assert!(is_local(host_of(host)), "{host}");
        }
        for host in ["example.com", "localhost.example.com:80", "10.0.0.1", "127.0.0.1.example.com", "", "?"] {
            assert!(!is_local(host_of(host)), "{host}");
        }
        assert!(is_local(origin_host("http://127.0.0.1:8080")));
        assert!(!is_local(origin_host("https://evil.example")));
        assert!(!is_local(origin_host("null")));
    }

    #[test]
    fn on_loopback_configured_names_and_origins_are_let_in_and_no_others() {
        let configured = |api: &mut config::api::Api| {
            api.hosts = vec!["logs.example.net".to_owned()];
            api.cors_origins = vec!["https://console.example.net".to_owned()];
        };
        for (host, origin, refused) in [
            ("localhost:8080", "", false),
            ("Logs.example.net:443", "", false),
            ("logs.example.net", "https://logs.example.net", false),
            ("logs.example.net", "https://console.example.net", false),
            ("localhost:8080", "https://console.example.net", false),
            ("localhost:8080", "http://console.example.net", true),
            ("localhost:8080", "https://console.example.net:8443", true),
            ("console.example.net", "", true),
            ("evil.example", "", true),
            ("localhost:8080", "https://evil.example", true),
            ("localhost:8080", "null", true),
        ] {
            assert_eq!(is_refused(configured, host, origin), refused, "{host} {origin}");
        }
    }

    #[test]
    fn beyond_loopback_the_host_is_checked_where_names_are_configured() {
        let anywhere = |api: &mut config::api::Api| api.listen = std::net::SocketAddr::from(([0, 0, 0, 0], 8080));
        let named = |api: &mut config::api::Api| {
            anywhere(api);
            api.hosts = vec!["logs.example.net".to_owned()];
        };
        assert!(!is_refused(anywhere, "whatever.example", "https://other.example"));
        assert!(is_refused(named, "whatever.example", ""));
        assert!(!is_refused(named, "logs.example.net", "https://other.example"));
        assert!(!is_refused(named, "127.0.0.1:8080", ""));
    }
}
