//! Passwords as argon2id hashes (PHC strings), off the asynchronous threads and only so many at once.
//!
//! A hash takes 19 MiB and some 20 ms of a processor, on purpose. Without a bound, a crowd that logs in would take the
//! memory and every processor of the daemon.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::PasswordHasher as _;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordVerifier as _, Version};
use tokio::sync::Semaphore;

use super::password_policy::BYTES_MAX;

/// How long a password waits for its turn.
const TURN_WAIT: Duration = Duration::from_secs(2);

/// OWASP's minimum for argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Verified in the place of a hash that does not exist, so that the answer takes as long. Nothing is known to match it.
const NOBODYS_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWhhcy10aGlzIQ$Tm8gcGFzc3dvcmQgaXMga25vd24gdG8gbWF0Y2ghISE";

/// Why a password was neither hashed nor verified.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Try again later (503).
    #[error("too many passwords are waiting to be verified")]
    Busy,
    /// The account's stored hash, or this program, is broken.
    #[error("the password hash cannot be used: {0}")]
    Unusable(String),
}

/// Hashes and verifies passwords; clones share the bound.
#[derive(Clone)]
pub struct Passwords {
    turns: Arc<Semaphore>,
    turn_wait: Duration,
}

impl Passwords {
    /// At most `at_once` passwords are worked on at the same time; 19 MiB each.
    #[must_use]
    pub fn new(at_once: NonZeroUsize) -> Self {
        Self { turns: Arc::new(Semaphore::new(at_once.get())), turn_wait: TURN_WAIT }
    }

    /// A PHC string with a salt of its own.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when no turn came within two seconds.
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        self.in_turn(move || hash_now(&password)).await
    }

    /// Whether `password` is the one that was hashed. Without a `hash` (an unknown user) it is not, after the same time.
    ///
    /// # Errors
    /// [`PasswordError::Busy`] when no turn came within two seconds; [`PasswordError::Unusable`] when `hash` is not a PHC
    /// string of argon2.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool, PasswordError> {
        self.in_turn(move || verify_now(&password, hash.as_deref())).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let turn = tokio::time::timeout(self.turn_wait, Arc::clone(&self.turns).acquire_owned())
            .await
            .map_err(|_| PasswordError::Busy)?
            .expect("the semaphore is never closed");
        let worked = tokio::task::spawn_blocking(move || {
            // Until the work has ended, even if the one who asked is gone.
            let _turn = turn;
            work()
        });
        worked.await.map_err(|error| PasswordError::Unusable(error.to_string()))?
    }
}

/// Hashes on this thread, for the terminal's commands, which have nothing else to do.
///
/// # Errors
/// [`PasswordError::Unusable`] when the system has no randomness for the salt.
pub fn hash_now(password: &str) -> Result<String, PasswordError> {
    let hash: PasswordHash = argon2id().hash_password(password.as_bytes()).map_err(unusable)?;
    Ok(hash.to_string())
}

fn verify_now(password: &str, hash: Option<&str>) -> Result<bool, PasswordError> {
    // No account has a longer one.
    let (known, password) = if password.len() > BYTES_MAX { (None, "") } else { (hash, password) };
    let hash = PasswordHash::new(known.unwrap_or(NOBODYS_HASH)).map_err(unusable)?;
    match argon2id().verify_password(password.as_bytes(), &hash) {
        Ok(()) => Ok(known.is_some()),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(unusable(error)),
    }
}

fn argon2id() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn unusable(error: impl std::fmt::Display) -> PasswordError {
    PasswordError::Unusable(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords(at_once: usize) -> Passwords {
        Passwords::new(NonZeroUsize::new(at_once).unwrap())
    }

    #[tokio::test]
    async fn only_the_right_password_is_verified() {
        let passwords = passwords(2);
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse".to_owned(), Some(hash.clone())).await.unwrap());
        for wrong in ["Correct horse", "correct horse ", "", &"x".repeat(1 << 20)] {
            assert!(!passwords.verify(wrong.to_owned(), Some(hash.clone())).await.unwrap());
        }
        assert_ne!(hash, passwords.hash("correct horse".to_owned()).await.unwrap());
    }

    #[tokio::test]
    async fn an_unknown_user_has_no_password() {
        for password in ["", "correct horse"] {
            assert!(!passwords(1).verify(password.to_owned(), None).await.unwrap());
        }
    }

    #[test]
    fn an_unknown_user_costs_what_a_known_one_costs() {
        let (nobodys, somebodys) = (NOBODYS_HASH, hash_now("correct horse").unwrap());
        let (nobodys, somebodys) = (PasswordHash::new(nobodys).unwrap(), PasswordHash::new(&somebodys).unwrap());
        assert_eq!(nobodys.algorithm, somebodys.algorithm);
        assert_eq!(nobodys.version, somebodys.version);
        assert_eq!(nobodys.params, somebodys.params);
        assert_eq!(nobodys.salt.unwrap().len(), somebodys.salt.unwrap().len());
        assert_eq!(nobodys.hash.unwrap().len(), somebodys.hash.unwrap().len());
    }

    #[tokio::test]
    async fn a_broken_hash_is_an_error_and_not_a_wrong_password() {
        for hash in ["", "plain text", "$argon2id$v=19$m=19456,t=2,p=1$"] {
            let outcome = passwords(1).verify("correct horse".to_owned(), Some(hash.to_owned())).await;
            assert!(matches!(outcome, Err(PasswordError::Unusable(_)) | Ok(false)), "{hash} {outcome:?}");
        }
    }

    #[tokio::test]
    async fn no_turn_within_the_wait_is_busy() {
        let passwords = Passwords { turn_wait: Duration::from_millis(10), ..passwords(1) };
        let turn = Arc::clone(&passwords.turns).acquire_owned().await.unwrap();
        assert!(matches!(passwords.verify("x".to_owned(), None).await, Err(PasswordError::Busy)));
        drop(turn);
        let patient = Passwords { turn_wait: TURN_WAIT, ..passwords };
        assert!(!patient.verify("x".to_owned(), None).await.unwrap());
    }
}
