//! What holds in every place that objects can be in.

use std::io::Read as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _};
use logseal::config::storage::Storage;
use logseal::objects::{Key, Objects, PutError, StoreError};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use uuid::Uuid;

use crate::s3_server;

/// Two parts and a piece of a third.
pub(crate) const LARGE_BYTES: usize = (20 << 20) + 123;

/// Objects of one test alone.
pub(crate) struct Place {
    pub(crate) objects: Objects,
    pub(crate) data: TempDir,
    /// In the bucket; none for a folder.
    prefix: Option<String>,
}

impl Place {
    pub(crate) fn folder() -> Self {
        let data = tempfile::tempdir().unwrap();
        let objects = Objects::open(&Storage::default(), data.path()).unwrap();
        Self { objects, data, prefix: None }
    }

    pub(crate) fn s3() -> Self {
        let data = tempfile::tempdir().unwrap();
        let prefix = Uuid::new_v4().to_string();
        let objects = Objects::open(&s3_server::shared().config(&prefix), data.path()).unwrap();
        Self { objects, data, prefix: Some(prefix) }
    }

    fn both() -> [Self; 2] {
        [Self::folder(), Self::s3()]
    }

    /// Files or uploads that are being written.
    pub(crate) fn unfinished(&self) -> usize {
        match &self.prefix {
            Some(prefix) => s3_server::shared().uploads(prefix) as usize,
            None => self.data.path().join("objects/.incoming").read_dir().unwrap().count(),
        }
    }

    async fn assert_nothing_left(&self, key: &Key) {
        assert!(!self.objects.exists(key).await.unwrap());
        assert_eq!(self.unfinished(), 0);
    }
}

pub(crate) fn key() -> Key {
    Key::upload(Uuid::new_v4())
}

/// Bytes that repeat nowhere.
pub(crate) fn content(bytes: usize) -> Vec<u8> {
    let words = (0_u64..).flat_map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    words.take(bytes).collect()
}

/// `content` in chunks as a connection would give them.
pub(crate) fn body(content: &[u8]) -> BoxStream<'static, Result<Bytes, String>> {
    let chunks: Vec<_> = content.chunks(70_001).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
    stream::iter(chunks).boxed()
}

pub(crate) async fn read(objects: &Objects, key: &Key) -> Vec<u8> {
    let (bytes, content) = objects.stream(key).await.unwrap();
    let content: Vec<Bytes> = content.try_collect().await.unwrap();
    let content = content.concat();
    assert_eq!(content.len() as u64, bytes);
    content
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_read_back_as_it_was_written() {
    for place in Place::both() {
        for bytes in [0, 1, 8 << 20, LARGE_BYTES] {
            let (key, content) = (key(), content(bytes));
            let stored = place.objects.put(&key, body(&content), u64::MAX).await.unwrap();
            assert_eq!((stored.bytes, stored.sha256), (bytes as u64, Sha256::digest(&content).into()));
            assert!(place.objects.exists(&key).await.unwrap());
            assert!(read(&place.objects, &key).await == content, "{bytes} bytes came back otherwise");
            let mut file = place.objects.open_local(&key, &place.data.path().join("copies")).await.unwrap();
            let mut copy = Vec::new();
            file.read_to_end(&mut copy).unwrap();
            assert!(copy == content, "{bytes} bytes were copied otherwise");
            assert_eq!(place.unfinished(), 0);
        }
        if let Ok(copies) = place.data.path().join("copies").read_dir() {
            assert_eq!(copies.count(), 0, "a copy has a name");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_body_that_fails_nothing_is_left() {
    for place in Place::both() {
        for bytes in [1000, LARGE_BYTES] {
            let key = key();
            let broken = body(&content(bytes)).chain(stream::iter([Err("the connection is gone".to_owned())]));
            match place.objects.put(&key, broken, u64::MAX).await.unwrap_err() {
                PutError::Body(error) => assert_eq!(error, "the connection is gone"),
                other => panic!("{other:?}"),
            }
            place.assert_nothing_left(&key).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_body_that_is_too_large_nothing_is_left() {
    for place in Place::both() {
        let (key, content) = (key(), content(LARGE_BYTES));
        let error = place.objects.put(&key, body(&content), LARGE_BYTES as u64 - 1).await.unwrap_err();
        assert!(matches!(error, PutError::TooLarge { bytes_max } if bytes_max == LARGE_BYTES as u64 - 1), "{error:?}");
        place.assert_nothing_left(&key).await;
        place.objects.put(&key, body(&content), LARGE_BYTES as u64).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_write_that_is_dropped_nothing_is_left() {
    for place in Place::both() {
        let key = key();
        let (taken, is_taken) = tokio::sync::oneshot::channel::<()>();
        // Never ends, and says when all of it has been taken.
        let rest = stream::once(async move { drop(taken) }).flat_map(|()| stream::pending());
        let body = body(&content(LARGE_BYTES)).chain(rest).boxed();
        let mut writing = Box::pin(place.objects.put(&key, body, u64::MAX));
        tokio::select! {
            outcome = &mut writing => panic!("{outcome:?}"),
            _ = is_taken => {}
        }
        assert_eq!(place.unfinished(), 1);
        drop(writing);
        place.objects.settle().await;
        place.assert_nothing_left(&key).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_a_write_is_dropped_the_object_is_whole_or_not_there() {
    let place = Place::folder();
    let content = content(3 << 20);
    for steps in 0..36 {
        let key = key();
        let mut writing = Box::pin(place.objects.put(&key, body(&content), u64::MAX));
        let mut outcome = None;
        // From one poll to some hundred thousand, so that it is dropped at every stage, the last ones too.
        let mut polls = 1.4_f64.powi(steps) as u64;
        while polls > 0 && outcome.is_none() {
            outcome = writing.as_mut().now_or_never();
            tokio::task::yield_now().await;
            polls -= 1;
        }
        drop(writing);
        place.objects.settle().await;
        assert_eq!(place.objects.exists(&key).await.unwrap(), outcome.is_some(), "after {steps} steps");
        assert_eq!(place.unfinished(), 0);
        if outcome.is_some() {
            assert!(read(&place.objects, &key).await == content);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_object_is_gone_and_may_be_removed_again() {
    for place in Place::both() {
        let (key, copies) = (key(), place.data.path().join("copies"));
        place.objects.put(&key, body(b"a line\n"), u64::MAX).await.unwrap();
        for _ in 0..2 {
            place.objects.delete(&key).await.unwrap();
            place.assert_nothing_left(&key).await;
        }
        for error in [place.objects.stream(&key).await.err(), place.objects.open_local(&key, &copies).await.err()] {
            assert!(matches!(&error, Some(StoreError::NotFound { key: missing }) if *missing == key), "{error:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_objects_are_written_at_once() {
    for place in Place::both() {
        let writes = (1..=4).map(|n: usize| {
            let objects = place.objects.clone();
            async move {
                let (key, content) = (key(), content(n * (5 << 20)));
                objects.put(&key, body(&content), u64::MAX).await.unwrap();
                assert!(read(&objects, &key).await == content);
            }
        });
        let began = Instant::now();
        futures_util::future::join_all(writes).await;
        assert!(began.elapsed() < Duration::from_secs(60));
    }
}
