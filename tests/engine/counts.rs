//! Counts that the real engine keeps with its parts.

use std::path::{Path, PathBuf};
use std::time::Instant;

use logseal::engine::supervisor::EngineState;
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Running, SOON, start};
use crate::retention::{found, store_with};

/// The folders below `root` in which counts lie.
fn kept_counts(root: &Path) -> Vec<PathBuf> {
    let entries: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    let (counts, others): (Vec<_>, Vec<_>) =
        entries.into_iter().filter(|path| path.is_dir()).partition(|path| path.ends_with("by_minute.proj"));
    counts.into_iter().chain(others.iter().flat_map(|folder| kept_counts(folder))).collect()
}

async fn parts(engine: &Running, condition: &str) -> u64 {
    let sql =
        format!("SELECT count() FROM system.projection_parts WHERE database = 'logseal' AND active AND {condition}");
    engine.number(&sql).await
}

#[tokio::test]
async fn counts_that_a_loss_of_power_took_are_made_anew() {
    let engine = start().await;
    let store = store_with(&engine, &[("2026-03-30", &["web", "db"]), ("2026-03-31", &["web"])]).await;
    assert_eq!((parts(&engine, "NOT is_broken").await, found(&store, "source:web").await), (3, 20));

    // What is left of files that were never synced: nothing of one part's, no folder of another's.
    let counts = kept_counts(&engine.dir.path().join("data/store"));
    assert_eq!(counts.len(), 3);
    for file in std::fs::read_dir(&counts[0]).unwrap() {
        std::fs::write(file.unwrap().path(), b"").unwrap();
    }
    std::fs::remove_dir_all(&counts[1]).unwrap();
    let mut state = engine.supervisor.state();
    let child = Pid::from_raw(engine.supervisor.pid().unwrap().try_into().unwrap()).unwrap();
    kill_process(child, Signal::KILL).unwrap();
    state.wait_for(|s| matches!(s, EngineState::Down { .. })).await.unwrap();
    state.wait_for(|s| *s == EngineState::Up).await.unwrap();
    assert_eq!((parts(&engine, "is_broken").await, found(&store, "source:web").await), (2, 20));

    store.prepare().await.unwrap();
    let asked = Instant::now();
    while parts(&engine, "NOT is_broken").await < 3 {
        assert!(asked.elapsed() < SOON, "the counts are not made anew");
    }
    assert_eq!((parts(&engine, "is_broken").await, found(&store, "source:web").await), (0, 20));
    engine.supervisor.stop().await;
}
