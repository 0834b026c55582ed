//! Hashes that are the same in every process, for what is stored: values that are told apart, and the names of episodes.

use sha2::{Digest, Sha256};
use siphasher::sip128::SipHasher13;

/// The bytes of a value that stand in a key; what is longer is cut and told apart by its hash.
const VALUE_BYTES_MAX: usize = 200;

/// A value's 128 bits.
pub(super) fn of_value(value: &str) -> u128 {
    SipHasher13::new().hash(value.as_bytes()).as_u128()
}

/// 16 hexadecimal digits of a group.
pub(super) fn of_group(key: &[u8]) -> String {
    Sha256::digest(key).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Appends `value` to a key, so that [`key_values`] finds it again.
pub(super) fn push_value(key: &mut Vec<u8>, value: &str) {
    if value.len() <= VALUE_BYTES_MAX {
        push_bytes(key, value.as_bytes());
        return;
    }
    let end = value.floor_char_boundary(VALUE_BYTES_MAX);
    let shortened = format!("{}~{:016x}", value.get(..end).unwrap_or_default(), of_value(value) as u64);
    push_bytes(key, shortened.as_bytes());
}

fn push_bytes(key: &mut Vec<u8>, bytes: &[u8]) {
    key.push(u8::try_from(bytes.len()).expect("a value is cut to fewer bytes"));
    key.extend_from_slice(bytes);
}

/// The values of a key, in their order.
pub(super) fn key_values(key: &[u8]) -> impl Iterator<Item = &str> {
    let mut rest = key;
    std::iter::from_fn(move || {
        let (length, tail) = rest.split_first()?;
        let (value, tail) = tail.split_at_checked(usize::from(*length))?;
        rest = tail;
        Some(std::str::from_utf8(value).unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_from_their_key_and_long_ones_are_told_apart() {
        let long = "é".repeat(300);
        let other = format!("{long}x");
        let mut key = Vec::new();
        for value in ["a", "", "bc", &long, &other] {
            push_value(&mut key, value);
        }
        let values: Vec<&str> = key_values(&key).collect();
        assert_eq!(&values[..3], ["a", "", "bc"]);
        assert!(values[3].starts_with(&"é".repeat(100)) && values[3].len() == 217, "{}", values[3]);
        assert_ne!(values[3], values[4]);
    }

    #[test]
    fn hashes_stay_what_they_are_because_they_are_stored() {
        assert_eq!(of_group(b"group"), "ad936fcbed631fa6");
        assert_eq!(format!("{:032x}", of_value("value")), "eb3bed46dc6ae418b622437783c5fb74");
    }
}
