//! Objects in a bucket that is reached over HTTPS, with an authority of one's own.

use std::time::{Duration, Instant};

use logseal::config::storage::Storage;
use logseal::objects::{Objects, PutError, StoreError};

use crate::certificates::Authority;
use crate::s3_server::S3Server;
use crate::stores::{LARGE_BYTES, body, content, key, read};

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_written_and_read_over_https_where_the_authority_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let server = S3Server::with_tls(folder.path());
    let config = server.config("tls");
    assert!(config.endpoint.starts_with("https://") && config.ca.is_some());
    let objects = Objects::open(&config, folder.path()).unwrap();
    for bytes in [1000, LARGE_BYTES] {
        let (key, content) = (key(), content(bytes));
        objects.put(&key, body(&content), u64::MAX).await.unwrap();
        assert!(objects.exists(&key).await.unwrap());
        assert!(read(&objects, &key).await == content);
        // As the directory of a zip is read, to list it.
        let object = objects.ranged(&key).await.unwrap().unwrap();
        let expected = content[bytes - 100..].to_vec();
        let at_its_end = move || {
            let mut end = [0; 100];
            assert_eq!(object.read_at(&mut end, bytes as u64 - 100).unwrap(), 100);
            assert_eq!(end[..], expected);
        };
        tokio::task::spawn_blocking(at_its_end).await.unwrap();
        let url = objects.signed_url(&key, "auth.log", Duration::from_secs(60)).await.unwrap().unwrap();
        assert_eq!(url.scheme(), "https");
        objects.delete(&key).await.unwrap();
        assert!(!objects.exists(&key).await.unwrap());
    }
    assert_eq!(server.uploads("tls"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_trusted_is_refused_at_once_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let server = S3Server::with_tls(folder.path());
    let config = server.config("untrusted");
    let other = Authority::new("another authority").write(&folder.path().join("other.crt"));
    // Neither the other one nor any that is public has signed it.
    for ca in [Some(other), None] {
        let config = Storage { ca, ..config.clone() };
        let objects = Objects::open(&config, folder.path()).unwrap();
        let began = Instant::now();
        let error = objects.put(&key(), body(b"a line\n"), u64::MAX).await.unwrap_err();
        // What is tried again takes some ten seconds.
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
        let PutError::Store(StoreError::Failed { source, .. }) = &error else { panic!("{error:?}") };
        let source = source.to_string();
        assert!(
            source.contains("its certificate is refused, see storage.ca") && source.contains("UnknownIssuer"),
            "{source}"
        );
    }
    // Nothing of it got there, and the server goes on.
    let objects = Objects::open(&config, folder.path()).unwrap();
    objects.put(&key(), body(b"a line\n"), u64::MAX).await.unwrap();
}
