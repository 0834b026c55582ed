//! How small the spool may be: a group that fits not even into an empty one would be tried for ever, and its senders wait as long.

use super::listener::{ListenerConfig, Protocol};
use super::{Config, ConfigError};

/// What a listener gathers is submitted at this size, of what arrived or of the attributes that were made of it.
pub const GATHERED_BYTES_MAX: usize = 2 << 20;

/// The longest message of a protocol that has its own bound instead of `frame_bytes_max` (Fluent, Beats).
pub const MESSAGE_BYTES_MAX: usize = 16 << 20;

/// The largest block that the spool takes is 256 MiB: a group below, and what one submission may add to it, stay within.
const GROUP_BYTES_MAX: usize = 64 << 20;

/// A byte that arrived may stand in the original bytes and in the message, and threefold among the fields and the attributes
/// where it is no UTF-8. Beside that there are attributes of another [`GATHERED_BYTES_MAX`], what the names of nested objects
/// make of the last record, and the numbers of each record: less than [`GATHERED_BYTES_MAX`] for 8,192 records.
const GROWTH: usize = 8;

/// # Errors
/// The first of the two keys that is wrong.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    let group = config.ingest.group_bytes_max;
    if !(1..=GROUP_BYTES_MAX).contains(&group) {
        return wrong("ingest.group_bytes_max", format!("{group} is not within 1 to {GROUP_BYTES_MAX}"));
    }
    let disk = config.spool.disk_bytes_max;
    let needed = disk_bytes_min(config);
    if disk < needed {
        return wrong(
            "spool.disk_bytes_max",
            format!(
                "{disk} is too little for one group of records, which would wait for ever: with ingest.group_bytes_max = {group} \
                 and the listeners' longest record ({} bytes) it must be {needed} or more",
                record_bytes_max(config)
            ),
        );
    }
    Ok(())
}

/// What the largest group takes: a group is filled up to its limit, and the submission that passes the limit is still in it.
fn disk_bytes_min(config: &Config) -> u64 {
    let submission = GROWTH * (GATHERED_BYTES_MAX + record_bytes_max(config));
    (config.ingest.group_bytes_max + submission) as u64
}

/// The longest record that any listener takes. What comes over HTTP and from files is submitted in smaller pieces.
fn record_bytes_max(config: &Config) -> usize {
    let listeners = config.syslog.iter().chain(&config.listener);
    listeners.map(longest_record).max().unwrap_or_default()
}

fn longest_record(listener: &ListenerConfig) -> usize {
    match listener.protocol {
        Protocol::Fluent | Protocol::Beats => listener.frame_bytes_max.max(MESSAGE_BYTES_MAX),
        Protocol::Syslog | Protocol::Relp | Protocol::Gelf | Protocol::Json => listener.frame_bytes_max,
    }
}

fn wrong(key: &str, detail: String) -> Result<(), ConfigError> {
    Err(ConfigError::Value { key: key.to_owned(), detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        toml::from_str(text).unwrap()
    }

    fn refusal(text: &str) -> Option<String> {
        check(&config(text)).err().map(|error| error.to_string())
    }

    #[test]
    fn a_spool_that_cannot_hold_one_group_is_refused_with_what_it_takes() {
        let needed = (8 << 20) + 8 * ((2 << 20) + (64 << 10));
        let too_small = format!("[spool]\ndisk_bytes_max = {}", needed - 1);
        let said = refusal(&too_small).unwrap();
        for part in
            ["spool.disk_bytes_max", &(needed - 1).to_string(), "group_bytes_max = 8388608", &needed.to_string()]
        {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert_eq!(refusal(&format!("[spool]\ndisk_bytes_max = {needed}")), None);
        // Smaller groups, a smaller spool.
        assert_eq!(refusal(&format!("[ingest]\ngroup_bytes_max = 1048576\n{too_small}")), None);
    }

    #[test]
    fn the_longest_record_of_any_listener_counts() {
        let min = |text: &str| disk_bytes_min(&config(text)) >> 20;
        assert_eq!(min("syslog = []"), 8 + 8 * 2);
        assert_eq!(min("syslog = []\n[[listener]]\nprotocol = \"relp\"\nframe_bytes_max = 1048576"), 8 + 8 * 3);
        assert_eq!(min("[[listener]]\nprotocol = \"fluent\""), 8 + 8 * 18);
        assert_eq!(min("[[listener]]\nprotocol = \"beats\""), 8 + 8 * 18);
    }

    #[test]
    fn a_group_has_bounds() {
        for bytes in ["0", "67108865"] {
            let said = refusal(&format!("[ingest]\ngroup_bytes_max = {bytes}")).unwrap();
            assert!(said.contains("ingest.group_bytes_max") && said.contains(bytes), "{said}");
        }
    }
}
