//! Keeps web pages of others away from an API that answers on loopback without accounts.
//!
//! A page in a browser on this machine can reach loopback: by sending a form or text to it from a
//! foreign site, or by a name that was made to point to 127.0.0.1 (DNS rebinding). The browser says
//! where the page came from (`Origin`) and which name it asked for (`Host`); other clients say nothing else.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::error::ApiError;

/// Refuses what a page of another site sends.
pub(super) async fn local_only(request: Request, next: Next) -> Response {
    for (name, of_value) in [(header::HOST, host_of as fn(&str) -> &str), (header::ORIGIN, origin_host)] {
        if let Some(foreign) = foreign(request.headers(), &name, of_value) {
            return ApiError::foreign(name.as_str(), foreign).into_response();
        }
    }
    next.run(request).await
}

/// The header's value, where it names anything but this machine.
fn foreign<'a>(headers: &'a HeaderMap, name: &HeaderName, of_value: fn(&str) -> &str) -> Option<&'a str> {
    let value = headers.get(name)?.to_str().unwrap_or("?");
    (!is_local(of_value(value))).then_some(value)
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
}
