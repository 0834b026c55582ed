//! What an alert's row holds of what its rule found. Pure.

use serde_json::json;
use sha2::{Digest as _, Sha256};

/// Of hosts and of samples, an alert keeps the first ones.
const KEPT_MAX: usize = 20;

/// What the open alerts of all daemons are told apart by.
pub(super) fn open_key(rule_code: &str, group: &[(String, String)]) -> String {
    hex::encode(Sha256::digest(json!([rule_code, group]).to_string()))
}

pub(super) fn count(records: u64) -> i64 {
    i64::try_from(records).unwrap_or(i64::MAX)
}

pub(super) fn keep_first<T: Clone + PartialEq>(kept: &mut Vec<T>, more: &[T]) {
    for value in more {
        if kept.len() >= KEPT_MAX {
            return;
        }
        if !kept.contains(value) {
            kept.push(value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_key_tells_rules_and_groups_apart() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let keys = [
            open_key("a", &[]),
            open_key("b", &[]),
            open_key("a", &[pair("ip", "1")]),
            open_key("a", &[pair("user", "1")]),
            open_key("a", &[pair("ip", "1"), pair("user", "2")]),
            open_key("a", &[pair("ip", "1,user=2")]),
            open_key("a", &[pair("ip", "1\"],[\"user"), pair("user", "2")]),
        ];
        for (i, key) in keys.iter().enumerate() {
            assert!(!keys[..i].contains(key), "{i}");
        }
        assert_eq!(open_key("a", &[pair("ip", "1")]), keys[2]);
    }

    #[test]
    fn the_first_twenty_different_ones_are_kept() {
        let mut kept = vec![1, 2];
        keep_first(&mut kept, &[2, 3, 3]);
        assert_eq!(kept, [1, 2, 3]);
        keep_first(&mut kept, &(0..100).collect::<Vec<_>>());
        assert_eq!(kept.len(), KEPT_MAX);
        assert_eq!(kept[..5], [1, 2, 3, 0, 4]);
    }
}
