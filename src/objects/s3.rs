//! Objects in storage that speaks S3's protocol.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::TryStreamExt as _;
use http::Method;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path as ObjectPath;
use object_store::signer::{SignedUrlOptions, Signer as _};
use object_store::{BackoffConfig, MultipartUpload, ObjectStoreExt as _, RetryConfig};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;
use rustls::ClientConfig;
use tokio::task::JoinSet;
use tracing::warn;

use super::connector::Connector;
use super::content::Content;
use super::error::{Cause, OpenError, StoreError};
use super::key::Key;
use super::ranged::Ranged;
use crate::config::storage::{Bucket, Storage};
use crate::tls;

/// Every part but the last one: above S3's least (5 MiB), and alike, as some of its kind demand.
pub(super) const PART_BYTES: usize = 8 << 20;

/// S3 takes 10,000 parts: 78 GiB.
pub(super) const BYTES_MAX: u64 = 10_000 * (PART_BYTES as u64);

/// S3's own bound.
const VALID_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

/// One request with all that is tried again: some 10 s where connections are refused, three minutes where nothing answers.
fn retries() -> RetryConfig {
    let backoff =
        BackoffConfig { init_backoff: Duration::from_millis(200), max_backoff: Duration::from_secs(5), base: 2.0 };
    RetryConfig { backoff, max_retries: 5, retry_timeout: Duration::from_secs(120) }
}

/// A bucket, and what all keys in it begin with.
pub(super) struct S3 {
    store: Arc<AmazonS3>,
    prefix: String,
}

impl S3 {
    pub(super) fn new(config: &Storage, bucket: &Bucket) -> Result<Self, OpenError> {
        let failed = |source: Cause| OpenError::S3 { url: config.url.clone(), source };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&bucket.name)
            .with_region(&config.region)
            .with_access_key_id(&config.access_key_id)
            .with_secret_access_key(config.secret_access_key.expose())
            .with_http_connector(Connector::new(client_tls(config)?))
            .with_retry(retries())
            // One request for each, which all of its kind understand.
            .with_disable_bulk_delete(true);
        if !config.endpoint.is_empty() {
            builder = builder.with_endpoint(&config.endpoint);
        }
        let store = builder.build().map_err(|error| failed(error.to_string().into()))?;
        Ok(Self { store: Arc::new(store), prefix: bucket.prefix.clone() })
    }

    /// Begins a new object; nothing is sent yet.
    pub(super) fn upload(&self, key: &Key) -> Upload {
        Upload {
            store: Arc::clone(&self.store),
            key: key.clone(),
            path: self.path(key),
            begun: None,
            parts: JoinSet::new(),
            finishing: false,
        }
    }

    pub(super) async fn get(&self, key: &Key) -> Result<(u64, Content), StoreError> {
        let found = self.store.get(&self.path(key)).await.map_err(|error| StoreError::s3("read", key, &error))?;
        let bytes = found.meta.size;
        let key = key.clone();
        let content = found.into_stream().map_err(move |error| StoreError::s3("read", &key, &error));
        Ok((bytes, content.boxed()))
    }

    pub(super) async fn ranged(&self, key: &Key) -> Result<Ranged, StoreError> {
        let path = self.path(key);
        let found = self.store.head(&path).await.map_err(|error| StoreError::s3("look for", key, &error))?;
        Ok(Ranged::new(Arc::clone(&self.store), path, key.clone(), found.size))
    }

    pub(super) async fn exists(&self, key: &Key) -> Result<bool, StoreError> {
        match self.store.head(&self.path(key)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(StoreError::s3("look for", key, &error)),
        }
    }

    pub(super) async fn delete(&self, key: &Key) -> Result<(), StoreError> {
        remove(&self.store, &self.path(key)).await.map_err(|error| StoreError::s3("remove", key, &error))
    }

    pub(super) async fn signed_url(&self, key: &Key, file_name: &str, valid_for: Duration) -> Result<Url, StoreError> {
        let options = SignedUrlOptions::new().with_query([("response-content-disposition", disposition(file_name))]);
        let path = self.path(key);
        let signed = self.store.signed_url_opts(Method::GET, &path, valid_for.min(VALID_MAX), &options).await;
        signed.map_err(|error| StoreError::s3("sign an address of", key, &error))
    }

    fn path(&self, key: &Key) -> ObjectPath {
        if self.prefix.is_empty() { key.as_str().into() } else { format!("{}/{key}", self.prefix).into() }
    }
}

/// An object on its way: one request if it is one piece, else parts, each sent while the next one is collected.
pub(super) struct Upload {
    store: Arc<AmazonS3>,
    key: Key,
    path: ObjectPath,
    begun: Option<Box<dyn MultipartUpload>>,
    parts: JoinSet<object_store::Result<()>>,
    /// The object may be visible already.
    finishing: bool,
}

impl Upload {
    /// Waits for the part before, and begins to send this one.
    pub(super) async fn write(&mut self, piece: Bytes) -> Result<(), StoreError> {
        self.sent().await?;
        if self.begun.is_none() {
            let begun = self.store.put_multipart(&self.path).await;
            self.begun = Some(begun.map_err(|error| write_failed(&self.key, &error))?);
        }
        if let Some(upload) = &mut self.begun {
            self.parts.spawn(upload.put_part(piece.into()));
        }
        Ok(())
    }

    /// Sends the last piece and makes the object visible.
    pub(super) async fn finish(&mut self, last: Bytes) -> Result<(), StoreError> {
        if self.begun.is_some() && !last.is_empty() {
            self.write(last.clone()).await?;
        }
        self.sent().await?;
        self.finishing = true;
        let finished = match &mut self.begun {
            Some(upload) => upload.complete().await,
            None => self.store.put(&self.path, last.into()).await,
        };
        finished.map(drop).map_err(|error| write_failed(&self.key, &error))
    }

    /// Removes what there is of it, after the parts that are under way.
    pub(super) async fn undo(mut self) {
        self.parts.shutdown().await;
        let mut outcome = Ok(());
        if let Some(mut upload) = self.begun {
            outcome = upload.abort().await;
        }
        // Where the answer was not heard it may have come to be.
        if self.finishing {
            outcome = remove(&self.store, &self.path).await;
        }
        match outcome {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => warn!("parts of the object {} may be left in the bucket: {error}", self.key),
        }
    }

    async fn sent(&mut self) -> Result<(), StoreError> {
        while let Some(part) = self.parts.join_next().await {
            part.map_err(object_store::Error::from)
                .and_then(|sent| sent)
                .map_err(|error| write_failed(&self.key, &error))?;
        }
        Ok(())
    }
}

/// While writing, what is not found is the bucket.
fn write_failed(key: &Key, error: &object_store::Error) -> StoreError {
    match StoreError::s3("write", key, error) {
        StoreError::NotFound { key } => StoreError::Refused { doing: "write", key, source: error.to_string().into() },
        other => other,
    }
}

/// That it does not exist is fine: not every server of the kind says so.
async fn remove(store: &AmazonS3, path: &ObjectPath) -> object_store::Result<()> {
    match store.delete(path).await {
        Err(object_store::Error::NotFound { .. }) => Ok(()),
        outcome => outcome,
    }
}

fn client_tls(config: &Storage) -> Result<ClientConfig, OpenError> {
    let roots = match &config.ca {
        Some(path) => tls::authorities(path)
            .map_err(|source| OpenError::Authorities { path: path.clone(), source: source.into() })?,
        None => tls::public_authorities(),
    };
    tls::client(roots).map_err(|error| OpenError::S3 { url: config.url.clone(), source: error.into() })
}

/// What may stand in an extended value (RFC 8187) as it is.
const EXTENDED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Saves an answer under this name rather than showing it (RFC 6266).
fn disposition(file_name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ' | '(' | ')');
    let plain: String = file_name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    if plain == file_name {
        return format!("attachment; filename=\"{plain}\"");
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{}", utf8_percent_encode(file_name, EXTENDED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_stays_a_name() {
        assert_eq!(disposition("auth.log"), "attachment; filename=\"auth.log\"");
        let hostile = disposition("a\"; x=\r\n/größe.gz");
        assert!(
            hostile.starts_with(
                "attachment; filename=\"a__ x____gr__e.gz\"; filename*=UTF-8''a%22%3B%20x%3D%0D%0A%2Fgr%C3%B6%C3%9Fe.gz"
            ),
            "{hostile}"
        );
    }
}
