//! Who a client of Fluent Forward is: HELO, PING and PONG, where there is a shared key or there are users.
//!
//! ```text
//! server  ["HELO", {"nonce": …, "auth": salt for passwords, or nothing, "keepalive": true}]
//! client  ["PING", host, salt, sha512(salt host nonce key), user, sha512(auth user password)]
//! server  ["PONG", whether, why not, host, sha512(salt host nonce key)]
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use logseal_parsers::fluent;
use logseal_parsers::msgpack::{Reader, Token};
use sha2::{Digest as _, Sha512};
use subtle::ConstantTimeEq as _;

use super::admission::{Admission, Refusal, Shown};
use super::pass::Pass;
use crate::config::secret_text::SecretText;

/// What is said in the place of a host name: a client refuses a server that has its own.
const SERVER_NAME: &str = "logseal";

/// What clients must know.
pub(super) struct Secrets {
    pub(super) shared_key: SecretText,
    /// Passwords by the users' names; none: users are not asked for.
    pub(super) users: BTreeMap<String, SecretText>,
}

/// The handshake of one connection.
pub(super) struct Handshake {
    secrets: Arc<Secrets>,
    nonce: String,
    /// Of the passwords.
    salt: [u8; 16],
    /// Where the listener says which API token a client acts as.
    admission: Option<Arc<Admission>>,
    /// What the client has proved already.
    shown: Shown,
}

/// An answer to PING.
pub(super) struct Pong {
    pub(super) answer: Vec<u8>,
    pub(super) entry: Entry,
}

/// Whether a client is let in.
pub(super) enum Entry {
    /// With a pass where it acts as an API token.
    LetIn(Option<Pass>),
    /// It does not know what it must.
    Unproved(&'static str),
    /// It does, and yet may not send.
    Refused(Refusal),
}

/// What a client says of itself.
struct Ping<'p> {
    host: &'p [u8],
    salt: &'p [u8],
    key_digest: &'p [u8],
    user: &'p [u8],
    password_digest: &'p [u8],
}

impl Handshake {
    /// None where there is nothing to know. Neither of `random` may have been used before.
    pub(super) fn new(secrets: &Arc<Secrets>, random: [[u8; 16]; 2]) -> Option<Self> {
        let [nonce, salt] = random;
        let is_asked = !secrets.shared_key.is_empty() || !secrets.users.is_empty();
        is_asked.then(|| Self {
            secrets: Arc::clone(secrets),
            nonce: hex::encode(nonce),
            salt,
            admission: None,
            shown: Shown::default(),
        })
    }

    /// Has `admission` say which API token the client acts as, who has proved to be what is `shown` before it said anything.
    pub(super) fn admitting(self, admission: Option<Arc<Admission>>, shown: Shown) -> Self {
        Self { admission, shown, ..self }
    }

    /// What the server says first.
    pub(super) fn hello(&self) -> Vec<u8> {
        let mut hello = b"\x92\xa4HELO\x83\xa5nonce".to_vec();
        fluent::put_text(self.nonce.as_bytes(), &mut hello);
        hello.extend_from_slice(b"\xa4auth");
        if self.secrets.users.is_empty() {
            hello.push(0xa0);
        } else {
            // Binary, as Fluentd has it: a client of Node takes a text for none.
            hello.extend_from_slice(b"\xc4\x10");
            hello.extend_from_slice(&self.salt);
        }
        hello.extend_from_slice(b"\xa9keepalive\xc3");
        hello
    }

    /// Judges what the client says to that.
    ///
    /// # Errors
    /// It is no PING.
    pub(super) fn answer(&self, ping: &[u8]) -> anyhow::Result<Pong> {
        let demanded = || anyhow::anyhow!("Fluent Forward: the client does not begin with PING, as it was told to");
        let ping = Ping::read(ping).ok_or_else(demanded)?;
        let mut answer = b"\x95\xa4PONG".to_vec();
        let entry = self.entry(&ping);
        let refused = match &entry {
            Entry::LetIn(_) => None,
            Entry::Unproved(why) => Some(*why),
            Entry::Refused(refusal) => Some(refusal.told()),
        };
        if let Some(why) = refused {
            answer.push(0xc2);
            fluent::put_text(why.as_bytes(), &mut answer);
            answer.extend_from_slice(b"\xa0\xa0");
        } else {
            answer.extend_from_slice(b"\xc3\xa0");
            fluent::put_text(SERVER_NAME.as_bytes(), &mut answer);
            fluent::put_text(self.key_digest(ping.salt, SERVER_NAME.as_bytes()).as_bytes(), &mut answer);
        }
        Ok(Pong { answer, entry })
    }

    fn entry(&self, ping: &Ping<'_>) -> Entry {
        if let Some(why) = self.unproved(ping) {
            return Entry::Unproved(why);
        }
        let Some(admission) = &self.admission else { return Entry::LetIn(None) };
        let user = (!self.secrets.users.is_empty()).then(|| String::from_utf8_lossy(ping.user).into_owned());
        match admission.admit(&Shown { user, ..self.shown.clone() }) {
            Ok(pass) => Entry::LetIn(Some(pass)),
            Err(refusal) => Entry::Refused(refusal),
        }
    }

    fn unproved(&self, ping: &Ping<'_>) -> Option<&'static str> {
        if !is_same(&self.key_digest(ping.salt, ping.host), ping.key_digest) {
            return Some("shared_key mismatch");
        }
        let users = &self.secrets.users;
        let knows_password = users.is_empty() || {
            let name = std::str::from_utf8(ping.user).unwrap_or_default();
            // A user who is not there takes as long as one who is.
            let password = users.get(name).map(SecretText::expose);
            let expected = digest(&[&self.salt, ping.user, password.unwrap_or_default().as_bytes()]);
            is_same(&expected, ping.password_digest) && password.is_some()
        };
        (!knows_password).then_some("username/password mismatch")
    }

    fn key_digest(&self, salt: &[u8], host: &[u8]) -> String {
        digest(&[salt, host, self.nonce.as_bytes(), self.secrets.shared_key.expose().as_bytes()])
    }
}

impl<'p> Ping<'p> {
    fn read(message: &'p [u8]) -> Option<Self> {
        let mut reader = Reader::new(message);
        let Ok(Token::Array(values @ 4..)) = reader.token() else { return None };
        let mut text = || match reader.token() {
            Ok(Token::Text(text) | Token::Binary(text)) => Some(text),
            _ => None,
        };
        if text()? != b"PING" {
            return None;
        }
        let (host, salt, key_digest) = (text()?, text()?, text()?);
        // Some clients leave them out where they have none.
        let (user, password_digest) = if values >= 6 { (text()?, text()?) } else { Default::default() };
        Some(Self { host, salt, key_digest, user, password_digest })
    }
}

fn is_same(expected: &str, given: &[u8]) -> bool {
    expected.as_bytes().ct_eq(given).into()
}

fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha512::new();
    for part in parts {
        hash.update(part);
    }
    hex::encode(hash.finalize())
}
