//! Access tokens: JWT with HMAC-SHA-256, and nothing else.
//!
//! ```text
//! {"alg":"HS256","typ":"JWT"} . {"iss":"logseal","sub":"17","sid":4711,"iat":…,"exp":…,"jti":"<uuid>"} . signature
//! ```
//!
//! A token says who is asking and in which session, not what that person may do: the role is read from the session's row
//! at each request, and so is whether the session still lives.

use std::time::Duration;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::server_secret::ServerSecret;

const ISSUER: &str = "logseal";
/// Ours have some 250 bytes.
const TOKEN_BYTES_MAX: usize = 4096;

/// What a token says that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    pub user_id: i64,
    pub session_id: i64,
    pub issued_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// No two tokens have the same.
    pub token_id: Uuid,
}

/// Why a token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidToken {
    /// It was ours, and can be refreshed.
    #[error("the access token has expired")]
    Expired,
    /// Nothing that this server has signed.
    #[error("the access token is not one of this server")]
    Forged,
}

/// Issues and verifies access tokens with one secret.
pub struct Signer {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

/// The claims as they are written; every one is required.
#[derive(Deserialize, Serialize)]
struct Written {
    iss: String,
    sub: String,
    sid: i64,
    iat: i64,
    exp: i64,
    jti: String,
}

impl Signer {
    #[must_use]
    pub fn new(secret: &ServerSecret) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["iss", "sub", "exp"]);
        // Against the caller's time, below, not the library's.
        validation.validate_exp = false;
        Self {
            encoding: EncodingKey::from_secret(secret.bytes()),
            decoding: DecodingKey::from_secret(secret.bytes()),
            validation,
        }
    }

    /// A token that holds from `now` for `lifetime`, in whole seconds.
    #[must_use]
    pub fn issue(&self, user_id: i64, session_id: i64, now: DateTime<Utc>, lifetime: Duration) -> String {
        let claims = Written {
            iss: ISSUER.to_owned(),
            sub: user_id.to_string(),
            sid: session_id,
            iat: now.timestamp(),
            exp: now.timestamp().saturating_add_unsigned(lifetime.as_secs()),
            jti: Uuid::new_v4().to_string(),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding).expect("numbers and short texts are valid JSON")
    }

    /// What the token says, if it is one of ours and holds at `now`. It holds until, not at, the second of its expiry.
    ///
    /// # Errors
    /// [`InvalidToken`]
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Claims, InvalidToken> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(InvalidToken::Forged);
        }
        let written: Written =
            decode(token, &self.decoding, &self.validation).map_err(|_| InvalidToken::Forged)?.claims;
        let claims = claims(&written).ok_or(InvalidToken::Forged)?;
        if now >= claims.expires_at { Err(InvalidToken::Expired) } else { Ok(claims) }
    }
}

fn claims(written: &Written) -> Option<Claims> {
    Some(Claims {
        user_id: written.sub.parse().ok()?,
        session_id: written.sid,
        issued_at: DateTime::from_timestamp(written.iat, 0)?,
        expires_at: DateTime::from_timestamp(written.exp, 0)?,
        token_id: written.jti.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const LIFETIME: Duration = Duration::from_secs(1800);
    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 250_000_000).unwrap()
    }

    fn signer() -> Signer {
        Signer::new(&ServerSecret::given(SECRET).unwrap())
    }

    fn good() -> Value {
        json!({ "iss": "logseal", "sub": "17", "sid": 4711, "iat": 1_800_000_000, "exp": 1_800_001_800,
                "jti": "3b241101-e2bb-4255-8caf-4136c566a962" })
    }

    /// Signed with the right secret, whatever it says.
    fn signed(header: &Header, claims: &Value) -> String {
        encode(header, claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
    }

    fn forged(token: &str) {
        assert_eq!(signer().verify(token, now()), Err(InvalidToken::Forged), "{token}");
    }

    #[test]
    fn a_token_says_whose_it_is() {
        let token = signer().issue(17, 4711, now(), LIFETIME);
        let claims = signer().verify(&token, now()).unwrap();
        assert_eq!((claims.user_id, claims.session_id), (17, 4711));
        assert_eq!(claims.issued_at.timestamp(), 1_800_000_000);
        assert_eq!((claims.expires_at - claims.issued_at).num_seconds(), 1800);
        assert_ne!(token, signer().issue(17, 4711, now(), LIFETIME));
    }

    #[test]
    fn a_token_ends_at_its_second() {
        let token = signer().issue(17, 4711, now(), LIFETIME);
        let end = DateTime::from_timestamp(1_800_001_800, 0).unwrap();
        assert!(signer().verify(&token, end - chrono::Duration::nanoseconds(1)).is_ok());
        assert_eq!(signer().verify(&token, end), Err(InvalidToken::Expired));
    }

    #[test]
    fn tokens_of_another_secret_are_refused() {
        let other = Signer::new(&ServerSecret::given(&"x".repeat(32)).unwrap());
        forged(&other.issue(17, 4711, now(), LIFETIME));
    }

    #[test]
    fn no_other_algorithm_is_taken() {
        assert!(signer().verify(&signed(&Header::new(Algorithm::HS256), &good()), now()).is_ok());
        for algorithm in [Algorithm::HS384, Algorithm::HS512] {
            forged(&signed(&Header::new(algorithm), &good()));
        }
        let claims = URL_SAFE_NO_PAD.encode(good().to_string());
        for alg in ["none", "None", "NONE", "", "RS256", "ES256", "EdDSA", "hs256"] {
            let header = URL_SAFE_NO_PAD.encode(json!({ "alg": alg, "typ": "JWT" }).to_string());
            let signature = signer().issue(17, 4711, now(), LIFETIME).rsplit('.').next().unwrap().to_owned();
            forged(&format!("{header}.{claims}."));
            forged(&format!("{header}.{claims}"));
            forged(&format!("{header}.{claims}.{signature}"));
        }
    }

    #[test]
    fn every_claim_is_required_and_has_its_type() {
        let header = Header::new(Algorithm::HS256);
        for claim in ["iss", "sub", "sid", "iat", "exp", "jti"] {
            let mut claims = good();
            claims.as_object_mut().unwrap().remove(claim);
            forged(&signed(&header, &claims));
            for wrong in [json!(null), json!([]), json!({}), json!(""), json!("x"), json!(1.5), json!(true)] {
                let mut claims = good();
                claims[claim] = wrong;
                forged(&signed(&header, &claims));
            }
        }
        for (claim, wrong) in [
            ("iss", json!("other")),
            ("iss", json!(["logseal"])),
            ("sub", json!(17)),
            ("exp", json!(i64::MAX)),
            ("aud", json!("x")),
        ] {
            let mut claims = good();
            claims[claim] = wrong;
            forged(&signed(&header, &claims));
        }
    }

    #[test]
    fn a_token_that_was_cut_is_refused_wherever_it_was_cut() {
        let token = signer().issue(17, 4711, now(), LIFETIME);
        for end in 0..token.len() {
            forged(token.get(..end).unwrap());
        }
        forged(&format!("{token}."));
        forged(&format!("{token}A"));
        forged(&format!(" {token}"));
    }

    #[test]
    fn a_token_is_refused_if_any_of_its_characters_is_another() {
        let token = signer().issue(17, 4711, now(), LIFETIME);
        for place in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            forged(&String::from_utf8(bytes).unwrap());
        }
    }

    #[test]
    fn an_oversized_token_is_refused_though_it_is_signed() {
        let mut claims = good();
        claims["padding"] = json!("x".repeat(2000));
        assert!(signer().verify(&signed(&Header::new(Algorithm::HS256), &claims), now()).is_ok());
        claims["padding"] = json!("x".repeat(4000));
        forged(&signed(&Header::new(Algorithm::HS256), &claims));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn no_text_panics_or_passes(text in "\\PC{0,200}|[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,80}\\.[A-Za-z0-9_-]{0,80}") {
            prop_assert_eq!(signer().verify(&text, now()), Err(InvalidToken::Forged));
        }
    }
}
