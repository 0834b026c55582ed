//! Objects in the data folder.

use std::os::unix::fs::MetadataExt as _;

use logseal::config::storage::Storage;
use logseal::objects::{Objects, OpenError, PutError};

use crate::stores::{Place, body, content, key};

#[tokio::test]
async fn files_are_closed_to_others() {
    let place = Place::folder();
    let key = key();
    place.objects.put(&key, body(b"a line\n"), u64::MAX).await.unwrap();
    let objects = place.data.path().join("objects");
    let mode = |path: &std::path::Path| path.metadata().unwrap().mode() & 0o777;
    assert_eq!(std::fs::read(objects.join(key.as_str())).unwrap(), b"a line\n");
    assert_eq!(mode(&objects.join(key.as_str())), 0o600);
    for folder in [objects.clone(), objects.join("uploads"), objects.join(".incoming")] {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
    }
}

#[tokio::test]
async fn what_a_crash_left_half_written_is_removed_at_the_start() {
    let place = Place::folder();
    let key = key();
    place.objects.put(&key, body(b"whole\n"), u64::MAX).await.unwrap();
    std::fs::write(place.data.path().join("objects/.incoming/left"), b"half").unwrap();
    let objects = Objects::open(&Storage::default(), place.data.path()).unwrap();
    assert_eq!(place.unfinished(), 0);
    assert!(objects.exists(&key).await.unwrap());
}

#[tokio::test]
async fn a_folder_that_was_taken_away_is_made_again() {
    let place = Place::folder();
    std::fs::remove_dir_all(place.data.path().join("objects")).unwrap();
    let key = key();
    place.objects.put(&key, body(b"a line\n"), u64::MAX).await.unwrap();
    assert!(place.objects.exists(&key).await.unwrap());
    assert_eq!(place.unfinished(), 0);
    assert_eq!(place.data.path().join("objects").metadata().unwrap().mode() & 0o777, 0o700);
}

#[test]
fn a_folder_that_cannot_be_used_is_named() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("objects"), b"a file").unwrap();
    let error = Objects::open(&Storage::default(), data.path()).err().unwrap();
    assert!(matches!(error, OpenError::Folder { .. }) && error.to_string().contains("objects"), "{error}");
}

#[tokio::test]
async fn the_last_room_of_the_disk_is_left_to_the_spool() {
    let data = tempfile::tempdir().unwrap();
    let config = Storage { disk_free_bytes_min: u64::MAX / 2, ..Storage::default() };
    let objects = Objects::open(&config, data.path()).unwrap();
    let key = key();
    let error = objects.put(&key, body(&content(3 << 20)), u64::MAX).await.unwrap_err();
    assert!(matches!(&error, PutError::Full(cause) if cause.to_string().contains("disk_free_bytes_min")), "{error:?}");
    assert!(!objects.exists(&key).await.unwrap());
    assert_eq!(data.path().join("objects/.incoming").read_dir().unwrap().count(), 0);
}

#[tokio::test]
async fn a_file_has_no_signed_address() {
    let place = Place::folder();
    let valid_for = std::time::Duration::from_secs(60);
    assert_eq!(place.objects.signed_url(&key(), "a.log", valid_for).await.unwrap(), None);
}
