//! One login at a time for each user.
//!
//! The throttle decides by the failures that are recorded, and a failure is recorded some 20 ms after its try was allowed. Without
//! this, who sends a hundred tries at once would have them all allowed before the first has failed.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The users whose login is being tried, on this daemon; clones share them. As many as there are requests.
#[derive(Clone, Default)]
pub struct Attempts(Arc<Mutex<HashSet<String>>>);

/// The login of one user, from the throttle's decision to the record of its outcome. It ends when this is dropped.
pub struct Attempt {
    attempts: Attempts,
    username: String,
}

impl Attempts {
    /// Begins a login of `username`, known or not. `None` while another one is under way: try again (429).
    #[must_use]
    pub fn begin(&self, username: &str) -> Option<Attempt> {
        let username = username.to_lowercase();
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(username.clone());
        begun.then(|| Attempt { attempts: self.clone(), username })
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.attempts.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.username);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_one_login_at_a_time() {
        let attempts = Attempts::default();
        let first = attempts.begin("marie").unwrap();
        assert!(attempts.begin("marie").is_none() && attempts.clone().begin("Marie").is_none());
        assert!(attempts.begin("jean").is_some());
        drop(first);
        assert!(attempts.begin("marie").is_some());
        assert!(attempts.0.lock().unwrap().is_empty());
    }
}
