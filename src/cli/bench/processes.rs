//! CPU time and peak memory of the daemon and its engine, from `/proc` (proc(5)).

use std::fs;
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// The engine is at rest where it uses less than this share of one core …
const REST_SHARE: f64 = 0.05;
/// … for this long.
const REST_FOR: Duration = Duration::from_secs(2);
/// The unit of `/proc`'s times: the kernel's USER_HZ, which is 100 on every architecture that we build for.
const TICKS_PER_SECOND: u64 = 100;
const EVERY: Duration = Duration::from_millis(250);

/// The processes that are measured; nothing is measured where no process was named.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Processes {
    daemon: Option<u32>,
    engine: Option<u32>,
}

/// CPU time since the processes started.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cpu {
    pub(super) daemon: Option<Duration>,
    pub(super) engine: Option<Duration>,
}

/// Peak resident memory in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Peak {
    pub(super) daemon: Option<u64>,
    pub(super) engine: Option<u64>,
}

/// What `/proc/PID/stat` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    parent: u32,
    ticks: u64,
}

impl Processes {
    /// The daemon `pid` and the child in which its engine runs, where it has one.
    ///
    /// # Errors
    /// Where there is no such process.
    pub(super) fn of_daemon(pid: Option<u32>) -> anyhow::Result<Self> {
        let Some(pid) = pid else { return Ok(Self::default()) };
        stat(pid).with_context(|| format!("there is no process {pid}"))?;
        Ok(Self { daemon: Some(pid), engine: child_of(pid) })
    }

    /// CPU time so far.
    pub(super) fn cpu(self) -> Cpu {
        let used = |pid: Option<u32>| pid.and_then(stat).map(|stat| in_time(stat.ticks));
        Cpu { daemon: used(self.daemon), engine: used(self.engine) }
    }

    /// Lets the peaks begin anew. Where the system refuses that, they are those since the processes' start.
    pub(super) fn reset_peaks(self) {
        for pid in [self.daemon, self.engine].into_iter().flatten() {
            drop(fs::write(format!("/proc/{pid}/clear_refs"), "5"));
        }
    }

    pub(super) fn peak(self) -> Peak {
        let peak = |pid: Option<u32>| {
            fs::read_to_string(format!("/proc/{}/status", pid?)).ok().as_deref().and_then(high_water)
        };
        Peak { daemon: peak(self.daemon), engine: peak(self.engine) }
    }

    /// Waits until the engine has come to rest, at most until `deadline`; says whether it has.
    pub(super) async fn rest(self, deadline: Instant) -> bool {
        let Some(engine) = self.engine else { return true };
        let mut since = Instant::now();
        let mut used = stat(engine).map_or(0, |stat| stat.ticks);
        while Instant::now() < deadline {
            tokio::time::sleep(EVERY).await;
            let now = stat(engine).map_or(used, |stat| stat.ticks);
            let allowed = REST_SHARE * REST_FOR.as_secs_f64();
            if in_time(now.saturating_sub(used)).as_secs_f64() > allowed {
                (since, used) = (Instant::now(), now);
            } else if since.elapsed() >= REST_FOR {
                return true;
            }
        }
        false
    }
}

impl Cpu {
    /// The CPU time between `before` and this.
    pub(super) fn since(self, before: Self) -> Self {
        let difference = |now: Option<Duration>, before: Option<Duration>| Some(now?.saturating_sub(before?));
        Self { daemon: difference(self.daemon, before.daemon), engine: difference(self.engine, before.engine) }
    }
}

/// The first child of `pid` that runs the engine.
fn child_of(pid: u32) -> Option<u32> {
    let processes = fs::read_dir("/proc").ok()?;
    let mut children: Vec<u32> = processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|candidate| stat(*candidate).is_some_and(|stat| stat.parent == pid))
        .collect();
    children.sort_unstable();
    children.into_iter().find(|child| {
        fs::read(format!("/proc/{child}/cmdline"))
            .is_ok_and(|line| line.split(|byte| *byte == 0).any(|word| word == b"engine"))
    })
}

fn stat(pid: u32) -> Option<Stat> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads parent (field 4), utime and stime (fields 14 and 15).
fn parse_stat(text: &str) -> Option<Stat> {
    // The program's name, in parentheses, may itself hold blanks and parentheses.
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Stat { parent: u32::try_from(number(1)?).ok()?, ticks: number(11)? + number(12)? })
}

/// The peak of resident memory in bytes, of `/proc/PID/status`.
fn high_water(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

fn in_time(ticks: u64) -> Duration {
    Duration::from_millis(ticks.saturating_mul(1000 / TICKS_PER_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_move_the_fields() {
        let text = "4321 (a) b (c)) S 77 4321 4321 0 -1 4194560 1 2 3 4 150 50 0 0 20 0 9 0 1000 1 2 3\n";
        assert_eq!(parse_stat(text), Some(Stat { parent: 77, ticks: 200 }));
        assert_eq!(parse_stat("1 (x) S"), None);
    }

    #[test]
    fn the_high_water_mark_is_bytes() {
        assert_eq!(high_water("Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t 1 kB\n"), Some(2 << 20));
        assert_eq!(high_water("Name:\tx\n"), None);
    }

    #[test]
    fn this_process_can_be_measured() {
        let here = Processes::of_daemon(Some(std::process::id())).unwrap();
        assert!(here.peak().daemon.unwrap() > 1 << 20);
        assert!(here.cpu().daemon.is_some() && here.cpu().engine.is_none());
        assert!(Processes::of_daemon(Some(u32::MAX)).is_err());
    }
}
