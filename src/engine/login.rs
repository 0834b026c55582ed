//! The login of a client of the TCP listener, in the three forms ClickHouse takes.

use base64::Engine as _;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use subtle::ConstantTimeEq;

use super::exception::{Exception, code};

/// The one login the listener knows.
#[derive(Clone)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) password: Option<String>,
}

impl Login {
    /// Lets the request in or says why not. `from_url` are `user=` and `password=`.
    ///
    /// # Errors
    /// Wrong user or password; the two are not told apart, and the comparison takes the same time for every wrong password
    /// of one length.
    pub(super) fn check(
        &self,
        headers: &HeaderMap,
        from_url: &(Option<String>, Option<String>),
    ) -> Result<(), Exception> {
        let (user, password) = given(headers, from_url);
        let user = user.unwrap_or_else(|| "default".to_owned());
        let password = password.unwrap_or_default();
        let expected = self.password.as_deref().unwrap_or_default();
        let same_user = user.as_bytes().ct_eq(self.user.as_bytes());
        let same_password = password.as_bytes().ct_eq(expected.as_bytes());
        if bool::from(same_user & same_password) {
            return Ok(());
        }
        Err(Exception::new(
            code::AUTHENTICATION_FAILED,
            "AUTHENTICATION_FAILED",
            "Authentication failed: password is incorrect, or there is no user with such name",
        ))
    }
}

/// The user and password of the request: `X-ClickHouse-User/Key`, then `Authorization: Basic`, then the URL.
fn given(headers: &HeaderMap, from_url: &(Option<String>, Option<String>)) -> (Option<String>, Option<String>) {
    let header = |name: &str| headers.get(name).and_then(|v| String::from_utf8(v.as_bytes().to_vec()).ok());
    let own = (header("x-clickhouse-user"), header("x-clickhouse-key"));
    if own.0.is_some() || own.1.is_some() {
        return own;
    }
    if let Some((user, password)) = headers.get(AUTHORIZATION).and_then(|v| basic(v.as_bytes())) {
        return (Some(user), Some(password));
    }
    from_url.clone()
}

fn basic(value: &[u8]) -> Option<(String, String)> {
    let (scheme, encoded) = std::str::from_utf8(value).ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_login_is_taken_and_each_wrong_one_refused() {
        let login = Login { user: "default".to_owned(), password: Some("p:w".to_owned()) };
        let check = |pairs: &[(&'static str, &str)], url: (Option<&str>, Option<&str>)| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, value.parse().unwrap());
            }
            let url = (url.0.map(str::to_owned), url.1.map(str::to_owned));
            login.check(&headers, &url).is_ok()
        };
        assert!(check(&[("x-clickhouse-user", "default"), ("x-clickhouse-key", "p:w")], (None, None)));
        assert!(check(&[("authorization", "Basic ZGVmYXVsdDpwOnc=")], (None, None)));
        assert!(check(&[], (None, Some("p:w"))));
        assert!(!check(&[], (None, None)));
        assert!(!check(&[], (Some("root"), Some("p:w"))));
        assert!(!check(&[("x-clickhouse-key", "p:x")], (None, Some("p:w"))));
        assert!(!check(&[("authorization", "Basic !!")], (None, None)));

        let login = Login { user: "default".to_owned(), password: Some("p\u{e4} w".to_owned()) };
        let key = http::HeaderValue::from_bytes("p\u{e4} w".as_bytes()).unwrap();
        let headers = HeaderMap::from_iter([("x-clickhouse-key".parse().unwrap(), key)]);
        assert!(login.check(&headers, &(None, None)).is_ok(), "a password in any language");
    }
}
