//! A full disk: who can be told is told, who can wait waits, the rest is counted; and nothing needs a restart.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use serde_json::Value;

use crate::app::{App, SYSLOG, signal, wait_until};
use crate::numbered::{Traffic, Way, assert_unavailable};

/// The spool's own small filesystem. Mounting needs root, as the test run as a whole does.
struct SmallDisk {
    at: PathBuf,
    size: u64,
}

impl SmallDisk {
    fn mount(at: PathBuf, size: u64) -> Self {
        std::fs::create_dir_all(&at).unwrap();
        let options = std::ffi::CString::new(format!("size={size}")).unwrap();
        mount("tmpfs", &at, "tmpfs", MountFlags::empty(), options.as_c_str()).expect("mount a tmpfs; are you root?");
        Self { at, size }
    }

    fn free(&self) -> u64 {
        let stat = rustix::fs::statvfs(&self.at).unwrap();
        stat.f_bavail * stat.f_frsize
    }

    /// A file that leaves `free` bytes to others.
    fn fill(&self, free: u64) -> PathBuf {
        let path = self.at.join("filler");
        let mut file = File::create(&path).unwrap();
        while self.free() > free {
            let n = (self.free() - free).min(64 << 10);
            file.write_all(&vec![1; n as usize]).unwrap();
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The daemon may still have files open in it: the mount then goes with the last of them.
        unmount(&self.at, UnmountFlags::DETACH).ok();
    }
}

/// A daemon whose spool is on a disk of `size` bytes.
fn start(size: u64, tables: &str) -> (SmallDisk, App) {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let data_dir = dir.path().join("data");
    let disk = SmallDisk::mount(data_dir.join("spool"), size);
    let app = App::start_in(dir, data_dir, "", &format!("{tables}\n{SYSLOG}"));
    (disk, app)
}

/// The sum of a counter's samples in `/metrics` whose labels contain `label`.
fn metric(app: &App, name: &str, label: &str) -> u64 {
    let text = app.http().get(app.url("/metrics")).send().unwrap().text().unwrap();
    let samples = text.lines().filter(|line| line.starts_with(name) && line.contains(label));
    samples.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() as u64).sum()
}

fn dropped(app: &App) -> u64 {
    metric(app, "logseal_records_dropped_total", "")
}

fn is_refused(app: &App) -> bool {
    let record = r#"{"source":"probe","level":"INFO","timestamp":"2026-11-20T00:00:00Z","message":"m"}"#;
    let response = app.http().post(app.url("/api/v1/logs/bulk")).body(record).send().unwrap();
    if response.status() == 201 {
        return false;
    }
    assert_unavailable(&response);
    let envelope: Value = response.json().unwrap();
    assert!(envelope["detail"].as_str().unwrap().contains("full"), "{envelope}");
    true
}

fn is_ready(app: &App) -> bool {
    app.http().get(app.url("/health?ready")).send().unwrap().status() == 200
}

/// Sends `n` datagrams; they are counted as taken in before this returns.
fn send_datagrams(app: &App, n: u64) {
    let socket = app.udp();
    let origin = format!("udp:{}", app.listener("udp"));
    let before = metric(app, "logseal_records_received_total", &origin);
    for i in 0..n {
        socket.send(format!("<13>1 - h datagram - - - number {i}").as_bytes()).unwrap();
        if i % 50 == 49 {
            // The kernel's own buffer must not be what drops them.
            wait_until("datagrams are read", || metric(app, "logseal_records_received_total", &origin) >= before + i);
        }
    }
    wait_until("datagrams are read", || metric(app, "logseal_records_received_total", &origin) == before + n);
}

/// From an empty disk to a full one and back, with all kinds of senders; `make_room` ends it.
fn senders_meet_a_full_disk(app: &App, make_room: impl FnOnce()) {
    let ways = [Way::Single, Way::Bulk, Way::Tcp];
    let traffic = Traffic::start_padded(app, &ways, 200);
    wait_until("a sender is refused", || traffic.refused() > 0);
    // The connections are full up to their senders: these stand still, and are not cut off.
    let mut written = 0;
    wait_until("syslog senders wait", || {
        let before = std::mem::replace(&mut written, traffic.written());
        std::thread::sleep(Duration::from_secs(1));
        before == traffic.written()
    });
    wait_until("a sender is refused", || is_refused(app));
    let (acked, dropped_before) = (traffic.acked(), dropped(app));
    assert_eq!(dropped_before, 0, "records of senders that can wait were dropped");
    send_datagrams(app, 200);
    wait_until("datagrams are counted as dropped", || dropped(app) == 200);
    assert_eq!(
        metric(app, "logseal_records_dropped_total", "reason=\"SpoolFull\"")
            + metric(app, "logseal_records_dropped_total", "reason=\"QueueFull\""),
        200
    );

    make_room();
    wait_until("new records are acknowledged", || traffic.acked() > acked + 1000);
    wait_until("syslog senders go on", || traffic.written() > written);
    let account = traffic.finish();
    account.wait_for_all_written(app);
    account.check(app);
    assert_eq!((app.count("app=datagram"), dropped(app)), (0, 200));
    send_datagrams(app, 100);
    app.wait_for_count("app=datagram", 100);
}

#[test]
fn a_spool_that_fills_its_disk_refuses_slows_and_counts_until_the_store_is_back() {
    let tables = "[spool]\ndisk_free_bytes_min = 65536\n[ingest]\nqueue_bytes_max = 1048576\nqueue_wait_ms = 200\n";
    let (_disk, app) = start(6 << 20, tables);
    let engine = app.engine_pid().unwrap();
    signal(engine, "STOP");
    senders_meet_a_full_disk(&app, || signal(engine, "CONT"));
}

/// Without a margin it is the write itself that fails.
#[test]
fn a_write_that_finds_no_room_is_taken_back_and_the_daemon_goes_on() {
    let tables = "[spool]\ndisk_free_bytes_min = 0\n[ingest]\nqueue_bytes_max = 1048576\nqueue_wait_ms = 200\n";
    let (disk, app) = start(6 << 20, tables);
    let filler = disk.fill(100_000);
    let engine = app.engine_pid().unwrap();
    signal(engine, "STOP");
    senders_meet_a_full_disk(&app, || {
        std::fs::remove_file(&filler).unwrap();
        signal(engine, "CONT");
    });
}

#[test]
fn a_disk_that_others_fill_is_used_again_when_they_make_room() {
    let (disk, app) = start(8 << 20, "[spool]\ndisk_free_bytes_min = 1048576\n");
    assert!(!is_refused(&app));
    for _ in 0..3 {
        let filler = disk.fill(512 << 10);
        wait_until("a sender is refused", || is_refused(&app));
        assert!(is_refused(&app), "it must not change its mind");
        assert!(!is_ready(&app), "a load balancer must not go on sending");
        std::fs::remove_file(filler).unwrap();
        wait_until("it is ready though nobody sends", || is_ready(&app));
        wait_until("a sender is served", || !is_refused(&app));
    }
    assert!(disk.free() < disk.size);
    app.flush();
    assert_eq!(metric(&app, "logseal_records_dropped_total", ""), 0);
}

/// The queue is larger than the whole disk: what waits must not have to fit at once.
#[test]
fn more_records_may_wait_than_the_disk_can_hold() {
    let tables = "[spool]\ndisk_free_bytes_min = 65536\n[ingest]\nqueue_bytes_max = 16777216\nqueue_wait_ms = 200\n";
    let (_disk, app) = start(3 << 20, tables);
    let engine = app.engine_pid().unwrap();
    signal(engine, "STOP");
    let traffic = Traffic::start_padded(&app, &[Way::Tcp, Way::Tcp, Way::Tcp], 1000);
    wait_until("much more was sent than fits", || traffic.written() > 9000);
    let account = traffic.finish();
    signal(engine, "CONT");
    account.wait_for_all_written(&app);
    assert_eq!(dropped(&app), 0);
    account.check(&app);
}

#[test]
fn a_full_daemon_stops_in_time_and_keeps_what_it_acknowledged() {
    let dir = Arc::new(tempfile::tempdir().unwrap());
    let data_dir = dir.path().join("data");
    let disk = SmallDisk::mount(data_dir.join("spool"), 4 << 20);
    let tables = "[spool]\ndisk_free_bytes_min = 65536\n[ingest]\nqueue_bytes_max = 1048576\nqueue_wait_ms = 200\n";
    let mut app = App::start_in(dir, data_dir, "shutdown_seconds = 4", &format!("{tables}\n{SYSLOG}"));
    let engine = app.engine_pid().unwrap();
    signal(engine, "STOP");
    let traffic = Traffic::start_padded(&app, &[Way::Bulk, Way::Tcp, Way::Tcp], 200);
    wait_until("a sender is refused", || is_refused(&app));
    let mut written = 0;
    wait_until("syslog senders wait", || {
        let before = std::mem::replace(&mut written, traffic.written());
        std::thread::sleep(Duration::from_secs(1));
        before == traffic.written()
    });
    let started = std::time::Instant::now();
    assert!(app.stop().success(), "{}", app.log());
    // The deadline, and the engine's own.
    assert!(started.elapsed() < Duration::from_secs(15), "{:?}\n{}", started.elapsed(), app.log());
    app.run();
    traffic.point_to(&app);
    traffic.wait_for_acks(1000);
    traffic.finish().check(&app);
    assert!(segments(&disk.at) <= 2);
}

fn segments(spool: &Path) -> usize {
    std::fs::read_dir(spool.join("segments")).unwrap().count()
}
