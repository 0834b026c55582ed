use std::time::Duration;

use super::*;
use crate::spool::follower::{CursorError, RegisterError, Start};

/// A spool with this many sealed segments of two rows each.
fn with_segments(dir: &Path, count: usize) -> Spool {
    let (mut spool, _) = open(dir);
    for _ in 0..count {
        append(&mut spool, &[(2, 10)]).unwrap();
        spool.seal().unwrap();
    }
    spool
}

fn ready(follower: &mut Follower) -> SealedSegment {
    poll_next(follower).expect("a segment is ready").expect("the writer is there")
}

#[test]
fn a_segment_is_deleted_when_the_last_follower_has_passed_it_and_not_before() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = with_segments(dir.path(), 2);
    let [mut store, mut alerts] = spool.register(["store", "alerts"]).unwrap();
    assert_eq!((store.started(), store.name(), store.passed()), (Start::New, "store", 0));
    let first = ready(&mut store);
    assert_eq!(ready(&mut store), first, "the same until it is passed");
    wait(store.advance(&first)).unwrap();
    assert_eq!(segment_files(dir.path()).len(), 2, "alerts has not passed any");
    let second = ready(&mut store);
    wait(store.advance(&second)).unwrap();
    assert!(poll_next(&mut store).is_none(), "waits for a seal");
    assert_eq!(segment_files(dir.path()).len(), 2);
    wait(alerts.advance(&first)).unwrap();
    assert_eq!(segment_files(dir.path()), std::slice::from_ref(&second.path));
    wait(alerts.advance(&second)).unwrap();
    assert_eq!(segment_files(dir.path()), Vec::<PathBuf>::new());
    let stats = spool.monitor().stats();
    assert_eq!((stats.deleted_total, stats.sealed_bytes, stats.open_bytes), (2, 0, 0));
}

#[test]
fn a_follower_goes_on_where_it_was_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = with_segments(dir.path(), 3);
    let [mut store, slow] = spool.register(["store", "slow"]).unwrap();
    let first = ready(&mut store);
    wait(store.advance(&first)).unwrap();
    drop((spool, store, slow));
    let (mut spool, _) = open(dir.path());
    let [mut store, mut slow] = spool.register(["store", "slow"]).unwrap();
    assert_eq!((store.started(), store.passed()), (Start::Resumed, 2));
    assert_eq!(ready(&mut store).first_id, 3);
    assert_eq!(ready(&mut slow), first);
}

#[test]
fn a_passed_segment_whose_deletion_was_lost_in_a_crash_is_deleted_at_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = with_segments(dir.path(), 1);
    let [mut store] = spool.register(["store"]).unwrap();
    let first = ready(&mut store);
    let bytes = fs::read(&first.path).unwrap();
    wait(store.advance(&first)).unwrap();
    drop((spool, store));
    fs::write(&first.path, bytes).unwrap();
    let (mut spool, recovered) = open(dir.path());
    assert_eq!((recovered.sealed, recovered.next_id), (1, 3));
    assert_eq!(segment_files(dir.path()).len(), 1, "nothing is deleted before the list is known");
    let [mut store] = spool.register(["store"]).unwrap();
    assert_eq!(segment_files(dir.path()), Vec::<PathBuf>::new());
    assert!(poll_next(&mut store).is_none());
}

#[test]
fn the_cursor_of_a_removed_follower_neither_blocks_nor_is_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = with_segments(dir.path(), 2);
    let followers = spool.register(["store", "removed"]).unwrap();
    drop((spool, followers));
    let (mut spool, _) = open(dir.path());
    let [mut store] = spool.register(["store"]).unwrap();
    for _ in 0..2 {
        let segment = ready(&mut store);
        wait(store.advance(&segment)).unwrap();
    }
    assert_eq!(segment_files(dir.path()), Vec::<PathBuf>::new());
    assert!(dir.path().join("spool/cursors/removed").exists());
}

#[test]
fn a_rejected_segment_is_kept_with_its_reason_and_the_others_still_see_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = with_segments(dir.path(), 1);
    let [mut store, mut alerts] = spool.register(["store", "alerts"]).unwrap();
    let segment = ready(&mut store);
    let kept = wait(store.reject(&segment, "column does not exist")).unwrap().unwrap();
    assert!(poll_next(&mut store).is_none());
    assert_eq!(store.passed(), 2);
    let again = wait(store.reject(&segment, "again")).unwrap();
    assert_eq!(again, None, "it is passed already");
    assert_eq!(ready(&mut alerts), segment);
    assert_eq!(read(&segment), [(1, 2, true)]);
    wait(alerts.advance(&segment)).unwrap();
    assert_eq!(segment_files(dir.path()), Vec::<PathBuf>::new());
    let copy = SealedSegment { path: kept.clone(), ..segment };
    assert_eq!(read(&copy), [(1, 2, true)], "the copy is whole after the deletion");
    let mut reason = kept.into_os_string();
    reason.push(".reason");
    assert_eq!(fs::read_to_string(reason).unwrap(), "column does not exist\n");
    assert_eq!(spool.monitor().stats().rejected_total, 1);
}

#[test]
fn a_segment_cannot_be_skipped() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = with_segments(dir.path(), 2);
    let [mut fast, mut slow] = spool.register(["fast", "slow"]).unwrap();
    let first = ready(&mut fast);
    wait(fast.advance(&first)).unwrap();
    let second = ready(&mut fast);
    let error = wait(slow.advance(&second)).unwrap_err();
    assert!(matches!(error, CursorError::NotNext(id) if id == second.id));
    let error = wait(slow.reject(&second, "no")).unwrap_err();
    assert!(matches!(error, CursorError::NotNext(_)));
    assert_eq!(ready(&mut slow), first);
    wait(fast.advance(&first)).unwrap();
    assert_eq!(fast.passed(), 2, "passing again does not go back");
}

#[test]
fn a_list_of_followers_that_could_lose_data_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = with_segments(dir.path(), 1);
    let refused = |result: Result<(), RegisterError>| {
        assert!(matches!(result, Err(RegisterError::List(_))), "{result:?}");
    };
    refused(spool.register([]).map(|_: [Follower; 0]| ()));
    refused(spool.register(["a", "a"]).map(|_| ()));
    refused(spool.register(["../sequence"]).map(|_| ()));
    refused(spool.register([""]).map(|_| ()));
    let _store = spool.register(["store"]).unwrap();
    refused(spool.register(["late"]).map(|_| ()));
}

#[test]
fn a_damaged_cursor_begins_again_at_the_oldest_segment_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = with_segments(dir.path(), 2);
    let [mut store, other] = spool.register(["store", "other"]).unwrap();
    let first = ready(&mut store);
    wait(store.advance(&first)).unwrap();
    drop((spool, store, other));
    fs::write(dir.path().join("spool/cursors/store"), vec![0xff; 1024]).unwrap();
    let (mut spool, _) = open(dir.path());
    let [mut store, _other] = spool.register(["store", "other"]).unwrap();
    assert_eq!(store.started(), Start::CursorDamaged);
    assert_eq!(ready(&mut store), first);
}

#[tokio::test]
async fn a_waiting_follower_wakes_at_a_seal_and_ends_when_the_writer_is_gone_and_all_is_passed() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    let [mut store] = spool.register(["store"]).unwrap();
    let mut watermark = store.watermark();
    let writer = std::thread::spawn(move || {
        for _ in 0..5 {
            append(&mut spool, &[(1, 10)]).unwrap();
            spool.seal().unwrap();
        }
    });
    let follow = async {
        let mut seen = Vec::new();
        while let Some(segment) = store.next().await {
            seen.push(segment.first_id);
            store.advance(&segment).await.unwrap();
        }
        seen
    };
    let seen = tokio::time::timeout(Duration::from_secs(30), follow).await.unwrap();
    writer.join().unwrap();
    assert_eq!(seen, [1, 2, 3, 4, 5]);
    assert_eq!(*watermark.wait_for(|id| *id >= 5).await.unwrap(), 5);
}

#[tokio::test]
async fn a_cancelled_next_loses_nothing_and_a_cancelled_advance_still_happens() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    let [mut store] = spool.register(["store"]).unwrap();
    assert!(poll_next(&mut store).is_none(), "polled once and dropped");
    append(&mut spool, &[(1, 10)]).unwrap();
    spool.seal().unwrap();
    let segment = store.next().await.unwrap();
    let mut watermark = store.watermark();
    {
        use std::task::{Context, Poll, Waker};
        let advance = std::pin::pin!(store.advance(&segment));
        let polled = advance.poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending | Poll::Ready(Ok(()))));
    }
    let passed = watermark.wait_for(|id| *id == 1);
    tokio::time::timeout(Duration::from_secs(30), passed).await.unwrap().unwrap();
    store.advance(&segment).await.unwrap();
    assert!(poll_next(&mut store).is_none());
}

#[test]
fn the_lag_of_each_follower_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut spool = with_segments(dir.path(), 3);
    let [mut fast, _slow] = spool.register(["fast", "slow"]).unwrap();
    for _ in 0..3 {
        let segment = ready(&mut fast);
        wait(fast.advance(&segment)).unwrap();
    }
    let lag = spool.monitor().lag();
    let [fast, slow] = &lag[..] else {
        panic!("{lag:?}");
    };
    assert_eq!((fast.follower.as_str(), fast.passed_id, fast.segments, fast.bytes), ("fast", 6, 0, 0));
    assert_eq!(fast.oldest_created_at_ms, None);
    assert_eq!((slow.follower.as_str(), slow.passed_id, slow.segments, slow.rows), ("slow", 0, 3, 6));
    assert_eq!(slow.bytes, 3 * (1024 + 44 + 10));
    assert_eq!(slow.bytes, spool.monitor().stats().sealed_bytes);
    assert_eq!(slow.oldest_created_at_ms, Some(now().unix_ms));
}

#[test]
fn a_frame_damaged_after_the_start_is_named_by_its_ids_and_the_rest_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let (mut spool, _) = open(dir.path());
    append(&mut spool, &[(1, 10), (7, 100_000), (1, 10)]).unwrap();
    spool.seal().unwrap();
    let [mut store] = spool.register(["store"]).unwrap();
    let segment = ready(&mut store);
    let mut bytes = fs::read(&segment.path).unwrap();
    bytes[50_000] ^= 0x10;
    fs::write(&segment.path, bytes).unwrap();
    let entries: Vec<_> = segment.frames().unwrap().collect();
    assert!(matches!(entries[1], Err(ReadError::Corrupt { first_id: 2, last_id: 8 })));
    assert_eq!(read(&segment), [(1, 1, true), (2, 7, false), (9, 1, true)]);
    wait(store.reject(&segment, "ids 2 to 8 are damaged")).unwrap();
}
