//! Random lives of a spool against a model of it.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Append(Vec<(u32, usize)>),
    Seal,
    /// Follower 0, 1 or 2 passes its next segment, if there is one.
    Advance(usize),
    Reject(usize),
    /// The process dies; this much of a frame that was being written is in the open segment.
    Crash(usize),
    /// Asked to stop: everything is sealed first.
    Stop,
}

const FOLLOWERS: [&str; 3] = ["store", "evidence", "alerts"];

fn step() -> impl Strategy<Value = Step> {
    let group = prop::collection::vec((1u32..5, 0usize..200), 1..5);
    prop_oneof![
        6 => group.prop_map(Step::Append),
        4 => Just(Step::Seal),
        6 => (0usize..3).prop_map(Step::Advance),
        1 => (0usize..3).prop_map(Step::Reject),
        2 => (0usize..100).prop_map(Step::Crash),
        1 => Just(Step::Stop),
    ]
}

struct Life {
    dir: tempfile::TempDir,
    running: Option<(Spool, [Follower; 3])>,
    /// Acknowledged frames: rows by first id.
    acked: BTreeMap<u64, u64>,
    /// What each follower has passed.
    passed: [Vec<Seen>; 3],
}

impl Life {
    fn start(&mut self) {
        let (mut spool, recovered) = open(self.dir.path());
        assert!(recovered.losses.is_empty() && recovered.repaired.is_empty(), "{recovered:?}");
        assert!(recovered.gaps.is_empty() && !recovered.sequence_damaged, "{recovered:?}");
        assert_eq!(recovered.next_id, self.next_id());
        let followers = spool.register(FOLLOWERS).unwrap();
        self.running = Some((spool, followers));
    }

    fn next_id(&self) -> u64 {
        self.acked.last_key_value().map_or(1, |(first, rows)| first + rows)
    }

    fn advance(&mut self, index: usize, reject: bool) -> bool {
        let (_, followers) = self.running.as_mut().unwrap();
        let follower = &mut followers[index];
        let Some(Some(segment)) = poll_next(follower) else {
            return false;
        };
        self.passed[index].extend(read(&segment));
        if reject {
            wait(follower.reject(&segment, "by chance")).unwrap().unwrap();
        } else {
            wait(follower.advance(&segment)).unwrap();
        }
        let slowest = followers.iter().map(Follower::passed).min().unwrap();
        assert_eq!(segment.path.exists(), segment.last_id > slowest);
        true
    }

    fn crash(&mut self, torn: usize) {
        self.running = None;
        let open = segment_files(self.dir.path());
        let open = open.iter().find(|f| f.extension().is_some_and(|e| e == "open"));
        let Some(file) = open else { return };
        // The beginning of a copy of the first frame: right in mark, wrong in everything else.
        let mut bytes = fs::read(file).unwrap();
        let frame = &bytes[1024..];
        let torn = frame[..torn.min(frame.len())].to_vec();
        bytes.extend_from_slice(&torn);
        fs::write(file, bytes).unwrap();
    }

    fn step(&mut self, step: Step) {
        let (spool, _) = self.running.as_mut().unwrap();
        match step {
            Step::Append(frames) => {
                let mut next_id = spool.next_id();
                append(spool, &frames).unwrap();
                for (rows, _) in frames {
                    self.acked.insert(next_id, u64::from(rows));
                    next_id += u64::from(rows);
                }
                assert_eq!(spool.next_id(), next_id);
            }
            Step::Seal => {
                let had_rows = spool.open_rows() > 0;
                assert_eq!(spool.seal().unwrap().is_some(), had_rows);
            }
            Step::Advance(index) => {
                self.advance(index, false);
            }
            Step::Reject(index) => {
                self.advance(index, true);
            }
            Step::Crash(torn) => {
                self.crash(torn);
                self.start();
            }
            Step::Stop => {
                spool.seal().unwrap();
                self.running = None;
                self.start();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_life_of_a_spool_loses_doubles_or_reorders_an_id(steps in prop::collection::vec(step(), 1..40)) {
        let mut life = Life {
            dir: quick_dir(),
            running: None,
            acked: BTreeMap::new(),
            passed: [vec![], vec![], vec![]],
        };
        life.start();
        for step in steps {
            life.step(step);
        }
        life.step(Step::Stop);
        for index in 0..3 {
            while life.advance(index, false) {}
        }
        let acked: Vec<Seen> = life.acked.iter().map(|(first, rows)| (*first, *rows, true)).collect();
        for passed in &life.passed {
            prop_assert_eq!(passed, &acked);
        }
        prop_assert_eq!(segment_files(life.dir.path()), Vec::<PathBuf>::new());
    }
}
