//! kill -9 at any moment: what was acknowledged is stored, once.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;

use crate::app::{App, signal, wait_until};
use crate::numbered::{Traffic, Way, assert_unavailable, number};

const ROUNDS: u32 = 21;
const ENGINE_ROUNDS: u32 = 8;
/// The promise is 2 s on a machine that is not busy with other tests.
const ENGINE_BACK_MAX: Duration = Duration::from_secs(10);

/// Another one each time; `LOGSEAL_TEST_SEED` repeats a run's choices.
pub(crate) fn seeded() -> StdRng {
    let given = std::env::var_os("LOGSEAL_TEST_SEED").map(|seed| seed.to_str().unwrap().parse().unwrap());
    let seed = given.unwrap_or_else(rand::random::<u64>);
    println!("LOGSEAL_TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// Lets a random time pass. That the kill comes at any moment is the point.
pub(crate) fn a_while(rng: &mut StdRng, at_most_ms: u64) {
    std::thread::sleep(Duration::from_millis(rng.random_range(0..at_most_ms)));
}

fn is_running(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // What has ended and nobody has waited for is there as `Z`.
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// The engines that work in this data folder, found by the lock that they hold open.
fn engines_in(data_dir: &Path) -> Vec<u32> {
    let holds = |pid: &u32| {
        let Ok(files) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
        let lock = data_dir.join("engine/store/engine.lock");
        files.flatten().any(|file| std::fs::read_link(file.path()).is_ok_and(|target| target == lock))
    };
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(holds).collect()
}

fn kill_engine(app: &App) -> u32 {
    let mut engine = 0;
    wait_until("there is an engine", || {
        engine = app.engine_pid().unwrap_or(0);
        engine != 0 && is_running(engine)
    });
    signal(engine, "KILL");
    engine
}

#[test]
fn what_was_acknowledged_is_stored_once_whatever_is_killed_and_when() {
    let mut rng = seeded();
    let mut app = App::start();
    let traffic = Traffic::start(&app, &[Way::Single, Way::Single, Way::Bulk, Way::Bulk, Way::Tcp, Way::Tcp]);
    for round in 0..ROUNDS {
        a_while(&mut rng, 900);
        match round % 3 {
            0 => {
                kill_engine(&app);
            }
            1 => {
                app.kill();
                app.run();
            }
            _ => {
                if rng.random_bool(0.5) {
                    kill_engine(&app);
                }
                app.kill();
                // A start that is killed on its way, while it recovers.
                app.run_and_kill(Duration::from_millis(rng.random_range(0..1200)));
                app.run();
            }
        }
        traffic.point_to(&app);
    }
    traffic.wait_for_acks(1);
    let account = traffic.finish();
    assert!(account.acked() > 1000 && account.written() > 1000, "too little was sent: {}", account.acked());
    let stored = account.check(&app);
    println!("{} acknowledged, {} written over TCP, {stored} stored", account.acked(), account.written());
}

#[test]
fn no_engine_survives_its_daemon() {
    let mut rng = seeded();
    let mut app = App::start();
    let traffic = Traffic::start(&app, &[Way::Bulk]);
    for _ in 0..4 {
        traffic.wait_for_acks(1);
        a_while(&mut rng, 300);
        app.kill();
        let started = Instant::now();
        wait_until("the engine is gone", || !engines_in(&app.data_dir).into_iter().any(is_running));
        println!("the engine was gone {:?} after its daemon", started.elapsed());
        // One that is killed while its engine starts.
        app.run_and_kill(Duration::from_millis(rng.random_range(50..800)));
        wait_until("the engine is gone", || !engines_in(&app.data_dir).into_iter().any(is_running));
        app.run();
        traffic.point_to(&app);
        wait_until("one engine", || engines_in(&app.data_dir).len() == 1);
    }
    traffic.finish().check(&app);
}

#[test]
fn a_killed_engine_is_back_soon_and_answers_are_right_or_503_meanwhile() {
    let mut rng = seeded();
    let app = App::start();
    let traffic = Traffic::start(&app, &[Way::Single, Way::Bulk, Way::Tcp]);
    let (times, (right, unavailable)) = std::thread::scope(|scope| {
        let stop = Stop::default();
        let (app, stopped) = (&app, Arc::clone(&stop.0));
        let reader = scope.spawn(move || read_until(app, &stopped));
        let mut times = Vec::new();
        for _ in 0..ENGINE_ROUNDS {
            a_while(&mut rng, 1000);
            let acked = traffic.acked();
            times.push(engine_is_back_after_a_kill(app));
            wait_until("records are acknowledged", || traffic.acked() > acked);
        }
        drop(stop);
        (times, reader.join().expect("an answer was wrong"))
    });
    println!("the engine was back after {times:?}; {right} answers were right, {unavailable} were 503");
    assert!(times.iter().all(|time| *time < ENGINE_BACK_MAX), "{times:?}\n{}", app.log());
    assert!(right > 0 && unavailable > 0);
    wait_until("every restart is in the operation log", || {
        let entries = app.http().get(app.url("/api/v1/operation-logs?action=engine_restarted")).send().unwrap();
        entries.json::<Value>().unwrap()["total"] == times.len()
    });
    let account = traffic.finish();
    account.wait_for_all_written(&app);
    account.check(&app);
    assert_eq!(app.get("/health")["dependencies"]["engine"]["restarts"], ENGINE_ROUNDS);
}

/// Tells the reader to end, also when the test fails.
#[derive(Default)]
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// How long it took from the kill until search is served by another engine.
fn engine_is_back_after_a_kill(app: &App) -> Duration {
    let killed = Instant::now();
    let old = kill_engine(app);
    wait_until("the engine is back", || {
        let search = || app.http().get(app.url("/api/v1/logs?size=1")).send().unwrap().status();
        app.engine_pid().is_some_and(|pid| pid != old) && search() == 200
    });
    killed.elapsed()
}

/// Reads all the time; how many answers were 200 and right, and how many 503.
fn read_until(app: &App, stop: &AtomicBool) -> (u32, u32) {
    let (mut right, mut unavailable, mut total_before) = (0, 0, 0);
    while !stop.load(Ordering::Relaxed) {
        let response = app.http().get(app.url("/api/v1/logs?source=numbered&order=asc&size=100")).send().unwrap();
        if response.status() != 200 {
            assert_unavailable(&response);
            let envelope: Value = response.json().unwrap();
            assert_eq!((&envelope["code"], &envelope["message"]), (&503.into(), &"unavailable".into()));
            assert!(envelope["traceId"].as_str().is_some_and(|id| !id.is_empty()), "{envelope}");
            unavailable += 1;
            continue;
        }
        let answer: Value = response.json().unwrap();
        let total = answer["total"].as_u64().unwrap();
        assert!(total >= total_before, "{total} records after {total_before}: {answer}");
        let list = answer["list"].as_array().unwrap();
        assert!(list.len() as u64 >= total.min(100), "{} of {total} records", list.len());
        // All have the same time, so they come in the order of their ids, and none twice.
        let ids: Vec<u64> = list.iter().map(|record| record["id"].as_u64().unwrap()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
        assert!(list.iter().all(|record| number(record["message"].as_str().unwrap()).is_some()), "{answer}");
        total_before = total;
        right += 1;
    }
    (right, unavailable)
}
