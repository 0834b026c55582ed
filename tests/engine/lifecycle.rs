//! Starts, crashes and ends of the child.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use logseal::engine::config::{EngineConfig, Listen};
use logseal::engine::supervisor::{EngineState, Supervisor, SupervisorConfig};
use rustix::process::{Pid, Signal, kill_process};
use tokio_util::task::TaskTracker;

use crate::harness::{CHILD, PROGRAM, SOON, engine_library, native_block, start};

fn pid(raw: u32) -> Pid {
    Pid::from_raw(raw.try_into().unwrap()).unwrap()
}

/// Whether the process runs. One that has ended and only waits for its parent's attention does not.
fn lives(child: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{child}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap().starts_with(" Z"))
}

async fn gone(child: u32) -> bool {
    let started = Instant::now();
    while lives(child) {
        if started.elapsed() > SOON {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    true
}

#[tokio::test]
async fn a_killed_child_is_up_again_within_two_seconds_with_its_data() {
    let engine = start().await;
    engine.execute("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a SETTINGS fsync_after_insert = 1").await;
    engine.execute("INSERT INTO t SELECT number FROM numbers(1000)").await;
    let mut state = engine.supervisor.state();
    let killed = engine.supervisor.pid().unwrap();
    let started = Instant::now();
    kill_process(pid(killed), Signal::KILL).unwrap();
    state.wait_for(|s| matches!(s, EngineState::Down { .. })).await.unwrap();
    state.wait_for(|s| *s == EngineState::Up).await.unwrap();
    println!("up again after {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    assert_eq!(engine.supervisor.restarts(), 1);
    assert_ne!(engine.supervisor.pid(), Some(killed));
    assert_eq!(engine.number("SELECT count() FROM t").await, 1000);
    engine.supervisor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_load_is_clean_and_fast() {
    let engine = start().await;
    engine
        .execute("CREATE TABLE t (n UInt64, host LowCardinality(String), msg String) ENGINE = MergeTree ORDER BY n")
        .await;
    let child = engine.supervisor.pid().unwrap();
    let tasks = TaskTracker::new();
    let mut load = Vec::new();
    for worker in 0..6u64 {
        let client = engine.client.clone();
        load.push(tasks.spawn(async move {
            loop {
                let outcome = if worker < 3 {
                    let rows =
                        client.query("SELECT number, sipHash64(number) FROM numbers(100000000)").fetch_bytes("CSV");
                    rows.unwrap().collect().await.map(drop)
                } else {
                    let mut insert = client.insert_formatted_with("INSERT INTO t FORMAT Native");
                    match insert.send(native_block(0, 20_000, 200).into()).await {
                        Ok(()) => insert.end().await,
                        Err(error) => Err(error),
                    }
                };
                if outcome.is_err() {
                    return;
                }
            }
        }));
    }
    engine.running("numbers(100000000)").await;
    let started = Instant::now();
    engine.supervisor.stop().await;
    println!("stopped under load after {:?}", started.elapsed());
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert!(gone(child).await);
    for task in load {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn no_child_outlives_its_parent() {
    let dir = tempfile::tempdir().unwrap();
    let mut parent = Command::new(PROGRAM)
        .env("LOGSEAL__ENGINE__LIBRARY", engine_library())
        .env("LOGSEAL__DATA_DIR", dir.path())
        .env("LOGSEAL__API__LISTEN", "127.0.0.1:0")
        .env("LOGSEAL__SYSLOG", "[]")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stderr = std::io::BufReader::new(parent.stderr.take().unwrap());
    let child: u32 = loop {
        line.clear();
        assert_ne!(std::io::BufRead::read_line(&mut stderr, &mut line).unwrap(), 0, "it ended too early");
        if let Some((_, pid)) = line.split_once("engine.pid=") {
            break pid.trim().parse().unwrap();
        }
    };
    assert!(lives(child));
    parent.kill().unwrap();
    parent.wait().unwrap();
    let started = Instant::now();
    assert!(gone(child).await, "the child lives on");
    println!("gone {:?} after its parent", started.elapsed());
}

#[tokio::test]
async fn a_dropped_supervisor_takes_its_child_along() {
    let engine = start().await;
    let child = engine.supervisor.pid().unwrap();
    drop(engine);
    assert!(gone(child).await);
}

#[tokio::test]
async fn the_socket_and_the_data_are_for_this_user_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let engine = start().await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&engine.socket), 0o600);
    assert_eq!(mode(engine.socket.parent().unwrap()), 0o700);
    assert_eq!(mode(&engine.dir.path().join("data")), 0o700);
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn a_round_trip_is_short() {
    let engine = start().await;
    let mut times: Vec<Duration> = Vec::new();
    for _ in 0..200 {
        let started = Instant::now();
        assert_eq!(engine.number("SELECT toUInt64(1)").await, 1);
        times.push(started.elapsed());
    }
    times.sort();
    println!("SELECT 1: median {:?}, p95 {:?}", times[100], times[190]);
    assert!(times[100] < Duration::from_millis(50));
    engine.supervisor.stop().await;
}

#[tokio::test]
async fn an_engine_that_cannot_start_is_reported_and_can_be_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let no_library = dir.path().join("no_library.so");
    std::fs::write(&no_library, "not a library").unwrap();
    let check = async |program: &str, library: &Path, expected: &str, unloadable: bool| {
        let socket = dir.path().join("run/e.sock");
        let listen = Listen::Socket { path: socket.clone() };
        let config = SupervisorConfig {
            program: program.into(),
            arguments: CHILD.map(Into::into).into(),
            engine: EngineConfig::new(library.to_owned(), dir.path().join("data"), listen),
            socket,
            ready_within: SOON,
            stop_within: SOON,
        };
        let supervisor = Supervisor::start(config, &TaskTracker::new());
        let mut state = supervisor.state();
        let down = state.wait_for(|s| matches!(s, EngineState::Down { .. }));
        let down = tokio::time::timeout(SOON, down).await.unwrap().unwrap().clone();
        let EngineState::Down { reason, is_unloadable } = down else { panic!("{down:?}") };
        assert!(reason.contains(expected), "{reason}");
        assert_eq!(is_unloadable, unloadable, "{reason}");
        tokio::time::timeout(SOON, supervisor.stop()).await.unwrap();
    };
    check("/no/such/program", &no_library, "start", false).await;
    check(PROGRAM, Path::new("/no/such/library.so"), "exit status: 78", true).await;
    check(PROGRAM, &no_library, "exit status: 78", true).await;
}
