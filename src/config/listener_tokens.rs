//! The keys `token` and `tokens` of a listener: which API token its clients act as.

use super::listener::ListenerConfig;

/// How the secret of a token begins, and its length.
const SECRET: (&str, usize) = ("ls_", 46);

/// A token takes clients that show who they are, and a map of them what it maps.
pub(super) fn check(listener: &ListenerConfig) -> Result<(), (&'static str, String)> {
    let ListenerConfig { shared_key, users, token, tokens, .. } = listener;
    let has_certificates = listener.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    if token.is_some() && !tokens.is_empty() {
        return Err(("tokens", "state either token, for all clients, or tokens, for each".to_owned()));
    }
    if token.is_some() && shared_key.is_empty() && users.is_empty() && !has_certificates {
        let ways = "tls.client_ca, or with fluent shared_key or users";
        return Err(("token", format!("anybody could act as it: demand that clients show who they are ({ways})")));
    }
    if !tokens.is_empty() && users.is_empty() && !has_certificates {
        return Err(("tokens", "clients have no names: they take tls.client_ca, or users (fluent)".to_owned()));
    }
    if let Some(unknown) = tokens.keys().find(|name| !users.is_empty() && !users.contains_key(*name)) {
        return Err(("tokens", format!("{unknown:?} is none of the users")));
    }
    let mut names: Vec<String> = tokens.keys().map(|name| name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    if users.is_empty() && names.windows(2).any(|pair| pair.first() == pair.last()) {
        return Err(("tokens", "two names of certificates differ in case alone, which does not count".to_owned()));
    }
    let key = if token.is_some() { "token" } else { "tokens" };
    if tokens.keys().any(String::is_empty) || listener.token_names().any(str::is_empty) {
        return Err((key, "a name is empty".to_owned()));
    }
    let (start, length) = SECRET;
    if listener.token_names().any(|name| name.starts_with(start) && name.len() == length) {
        // Not shown: it may well be one that is in use.
        return Err((key, "this is the secret of an API token: state its name".to_owned()));
    }
    Ok(())
}
