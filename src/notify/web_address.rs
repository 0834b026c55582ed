//! The address of a receiver that speaks HTTP.

use std::fmt;

use http::Uri;
use http::uri::Scheme;

const CHARACTERS_MAX: usize = 2048;

/// An absolute `http` or `https` address without user, password or fragment. Its `Debug` shows the host alone: the rest may be secret.
#[derive(Clone, PartialEq, Eq)]
pub struct WebAddress(Uri);

impl WebAddress {
    /// # Errors
    /// What is wrong with `text`, in words that do not repeat it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > CHARACTERS_MAX {
            return Err("must have at most 2048 characters");
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("must have no spaces and ASCII only: write another name in its xn-- form");
        }
        if text.contains('#') {
            return Err("must have no fragment (#)");
        }
        let begins = |start: &str| text.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start));
        if !begins("http://") && !begins("https://") {
            return Err("must begin with http:// or https://");
        }
        let uri: Uri = text.parse().map_err(|_| "is not a URL")?;
        let authority = uri.authority().ok_or("has no host")?;
        if authority.as_str().contains('@') {
            return Err("must have no user or password in it");
        }
        if authority.host().is_empty() {
            return Err("has no host");
        }
        // What the parser takes for no port at all: none, or one beyond 65535.
        let port = authority.as_str().strip_prefix(authority.host()).unwrap_or_default();
        if !port.is_empty() && authority.port_u16().is_none_or(|port| port == 0) {
            return Err("has a port that is none");
        }
        Ok(Self(uri))
    }

    /// All of it.
    #[must_use]
    pub fn expose(&self) -> String {
        self.0.to_string()
    }

    /// Of IPv6 addresses with the brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host().unwrap_or_default()
    }

    /// The port that is given, or the usual one.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port_u16().unwrap_or(if self.is_https() { 443 } else { 80 })
    }

    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == Some(&Scheme::HTTPS)
    }

    /// Whether both are the same scheme, host and port: what may be told one may be told the other.
    #[must_use]
    pub fn is_same_origin(&self, other: &Self) -> bool {
        let origin = |address: &Self| (address.is_https(), address.host().to_ascii_lowercase(), address.port());
        origin(self) == origin(other)
    }

    /// As the header `Host` wants it.
    pub(super) fn authority(&self) -> &str {
        self.0.authority().map_or("", http::uri::Authority::as_str)
    }

    /// Path and query.
    pub(super) fn path(&self) -> &str {
        self.0.path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
    }

    pub(super) fn has_query(&self) -> bool {
        self.0.query().is_some()
    }
}

impl fmt::Debug for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.0.scheme_str().unwrap_or_default(), self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_port_and_path_are_found() {
        for (text, host, port, path) in [
            ("https://hooks.example/a/b?c=d", "hooks.example", 443, "/a/b?c=d"),
            ("http://hooks.example", "hooks.example", 80, "/"),
            ("HTTPS://h:8443/", "h", 8443, "/"),
            ("http://[2606:4700::1]:81/x", "[2606:4700::1]", 81, "/x"),
        ] {
            let address = WebAddress::parse(text).unwrap();
            assert_eq!((address.host(), address.port(), address.path()), (host, port, path), "{text}");
        }
    }

    #[test]
    fn what_is_no_plain_web_address_is_refused() {
        for (text, problem) in [
            ("", "must begin with http:// or https://"),
            ("/path", "must begin with http:// or https://"),
            ("hooks.example", "must begin with http:// or https://"),
            ("ftp://hooks.example/", "must begin with http:// or https://"),
            ("file:///etc/passwd", "must begin with http:// or https://"),
            ("https://user:password@hooks.example/", "must have no user or password in it"),
            ("https://hooks.example/#x", "must have no fragment (#)"),
            ("https://hooks.example/a b", "must have no spaces and ASCII only: write another name in its xn-- form"),
            (
                "https://hooks.example/\r\nX: y",
                "must have no spaces and ASCII only: write another name in its xn-- form",
            ),
            ("https://hööks.example/", "must have no spaces and ASCII only: write another name in its xn-- form"),
            ("https://hooks.example:0/", "has a port that is none"),
            ("https://hooks.example:/", "has a port that is none"),
            ("https://hooks.example:99999/", "has a port that is none"),
        ] {
            assert_eq!(WebAddress::parse(text), Err(problem), "{text}");
        }
        assert!(WebAddress::parse("https://").is_err() && WebAddress::parse("https://:443/").is_err());
        let long = format!("https://h/{}", "x".repeat(CHARACTERS_MAX));
        assert_eq!(WebAddress::parse(&long), Err("must have at most 2048 characters"));
    }

    #[test]
    fn secrets_in_the_path_are_not_shown() {
        let address = WebAddress::parse("https://hooks.slack.com/services/T0/B0/secret").unwrap();
        assert_eq!(format!("{address:?}"), "https://hooks.slack.com");
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let same = |a, b| WebAddress::parse(a).unwrap().is_same_origin(&WebAddress::parse(b).unwrap());
        assert!(same("https://h/a", "https://H:443/b"));
        assert!(
            !same("https://h/", "http://h/") && !same("https://h/", "https://i/") && !same("http://h/", "http://h:81/")
        );
    }
}
