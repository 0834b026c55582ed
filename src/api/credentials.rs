//! What a request shows of who sends it.

use axum::http::{HeaderMap, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::access::Access;

/// The parameter that carries credentials where a browser can send no header.
const PARAMETER: &str = "access_token";

/// The header in which Datadog's clients send their key.
const DATADOG_KEY: &str = "dd-api-key";

/// An API token, an access token, or the lack of either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Credentials {
    Missing,
    /// A header of a scheme that the route does not take, or that cannot be read.
    Malformed,
    Shown(String),
}

impl Credentials {
    /// What the request shows to a route for `access`.
    ///
    /// `Bearer` is taken everywhere. Where records are sent, so are the schemes that shippers have: `Basic` with the token as the
    /// password, `ApiKey` as Elasticsearch's clients send it, `Splunk` with the token, and Datadog's header. They carry tokens, never an account's
    /// password: a shipper's configuration is no place for that.
    pub(super) fn of(access: Access, headers: &HeaderMap, uri: &Uri) -> Self {
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let shown = value.to_str().ok().and_then(|value| token_in(access, value));
            return shown.map_or(Self::Malformed, Self::Shown);
        }
        if access == Access::Ingest
            && let Some(value) = headers.get(DATADOG_KEY)
        {
            return value.to_str().map_or(Self::Malformed, |shown| Self::Shown(shown.trim().to_owned()));
        }
        if access != Access::Stream {
            return Self::Missing;
        }
        let query = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
        let shown = query.into_iter().find(|(name, _)| name == PARAMETER);
        shown.map_or(Self::Missing, |(_, value)| Self::Shown(value.into_owned()))
    }
}

fn token_in(access: Access, value: &str) -> Option<String> {
    let (scheme, shown) = value.trim().split_once(' ')?;
    let shown = shown.trim();
    match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Some(shown.to_owned()),
        _ if access != Access::Ingest => None,
        "splunk" => Some(shown.to_owned()),
        "basic" => password_of(shown),
        "apikey" => Some(key_of(shown)),
        _ => None,
    }
}

/// The password of `base64(name:password)`. Some clients have one field only, which is then the name.
fn password_of(shown: &str) -> Option<String> {
    let pair = STANDARD.decode(shown).ok()?;
    // The name may be in any encoding.
    let colon = memchr::memchr(b':', &pair)?;
    let (name, password) = (pair.get(..colon)?, pair.get(colon + 1..)?);
    String::from_utf8(if password.is_empty() { name } else { password }.to_vec()).ok()
}

/// The key of `base64(id:key)`, or all of it where it is not of this form: who has a token and no id may send just that.
fn key_of(shown: &str) -> String {
    let pair = STANDARD.decode(shown).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let key = pair.as_deref().and_then(|pair| pair.split_once(':')).map(|(_, key)| key);
    key.unwrap_or(shown).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(access: Access, authorization: &str, uri: &'static str) -> Credentials {
        let mut headers = HeaderMap::new();
        if !authorization.is_empty() {
            headers.insert(header::AUTHORIZATION, authorization.parse().unwrap());
        }
        Credentials::of(access, &headers, &Uri::from_static(uri))
    }

    #[test]
    fn every_shippers_scheme_carries_the_token() {
        let token = "ls_0123456789012345678901234567890123456789012";
        let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        for authorization in [
            format!("Bearer {token}"),
            format!("bearer  {token} "),
            format!("Splunk {token}"),
            format!("ApiKey {token}"),
            format!("ApiKey {}", STANDARD.encode(format!("filebeat:{token}"))),
            basic(&format!("anyone:{token}")),
            basic(&format!(":{token}")),
            basic(&format!("{token}:")),
            format!("Basic {}", STANDARD.encode([b"\xfc any:", token.as_bytes()].concat())),
        ] {
            let is_bearer = authorization.to_ascii_lowercase().starts_with("bearer");
            let good = Credentials::Shown(token.to_owned());
            assert_eq!(shown(Access::Ingest, &authorization, "/"), good, "{authorization}");
            let elsewhere = if is_bearer { good } else { Credentials::Malformed };
            assert_eq!(shown(Access::Admin, &authorization, "/"), elsewhere, "{authorization}");
        }
    }

    #[test]
    fn datadogs_header_carries_the_token_where_records_are_sent() {
        let mut headers = HeaderMap::new();
        headers.insert(DATADOG_KEY, "ls_abc".parse().unwrap());
        let of = |access| Credentials::of(access, &headers, &Uri::from_static("/"));
        assert_eq!(
            (of(Access::Ingest), of(Access::Admin)),
            (Credentials::Shown("ls_abc".to_owned()), Credentials::Missing)
        );
    }

    #[test]
    fn what_cannot_be_read_is_malformed() {
        for authorization in ["x", "Bearer", "Digest username=x", "Basic ?", "Basic YQ==", "Negotiate abc"] {
            assert_eq!(shown(Access::Ingest, authorization, "/"), Credentials::Malformed, "{authorization}");
        }
    }

    #[test]
    fn only_a_stream_takes_the_parameter() {
        let uri = "/?q=1&access_token=a%20b";
        assert_eq!(shown(Access::Stream, "", uri), Credentials::Shown("a b".to_owned()));
        assert_eq!(shown(Access::Search, "", uri), Credentials::Missing);
        assert_eq!(shown(Access::Ingest, "", uri), Credentials::Missing);
        assert_eq!(shown(Access::Stream, "Basic ?", uri), Credentials::Malformed);
    }
}
