//! Objects in a bucket: rights, signatures, and storage that is away.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use logseal::config::storage::Storage;
use logseal::objects::{Objects, PutError, StoreError};

use crate::no_tls::trusting_nobody;
use crate::s3_server;
use crate::stores::{Place, body, content, key};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_address_is_fetched_without_keys_under_the_file_s_name() {
    let place = Place::s3();
    let (key, content) = (key(), content(100_000));
    place.objects.put(&key, body(&content), u64::MAX).await.unwrap();
    let http = reqwest::Client::builder().tls_backend_preconfigured(trusting_nobody()).build().unwrap();
    for name in ["auth.log", "größe \"1\".log"] {
        let url = place.objects.signed_url(&key, name, MINUTE).await.unwrap().unwrap();
        let answer = http.get(url.clone()).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
        let disposition = String::from_utf8(answer.headers()["content-disposition"].as_bytes().to_vec()).unwrap();
        assert!(disposition.starts_with("attachment; filename=\""), "{disposition}");
        assert_eq!(answer.bytes().await.unwrap(), content);
        // The signature holds for this object alone.
        let other = url.as_str().replace(key.as_str(), "uploads/other");
        assert_eq!(http.get(other).send().await.unwrap().status(), 403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_read_at_any_place_within_a_number_of_requests() {
    const BLOCK: usize = 256 << 10;
    let place = Place::s3();
    // More blocks than are remembered.
    let (key, content) = (key(), content(8 * BLOCK + 100));
    place.objects.put(&key, body(&content), u64::MAX).await.unwrap();
    let object = place.objects.ranged(&key).await.unwrap().unwrap();
    assert_eq!(object.bytes(), content.len() as u64);
    let read = move || {
        let read = |at: usize, most: usize| {
            let mut bytes = vec![0; most];
            object.read_at(&mut bytes, at as u64).map(|count| bytes[..count].to_vec())
        };
        assert_eq!(read(content.len() - 7, 100).unwrap(), content[content.len() - 7..]);
        assert_eq!(read(content.len(), 100).unwrap(), b"");
        assert_eq!(read(usize::MAX, 100).unwrap(), b"");
        // What a block still has; what is read again is no further request.
        assert_eq!(read(BLOCK - 10, 100).unwrap(), content[BLOCK - 10..BLOCK]);
        assert_eq!(read(BLOCK - 20, 5).unwrap(), content[BLOCK - 20..BLOCK - 15]);
        // Each is forgotten before its turn comes again.
        for at in (1..8).map(|block| block * BLOCK).cycle().take(254) {
            assert_eq!(read(at, 9).unwrap(), content[at..at + 9]);
        }
        let refused = read(0, 1).unwrap_err().to_string();
        assert_eq!(refused, "more than 256 requests are not worth it");
        assert!(object.failure().is_none(), "it is not the storage's fault");
    };
    tokio::task::spawn_blocking(read).await.unwrap();
    place.objects.delete(&key).await.unwrap();
    assert!(matches!(place.objects.ranged(&key).await, Err(StoreError::NotFound { .. })));
    assert!(Place::folder().objects.ranged(&key).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_goes_while_it_is_read_is_said_to_be_gone() {
    let place = Place::s3();
    let key = key();
    place.objects.put(&key, body(b"a line\n"), u64::MAX).await.unwrap();
    let object = place.objects.ranged(&key).await.unwrap().unwrap();
    place.objects.delete(&key).await.unwrap();
    let read = move || {
        assert!(object.read_at(&mut [0; 3], 0).is_err());
        assert!(matches!(object.failure(), Some(StoreError::NotFound { .. })));
    };
    tokio::task::spawn_blocking(read).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_are_said_to_be_refused() {
    let config = Storage { secret_access_key: "not the secret".into(), ..s3_server::shared().config("refused") };
    let data = tempfile::tempdir().unwrap();
    let objects = Objects::open(&config, data.path()).unwrap();
    for bytes in [10, 9 << 20] {
        let error = objects.put(&key(), body(&content(bytes)), u64::MAX).await.unwrap_err();
        let PutError::Store(StoreError::Refused { source, .. }) = &error else { panic!("{error:?}") };
        assert!(source.to_string().contains("SignatureDoesNotMatch") && !source.to_string().contains("not the secret"));
    }
    assert!(matches!(objects.exists(&key()).await, Err(StoreError::Refused { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_does_not_exist_is_named() {
    let config = Storage { url: "s3://other/a".to_owned(), ..s3_server::shared().config("") };
    let data = tempfile::tempdir().unwrap();
    let objects = Objects::open(&config, data.path()).unwrap();
    let error = objects.put(&key(), body(b"a line\n"), u64::MAX).await.unwrap_err();
    let PutError::Store(StoreError::Refused { source, .. }) = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains("other"), "{source}");
}

#[tokio::test(flavor = "multi_thread")]
async fn storage_that_is_away_is_an_error_in_finite_time() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = Storage {
        url: "s3://logs".to_owned(),
        endpoint: format!("http://{unused}"),
        access_key_id: "id".to_owned(),
        secret_access_key: "secret".into(),
        ..Storage::default()
    };
    let data = tempfile::tempdir().unwrap();
    let objects = Objects::open(&config, data.path()).unwrap();
    let began = Instant::now();
    let error = objects.put(&key(), body(b"a line\n"), u64::MAX).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    let PutError::Store(StoreError::Failed { source, .. }) = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains("Connection refused"), "{source}");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_cannot_be_read_are_named() {
    let config = Storage { ca: Some("/nowhere/ca.crt".into()), ..s3_server::shared().config("") };
    let data = tempfile::tempdir().unwrap();
    let error = Objects::open(&config, data.path()).err().unwrap().to_string();
    assert!(error.contains("storage.ca") && error.contains("/nowhere/ca.crt"), "{error}");
}
