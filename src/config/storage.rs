//! The keys of `[storage]`: where files that were uploaded are kept.

use std::net::IpAddr;
use std::path::PathBuf;

use reqwest::Url;
use serde::{Deserialize, Serialize};

use super::secret_text::SecretText;

/// Where uploaded files are kept.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// `s3://bucket/prefix`; empty: the folder `objects` in the data folder.
    pub url: String,
    /// Of a service that speaks S3's protocol, as `https://minio.example.net:9000`; empty: that of AWS in the region.
    pub endpoint: String,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: SecretText,
    /// An endpoint on another machine may be reached without TLS.
    pub allow_http: bool,
    /// Authorities to trust instead of the public ones, PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// No file is written to a file system that has less room than this: the spool is to have the last of it.
    pub disk_free_bytes_min: u64,
}

/// A bucket, and what all keys in it begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    pub name: String,
    /// Without a slash at either end; may be empty.
    pub prefix: String,
}

impl Default for Storage {
    fn default() -> Self {
        Self {
            url: String::new(),
            endpoint: String::new(),
            region: "us-east-1".to_owned(),
            access_key_id: String::new(),
            secret_access_key: SecretText::default(),
            allow_http: false,
            ca: None,
            // Twice of what the spool leaves free.
            disk_free_bytes_min: 512 << 20,
        }
    }
}

impl Storage {
    /// The bucket that `url` names; `None` where files are kept in the data folder.
    #[must_use]
    pub fn bucket(&self) -> Option<Bucket> {
        let (name, prefix) =
            self.url.strip_prefix("s3://").map(|place| place.split_once('/').unwrap_or((place, "")))?;
        Some(Bucket { name: name.to_owned(), prefix: prefix.trim_end_matches('/').to_owned() })
    }

    /// The first key that is wrong, with what is wrong about it.
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        let Some(bucket) = self.bucket() else {
            if !self.url.is_empty() {
                return Err(("storage.url", "must be s3://BUCKET/PREFIX, or be empty".to_owned()));
            }
            return self.check_without_bucket();
        };
        if !is_bucket(&bucket.name) {
            let detail = format!("\"{}\" is no bucket's name: 3 to 63 of a-z, 0-9, - and .", bucket.name);
            return Err(("storage.url", detail));
        }
        if !bucket.prefix.is_empty() && !bucket.prefix.split('/').all(is_segment) {
            let detail =
                format!("\"{}\" is no prefix: parts of A-Z, a-z, 0-9, -, _ and . between slashes", bucket.prefix);
            return Err(("storage.url", detail));
        }
        if self.region.is_empty() {
            return Err(("storage.region", "is empty".to_owned()));
        }
        if self.access_key_id.is_empty() {
            return Err(("storage.access_key_id", "is empty: s3:// needs it".to_owned()));
        }
        if self.secret_access_key.is_empty() {
            return Err(("storage.secret_access_key", "is empty: s3:// needs it".to_owned()));
        }
        self.check_endpoint()
    }

    /// A key that would have no effect is one that somebody forgot another for.
    fn check_without_bucket(&self) -> Result<(), (&'static str, String)> {
        let given = [
            ("storage.endpoint", !self.endpoint.is_empty()),
            ("storage.access_key_id", !self.access_key_id.is_empty()),
            ("storage.secret_access_key", !self.secret_access_key.is_empty()),
            ("storage.allow_http", self.allow_http),
            ("storage.ca", self.ca.is_some()),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((key, _)) => Err((key, "is for storage.url = \"s3://…\", which is not set".to_owned())),
            None => Ok(()),
        }
    }

    fn check_endpoint(&self) -> Result<(), (&'static str, String)> {
        if self.endpoint.is_empty() {
            return Ok(());
        }
        let wrong = |detail: &str| Err(("storage.endpoint", detail.to_owned()));
        let Ok(url) = Url::parse(&self.endpoint) else { return wrong("is no address, such as https://host:9000") };
        let Some(host) = url.host_str() else { return wrong("has no host") };
        if !url.username().is_empty() || url.password().is_some() {
            return wrong("holds a login: that has keys of its own");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return wrong("may not have ? or #");
        }
        match url.scheme() {
            "https" => Ok(()),
            "http" if self.allow_http || is_this_machine(host) => Ok(()),
            "http" => wrong("would send files to another machine readably: https://, or storage.allow_http = true"),
            _ => wrong("must begin with https:// or http://"),
        }
    }
}

/// As AWS allows names for new buckets, but for its reserved beginnings and ends.
fn is_bucket(name: &str) -> bool {
    let is_plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let ends = name.bytes().next().is_some_and(is_plain) && name.bytes().last().is_some_and(is_plain);
    (3..=63).contains(&name.len()) && ends && name.bytes().all(|c| is_plain(c) || c == b'-' || c == b'.')
}

fn is_segment(segment: &str) -> bool {
    let is_allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
    !matches!(segment, "" | "." | "..") && segment.bytes().all(is_allowed)
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn s3(url: &str, endpoint: &str) -> Storage {
        Storage {
            url: url.to_owned(),
            endpoint: endpoint.to_owned(),
            access_key_id: "id".to_owned(),
            secret_access_key: SecretText::from("secret"),
            ..Storage::default()
        }
    }

    #[test]
    fn a_bucket_is_named_with_or_without_a_prefix() {
        for (url, name, prefix) in
            [("s3://logs", "logs", ""), ("s3://logs/", "logs", ""), ("s3://logs/a/b.c/", "logs", "a/b.c")]
        {
            let storage = s3(url, "");
            storage.check().unwrap();
            assert_eq!(storage.bucket(), Some(Bucket { name: name.to_owned(), prefix: prefix.to_owned() }));
        }
        assert_eq!(Storage::default().bucket(), None);
        Storage::default().check().unwrap();
    }

    #[test]
    fn an_address_that_is_none_is_refused_under_its_key() {
        for url in ["/var/objects", "https://logs", "s3://", "s3://Logs", "s3://a", "s3://logs/../x", "s3://logs/a//b"]
        {
            assert_eq!(s3(url, "").check().unwrap_err().0, "storage.url", "{url}");
        }
        for endpoint in ["minio:9000", "ftp://minio", "http://", "https://id:secret@minio", "https://minio/?a=b"] {
            let (key, detail) = s3("s3://logs", endpoint).check().unwrap_err();
            assert!(key == "storage.endpoint" && !detail.contains("secret"), "{endpoint}: {detail}");
        }
    }

    #[test]
    fn files_leave_the_machine_encrypted_or_as_stated() {
        for endpoint in ["https://minio:9000", "http://127.0.0.1:9000", "http://[::1]:9000", "http://localhost"] {
            s3("s3://logs", endpoint).check().unwrap();
        }
        let open = s3("s3://logs", "http://minio:9000");
        let (key, detail) = open.check().unwrap_err();
        assert!(key == "storage.endpoint" && detail.contains("storage.allow_http"), "{detail}");
        Storage { allow_http: true, ..open }.check().unwrap();
    }

    #[test]
    fn keys_come_together_or_not_at_all() {
        let without = Storage { secret_access_key: SecretText::default(), ..s3("s3://logs", "") };
        assert_eq!(without.check().unwrap_err().0, "storage.secret_access_key");
        let alone = Storage { url: String::new(), ..s3("", "https://minio") };
        assert_eq!(alone.check().unwrap_err().0, "storage.endpoint");
    }
}
