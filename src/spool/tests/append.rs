use std::io::IoSlice;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use super::*;
use crate::spool::recovery::OpenError;

#[test]
fn what_is_appended_is_read_back_in_order_after_a_seal() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, recovered) = open(dir.path());
    assert!(recovered.fresh);
    assert_eq!((recovered.next_id, spool.next_id()), (1, 1));
    let id = spool.open_segment_id();
    append(&mut spool, &[(1, 10), (5, 0), (2, 1), (1, 300_000)]).unwrap();
    append(&mut spool, &[(7, 100)]).unwrap();
    assert_eq!((spool.next_id(), spool.open_rows()), (17, 16));
    assert_eq!(spool.open_segment_id(), id);
    assert_eq!(spool.seal().unwrap(), Some(id));
    assert_ne!(spool.open_segment_id(), id);
    assert_eq!(spool.seal().unwrap(), None, "nothing to seal");
    let seen = read_all(&mut spool);
    assert_eq!(seen, [(1, 1, true), (2, 5, true), (7, 2, true), (9, 1, true), (10, 7, true)]);
}

#[test]
fn a_group_of_more_pieces_than_one_write_takes_is_written_whole() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    append(&mut spool, &vec![(1, 30); 3000]).unwrap();
    spool.seal().unwrap();
    assert_eq!(read_all(&mut spool).len(), 3000);
}

#[test]
fn ids_that_do_not_go_on_and_impossible_frames_are_refused_and_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    let payload = [IoSlice::new(b"x")];
    let frame = |first_id, rows| Frame { first_id, rows, payload: &payload };
    for group in [vec![frame(2, 1)], vec![frame(1, 2), frame(2, 1)], vec![frame(1, 1), frame(3, 1)]] {
        let error = spool.append(&group, now()).unwrap_err();
        assert!(matches!(error, AppendError::NotNext { .. }), "{error}");
    }
    let error = spool.append(&[frame(1, 0)], now()).unwrap_err();
    assert!(matches!(error, AppendError::Frame { rows: 0, .. }), "{error}");
    let large = vec![0; (256 << 20) + 1];
    let large = [IoSlice::new(&large)];
    let too_large = Frame { first_id: 1, rows: 1, payload: &large };
    let error = spool.append(&[too_large], now()).unwrap_err();
    assert!(matches!(error, AppendError::Frame { .. }), "{error}");
    spool.append(&[], now()).unwrap();
    assert_eq!((spool.next_id(), spool.open_bytes()), (1, 0));
    assert_eq!(segment_files(dir.path()), Vec::<PathBuf>::new());
    append(&mut spool, &[(1, 1)]).unwrap();
}

#[test]
fn age_and_limits_of_the_open_segment_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut cfg = config(dir.path());
    cfg.segment_rows_max = 3;
    let (mut spool, _) = Spool::open(cfg).unwrap();
    assert_eq!(spool.open_age(Instant::now()), None);
    append(&mut spool, &[(2, 10)]).unwrap();
    assert!(!spool.open_is_full());
    append(&mut spool, &[(1, 10)]).unwrap();
    assert!(spool.open_is_full());
    let later = Instant::now() + Duration::from_secs(5);
    assert!(spool.open_age(later).unwrap() >= Duration::from_secs(5));
    spool.seal().unwrap();
    assert_eq!(spool.open_age(later), None);
    assert!(!spool.open_is_full());
}

#[test]
fn a_second_daemon_is_refused_and_told_who_has_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    let error = Spool::open(config(dir.path())).unwrap_err();
    let OpenError::Locked { dir: locked, pid } = &error else {
        panic!("{error}");
    };
    assert_eq!((locked, *pid), (&dir.path().join("spool"), Some(std::process::id())));
    let text = error.to_string();
    assert!(text.contains(&std::process::id().to_string()), "{text}");

    // A follower keeps the lock as well: it still deletes segments.
    let [follower] = spool.register(["store"]).unwrap();
    drop(spool);
    assert!(matches!(Spool::open(config(dir.path())), Err(OpenError::Locked { .. })));
    drop(follower);
    open(dir.path());
}

#[test]
fn nobody_else_may_read_the_spool() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    append(&mut spool, &[(1, 10)]).unwrap();
    let _followers = spool.register(["store"]).unwrap();
    let root = dir.path().join("spool");
    let mut left = vec![root];
    while let Some(path) = left.pop() {
        let metadata = fs::metadata(&path).unwrap();
        let expected = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(metadata.permissions().mode() & 0o777, expected, "{path:?}");
        if metadata.is_dir() {
            left.extend(files(&path));
        }
    }
}

#[test]
fn ids_go_on_when_all_segments_and_all_cursors_are_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    append(&mut spool, &[(42, 10)]).unwrap();
    spool.seal().unwrap();
    assert_eq!(read_all(&mut spool).len(), 1);
    assert_eq!(segment_files(dir.path()), Vec::<PathBuf>::new());
    drop(spool);
    fs::remove_file(dir.path().join("spool/cursors/reader")).unwrap();
    let (_, recovered) = open(dir.path());
    assert_eq!((recovered.next_id, recovered.fresh), (43, false));
}

#[test]
fn ids_go_on_from_the_cursors_when_the_sequence_file_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    append(&mut spool, &[(42, 10)]).unwrap();
    spool.seal().unwrap();
    read_all(&mut spool);
    drop(spool);
    fs::remove_file(dir.path().join("spool/sequence")).unwrap();
    let (spool, recovered) = open(dir.path());
    assert_eq!((recovered.next_id, recovered.fresh), (43, false));
    drop(spool);
    fs::write(dir.path().join("spool/sequence"), b"damaged").unwrap();
    let (_, recovered) = open(dir.path());
    assert_eq!((recovered.next_id, recovered.sequence_damaged), (43, true));
}

#[test]
fn a_raised_id_is_durable_and_ids_never_go_back() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    drop(spool);
    (spool, _) = open(dir.path());
    spool.raise_next_id(1000).unwrap();
    spool.raise_next_id(10).unwrap();
    assert_eq!(spool.next_id(), 1000);
    drop(spool);
    let (mut spool, recovered) = open(dir.path());
    assert_eq!((recovered.next_id, recovered.fresh), (1000, false));
    append(&mut spool, &[(1, 10)]).unwrap();
    spool.raise_next_id(2000).unwrap();
    append(&mut spool, &[(1, 10)]).unwrap();
    spool.seal().unwrap();
    assert_eq!(read_all(&mut spool), [(1000, 1, true), (2000, 1, true)]);
}

#[test]
fn a_fresh_folder_stays_fresh_until_an_id_is_used() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        assert!(open(dir.path()).1.fresh);
    }
    let (mut spool, _) = open(dir.path());
    append(&mut spool, &[(1, 10)]).unwrap();
    drop(spool);
    assert!(!open(dir.path()).1.fresh);
}
