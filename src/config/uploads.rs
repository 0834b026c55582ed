//! The keys of `[uploads]` and `[analysers.NAME]`: files that people upload, and who is told of them.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::WAIT_MAX;
use super::secret_text::SecretText;

/// The limits of uploads and of the archives in them.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Uploads {
    /// The largest file that is taken, as it is uploaded.
    pub file_bytes_max: u64,
    /// Files that are received at once.
    pub receiving_max: NonZeroUsize,
    /// Files that are read at once.
    pub reading_max: NonZeroUsize,
    /// Files that are open, and take turns to be read. Each has its decoders in memory, and its copy on disk where it lies in a bucket.
    pub open_max: NonZeroUsize,
    /// Files whose content is listed at once; each as costly as one that is open.
    pub listing_max: NonZeroUsize,
    /// An upload ends when nothing of it came for so long.
    pub stall_seconds_max: u64,
    /// Entries of an archive.
    pub entries_max: u64,
    /// One entry, and all of an archive together, after decompression.
    pub entry_bytes_max: u64,
    pub total_bytes_max: u64,
    /// How far an entry may grow in decompression, nested archives included; 16 MiB of each upload are free of it.
    pub ratio_max: u64,
    /// Where analysers reach the API, as `https://logs.example.net`; empty: where it listens.
    pub public_url: String,
    /// Reading waits while so much waits for the store, for live records wait behind it until they are found: about one segment.
    pub lag_bytes_max: u64,
}

impl Default for Uploads {
    fn default() -> Self {
        Self {
            file_bytes_max: 16 << 30,
            receiving_max: NonZeroUsize::new(8).expect("8 is not 0"),
            reading_max: NonZeroUsize::new(2).expect("2 is not 0"),
            open_max: NonZeroUsize::new(8).expect("8 is not 0"),
            listing_max: NonZeroUsize::new(2).expect("2 is not 0"),
            stall_seconds_max: 60,
            entries_max: 10_000,
            entry_bytes_max: 64 << 30,
            total_bytes_max: 256 << 30,
            ratio_max: 1000,
            public_url: String::new(),
            lag_bytes_max: 128 << 20,
        }
    }
}

/// Analysers by their names.
pub type Analysers = BTreeMap<String, Analyser>;

/// A program that is told of each finished upload, and posts what it found.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Analyser {
    /// Where it is told, by `POST`.
    pub url: String,
    /// Shown by us to it, and by it to us.
    pub token: SecretText,
    /// How long it may take to answer the `POST`.
    #[serde(default = "answer_seconds_max")]
    pub answer_seconds_max: u64,
    /// How long its result is waited for once it has taken the job.
    #[serde(default = "result_seconds_max")]
    pub result_seconds_max: u64,
    /// How often it is told before it is given up.
    #[serde(default = "attempts_max")]
    pub attempts_max: u32,
}

fn answer_seconds_max() -> u64 {
    30
}

fn result_seconds_max() -> u64 {
    3600
}

fn attempts_max() -> u32 {
    10
}

/// A token can be guessed if it is shorter.
const TOKEN_CHARACTERS_MIN: usize = 16;

/// # Errors
/// The first key that is wrong, and why.
pub(super) fn check(analysers: &Analysers) -> Result<(), (String, String)> {
    for (name, analyser) in analysers {
        let wrong = |key: &str, detail: &str| Err((format!("analysers.{name}.{key}"), detail.to_owned()));
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err((format!("analysers.{name}"), "a name has letters, digits, - and _ only".to_owned()));
        }
        if !analyser.url.starts_with("http://") && !analyser.url.starts_with("https://") {
            return wrong("url", "must begin with http:// or https://");
        }
        if analyser.token.expose().len() < TOKEN_CHARACTERS_MIN {
            return wrong("token", "must have at least 16 characters");
        }
        for (key, seconds) in
            [("answer_seconds_max", analyser.answer_seconds_max), ("result_seconds_max", analyser.result_seconds_max)]
        {
            if seconds > WAIT_MAX {
                return wrong(key, &format!("{seconds} is more than {WAIT_MAX}"));
            }
        }
        if analyser.answer_seconds_max == 0 || analyser.attempts_max == 0 || analyser.result_seconds_max == 0 {
            return wrong("answer_seconds_max", "this, result_seconds_max and attempts_max must not be 0");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn analyser(url: &str, token: &str) -> Analyser {
        Analyser {
            url: url.to_owned(),
            token: token.into(),
            answer_seconds_max: 30,
            result_seconds_max: 3600,
            attempts_max: 10,
        }
    }

    #[test]
    fn an_analyser_has_an_address_a_token_and_a_plain_name() {
        let key = |name: &str, analyser: Analyser| {
            check(&Analysers::from([(name.to_owned(), analyser)])).map_err(|(key, _)| key)
        };
        let fine = analyser("https://av.example/scan", "0123456789abcdef");
        assert_eq!(key("clam-av", fine.clone()), Ok(()));
        assert_eq!(key("a.b", fine.clone()), Err("analysers.a.b".to_owned()));
        assert_eq!(key("x", analyser("ftp://av", "0123456789abcdef")), Err("analysers.x.url".to_owned()));
        assert_eq!(key("x", analyser("http://av", "short")), Err("analysers.x.token".to_owned()));
        assert_eq!(key("x", Analyser { attempts_max: 0, ..fine }), Err("analysers.x.answer_seconds_max".to_owned()));
    }
}
