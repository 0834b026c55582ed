//! Secrets that are drawn at random: API tokens, refresh tokens, first passwords.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::{Rng as _, RngExt as _};
use sha2::{Digest as _, Sha256};

const API_TOKEN: &str = "ls_";
const REFRESH_TOKEN: &str = "lsr_";
/// 32 bytes in base64url.
const RANDOM_CHARACTERS: usize = 43;
/// So much of a token is shown in lists: enough to tell one from another, too little to help guess the rest.
const SHOWN_CHARACTERS: usize = 6;

/// Without those that are mistaken for others: 0 and o, 1 and l and i.
const READABLE: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
const PASSWORD_GROUPS: usize = 4;
const PASSWORD_GROUP_CHARACTERS: usize = 5;

/// A secret on its way to the one it is for; nothing else shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A token of a program: `ls_` and 43 characters.
    #[must_use]
    pub fn api_token() -> Self {
        Self(format!("{API_TOKEN}{}", random_text()))
    }

    /// What a new pair of a session's tokens is asked for with: `lsr_` and 43 characters.
    #[must_use]
    pub fn refresh_token() -> Self {
        Self(format!("{REFRESH_TOKEN}{}", random_text()))
    }

    /// A first password that a person can read off and type: four groups of five, 99 bits.
    #[must_use]
    pub fn password() -> Self {
        let mut random = rand::rng();
        let mut group = || -> String {
            let draw = |_| READABLE.get(random.random_range(0..READABLE.len())).copied().map_or(' ', char::from);
            (0..PASSWORD_GROUP_CHARACTERS).map(draw).collect()
        };
        Self((0..PASSWORD_GROUPS).map(|_| group()).collect::<Vec<_>>().join("-"))
    }

    pub(super) fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// See [`hash`].
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        hash(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What is stored of a token, and looked up when it comes back: its SHA-256.
///
/// A slow, salted hash protects what people choose, because one can try all they may have chosen. Of 2^256 tokens nobody tries a
/// noticeable part, whatever one try costs, and no two are the same. Only for such secrets, therefore, and never for passwords or codes.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Whether `text` has the form of an API token. Others need not be looked up.
#[must_use]
pub fn is_api_token(text: &str) -> bool {
    text.strip_prefix(API_TOKEN).is_some_and(is_random_text)
}

/// Whether `text` has the form of a refresh token.
#[must_use]
pub fn is_refresh_token(text: &str) -> bool {
    text.strip_prefix(REFRESH_TOKEN).is_some_and(is_random_text)
}

/// The start of an API token, by which people recognise it in lists.
#[must_use]
pub fn display_prefix(token: &Secret) -> String {
    token.0.chars().take(API_TOKEN.len() + SHOWN_CHARACTERS).collect()
}

/// 32 random bytes as base64url.
pub(super) fn random_text() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

fn is_random_text(text: &str) -> bool {
    text.len() == RANDOM_CHARACTERS && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn tokens_have_their_form_and_differ() {
        let tokens: HashSet<String> = (0..1000).map(|_| Secret::api_token().expose().to_owned()).collect();
        assert_eq!(tokens.len(), 1000);
        assert!(tokens.iter().all(|token| is_api_token(token) && token.len() == 46 && !is_refresh_token(token)));
        let refresh = Secret::refresh_token();
        assert!(is_refresh_token(refresh.expose()) && !is_api_token(refresh.expose()));
    }

    #[test]
    fn what_only_looks_like_a_token_is_told_apart() {
        let token = Secret::api_token().expose().to_owned();
        let (headless, cut) = (token.get(1..).unwrap(), token.get(..45).unwrap());
        for other in ["", "ls_", "eyJhbGciOiJIUzI1NiJ9.e30.x", headless, cut, &format!("{token}a")] {
            assert!(!is_api_token(other), "{other}");
        }
        assert!(!is_api_token(&format!("ls_{}", "é".repeat(21) + "x")));
    }

    #[test]
    fn the_hash_is_sha_256() {
        assert_eq!(hex::encode(hash("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn lists_show_nine_characters() {
        let token = Secret::api_token();
        let shown = display_prefix(&token);
        assert!(shown.len() == 9 && token.expose().starts_with(&shown));
        assert_eq!(format!("{token:?}"), "Secret");
    }

    #[test]
    fn first_passwords_are_readable_and_may_be_chosen() {
        let policy = super::super::password_policy::PasswordPolicy::new();
        for _ in 0..100 {
            let password = Secret::password();
            assert_eq!(password.expose().len(), 23);
            assert!(password.expose().bytes().all(|b| b == b'-' || READABLE.contains(&b)), "{}", password.expose());
            assert_eq!(policy.check(password.expose(), "admin"), Ok(()));
        }
    }
}
