//! No room, and disks that fail. The tests on a full disk mount a small tmpfs, so they need root.

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::*;
use crate::spool::disk::Sync;
use crate::spool::refusal::{FullCause, SealError};

/// A filesystem of a few kilobytes and 64 files.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new(kib: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options = std::ffi::CString::new(format!("size={kib}k,nr_inodes=64")).unwrap();
        mount("tmpfs", dir.path(), "tmpfs", MountFlags::empty(), options.as_c_str())
            .expect("this test must be allowed to mount a tmpfs: run it as root");
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        unmount(self.0.path(), UnmountFlags::DETACH).unwrap();
    }
}

/// Appends groups of these frames until the spool refuses; returns the refusal.
fn fill(spool: &mut Spool, frames: &[(u32, usize)]) -> AppendError {
    for _ in 0..10_000 {
        if let Err(error) = append(spool, frames) {
            return error;
        }
    }
    panic!("the spool never was full");
}

/// The writer does not see the end of free space coming: the device says so within the write.
fn blind(dir: &Path) -> Spool {
    let (mut spool, _) = open(dir);
    spool.sync = Sync::FailAfter(u32::MAX);
    spool
}

fn assert_nothing_left_of_a_refused_group(dir: &Path, spool: &Spool) {
    let open: Vec<_> = segment_files(dir).into_iter().filter(|f| f.extension().is_some_and(|e| e == "open")).collect();
    let bytes: u64 = open.iter().map(|f| fs::metadata(f).unwrap().len()).sum();
    assert_eq!((open.len() as u64, bytes), (u64::from(bytes > 0), spool.open_bytes()));
}

#[test]
fn a_full_device_undoes_the_write_and_draining_makes_room_without_a_restart() {
    let disk = SmallDisk::new(256);
    let mut spool = blind(disk.path());
    let [mut store] = spool.register(["store"]).unwrap();
    for frames in [&[(1, 5_000), (1, 7_000)][..], &[(1, 300)]] {
        let error = fill(&mut spool, frames);
        assert!(matches!(error, AppendError::Full(FullCause::Device(_))), "{error}");
        assert_nothing_left_of_a_refused_group(disk.path(), &spool);
    }
    let rows = spool.next_id() - 1;
    let id = spool.open_segment_id();
    assert_eq!(spool.seal().expect("a full disk can seal"), Some(id));

    let next = (spool.next_id(), spool.open_segment_id());
    let error = append(&mut spool, &[(1, 9_000)]).unwrap_err();
    assert!(matches!(error, AppendError::Full(FullCause::Device(_))), "{error}");
    assert_eq!((spool.next_id(), spool.open_segment_id(), spool.open_rows()), (next.0, next.1, 0));
    assert_nothing_left_of_a_refused_group(disk.path(), &spool);

    let segment = poll_next(&mut store).unwrap().unwrap();
    let there = read(&segment).into_iter().filter(|s| s.2);
    assert_eq!(there.map(|s| s.1).sum::<u64>(), rows, "appends behind an undone one are whole");
    wait(store.advance(&segment)).expect("a cursor moves on a full disk");
    assert_eq!(segment_files(disk.path()), Vec::<PathBuf>::new());
    append(&mut spool, &[(1, 9_000)]).unwrap();
    assert_eq!(spool.monitor().stats().refused_full_total, 3);
    drop((spool, store));
    assert_eq!(open(disk.path()).1.next_id, rows + 2);
}

#[test]
fn what_was_acknowledged_before_the_disk_was_full_survives_a_crash_on_the_full_disk() {
    let disk = SmallDisk::new(256);
    let mut spool = blind(disk.path());
    fill(&mut spool, &[(1, 5_000), (1, 7_000)]);
    let rows = spool.next_id() - 1;
    drop(spool);
    let (_, recovered) = open(disk.path());
    assert_eq!((recovered.next_id, recovered.sealed), (rows + 1, 1));
    assert_eq!((recovered.cuts, recovered.losses), (vec![], vec![]));
}

#[test]
fn too_many_files_refuse_the_append_and_it_works_again_when_they_are_gone() {
    let disk = SmallDisk::new(256);
    let (mut spool, _) = open(disk.path());
    let hogs = disk.path().join("hogs");
    fs::create_dir(&hogs).unwrap();
    let made = (0..100).take_while(|i| fs::File::create(hogs.join(i.to_string())).is_ok()).count();
    assert!(made < 100, "the filesystem has a limit of files");
    let error = append(&mut spool, &[(1, 10)]).unwrap_err();
    assert!(matches!(error, AppendError::Full(_)), "{error}");
    fs::remove_dir_all(&hogs).unwrap();
    append(&mut spool, &[(1, 10)]).unwrap();
}

#[test]
fn the_size_limit_and_the_free_space_floor_refuse_until_followers_have_made_room() {
    let disk = SmallDisk::new(1024);
    let dir = disk.path();
    let mut capped = config(dir);
    capped.disk_bytes_max = 20_000;
    let mut floored = config(dir);
    floored.disk_free_bytes_min = 900 << 10;
    for (cfg, is_cap) in [(capped, true), (floored, false)] {
        let (mut spool, _) = Spool::open(cfg).unwrap();
        let [mut store] = spool.register(["store"]).unwrap();
        let error = fill(&mut spool, &[(1, 3_000)]);
        let AppendError::Full(cause) = &error else {
            panic!("{error}");
        };
        assert_eq!(matches!(cause, FullCause::DiskCap), is_cap, "{cause}");
        assert_eq!(matches!(cause, FullCause::FreeSpace), !is_cap, "{cause}");
        spool.seal().unwrap();
        append(&mut spool, &[(1, 3_000)]).expect_err("sealed segments count as well");
        let segment = poll_next(&mut store).unwrap().unwrap();
        wait(store.advance(&segment)).unwrap();
        append(&mut spool, &[(1, 3_000)]).unwrap();
        spool.seal().unwrap();
        let segment = poll_next(&mut store).unwrap().unwrap();
        wait(store.advance(&segment)).unwrap();
    }
}

fn assert_poisoned(spool: &mut Spool) {
    spool.sync = Sync::Real;
    let error = append(spool, &[(1, 10)]).unwrap_err();
    assert!(matches!(error, AppendError::Poisoned(_)), "{error}");
    let error = spool.seal().unwrap_err();
    assert!(matches!(error, SealError::Poisoned(_)), "{error}");
}

#[test]
fn a_failed_fsync_of_an_append_poisons_the_spool_and_acknowledged_rows_survive() {
    // The first group of a segment syncs the file and the directory, a later one the file.
    for (sealed_before, working_syncs, acked_rows) in [(false, 0, 0), (false, 1, 0), (true, 2, 1)] {
        let dir = tempfile::tempdir().unwrap();
        let (mut spool, _) = open(dir.path());
        spool.sync = Sync::FailAfter(working_syncs);
        if sealed_before {
            append(&mut spool, &[(1, 10)]).unwrap();
        }
        let error = append(&mut spool, &[(1, 10)]).unwrap_err();
        let AppendError::Poisoned(poisoned) = error else {
            panic!("{error}");
        };
        assert!(poisoned.source.is_some());
        assert_eq!(spool.next_id(), acked_rows + 1);
        assert_poisoned(&mut spool);
        drop(spool);
        // The refused row was written, and here the disk has it: it may come back, nothing more.
        let (mut spool, recovered) = open(dir.path());
        assert_eq!(recovered.next_id, acked_rows + 2);
        let there: u64 = read_all(&mut spool).iter().map(|s| s.1).sum();
        assert_eq!(there, acked_rows + 1);
    }
}

#[test]
fn a_failed_undo_poisons_the_spool_and_acknowledged_rows_survive() {
    for working in 0..2 {
        let disk = SmallDisk::new(256);
        let mut spool = blind(disk.path());
        append(&mut spool, &[(1, 10)]).unwrap();
        spool.sync = Sync::FailAfter(working);
        let error = append(&mut spool, &[(1, 200_000), (1, 200_000)]).unwrap_err();
        assert!(matches!(error, AppendError::Poisoned(_)), "{error}");
        assert_poisoned(&mut spool);
        drop(spool);
        let (mut spool, recovered) = open(disk.path());
        assert!((2..=3).contains(&recovered.next_id), "{recovered:?}");
        assert_eq!(recovered.losses, []);
        assert_eq!(read_all(&mut spool)[0], (1, 1, true));
    }
}

#[test]
fn a_failed_fsync_of_a_seal_poisons_the_spool_and_acknowledged_rows_survive() {
    for working in 0..2 {
        let dir = tempfile::tempdir().unwrap();
        let (mut spool, _) = open(dir.path());
        append(&mut spool, &[(4, 10)]).unwrap();
        let [mut store] = spool.register(["store"]).unwrap();
        spool.sync = Sync::FailAfter(working);
        let error = spool.seal().unwrap_err();
        assert!(matches!(error, SealError::Poisoned(_)), "{error}");
        assert!(poll_next(&mut store).is_none(), "followers see no segment that may not be durable");
        assert_poisoned(&mut spool);
        drop((spool, store));
        let (mut spool, recovered) = open(dir.path());
        assert_eq!((recovered.next_id, recovered.losses), (5, vec![]));
        assert_eq!(read_all(&mut spool), [(1, 4, true)]);
    }
}
