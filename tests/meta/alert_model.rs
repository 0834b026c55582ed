//! Every short life of an alert on two daemons, against a model that knows nothing of databases.

use logseal::meta::{Alert, AlertEffect, AlertFilter, AlertStatus, MetaError};

use crate::alert_samples::{apply, continued, ended, raised, set};
use crate::harness::{Database, on_both};

const STEPS: u32 = 4;

/// What may happen next. The first daemon's episodes end, the second one's never do.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Op {
    RaiseHere,
    RaiseThere,
    GoOnHere,
    EndHere,
    Take,
    Resolve,
}

const OPS: [Op; 6] = [Op::RaiseHere, Op::RaiseThere, Op::GoOnHere, Op::EndHere, Op::Take, Op::Resolve];

/// One alert as the model has it.
#[derive(Clone, Debug, PartialEq)]
struct Expected {
    status: AlertStatus,
    count: i64,
    lasting: bool,
    events: usize,
}

/// One rule's life.
struct Life {
    code: String,
    ops: Vec<Op>,
    alerts: Vec<Expected>,
    /// The last episode of the first daemon: its name, its alert, whether it lasts.
    here: Option<(String, usize, bool)>,
    /// So many records it has.
    total: u64,
    /// Episodes of the first daemon in the last alert that last, and whether there is one of the second.
    lasting_here: usize,
    lasting_there: bool,
}

impl Life {
    fn of(number: usize) -> Self {
        let mut rest = number;
        let ops = (0..STEPS).map(|_| {
            let op = OPS[rest % OPS.len()];
            rest /= OPS.len();
            op
        });
        Self {
            code: format!("r{number}"),
            ops: ops.collect(),
            alerts: Vec::new(),
            here: None,
            total: 0,
            lasting_here: 0,
            lasting_there: false,
        }
    }

    fn open(&mut self) -> Option<&mut Expected> {
        self.alerts.last_mut().filter(|alert| alert.status != AlertStatus::Resolved)
    }

    fn raise(&mut self) {
        if let Some(open) = self.open() {
            open.count += 10;
            open.lasting = true;
        } else {
            (self.lasting_here, self.lasting_there) = (0, false);
            self.alerts.push(Expected { status: AlertStatus::New, count: 10, lasting: true, events: 1 });
        }
    }

    fn resolve(&mut self) {
        if let Some(open) = self.open() {
            open.status = AlertStatus::Resolved;
            open.lasting = false;
            open.events += 1;
        }
    }

    /// What the step is for the database, and whether the daemon is to hear that the alert is not open.
    fn effect(&mut self, step: usize) -> Option<(AlertEffect, bool)> {
        let now = step as i64;
        match self.ops[step] {
            Op::RaiseHere => {
                let episode = format!("{}/here/{step}", self.code);
                self.raise();
                self.lasting_here += 1;
                self.here = Some((episode.clone(), self.alerts.len() - 1, true));
                self.total = 10;
                Some((AlertEffect::Raised(raised(&episode, &self.code, "ann", "", now)), false))
            }
            Op::RaiseThere => {
                self.raise();
                self.lasting_there = true;
                let episode = format!("{}/there/{step}", self.code);
                Some((AlertEffect::Raised(raised(&episode, &self.code, "ann", "", now)), false))
            }
            Op::GoOnHere => {
                let (episode, of, _) = self.here.clone().unwrap_or_default();
                let last = self.alerts.len().wrapping_sub(1);
                let open = (of == last && !episode.is_empty()).then(|| self.open()).flatten();
                let is_open = open.is_some();
                if let Some(open) = open {
                    open.count += 1;
                }
                // Records that came before anybody resolved it: later ones are of a new alert, which has a test of its own.
                self.total += 1;
                Some((continued(&episode, self.total, 0), !is_open))
            }
            Op::EndHere => {
                let (episode, of, lasts) = self.here.clone()?;
                if lasts && of == self.alerts.len() - 1 && self.open().is_some() {
                    self.lasting_here -= 1;
                    if self.lasting_here == 0 && !self.lasting_there {
                        self.resolve();
                    }
                }
                self.here = Some((episode.clone(), of, false));
                Some((ended(&episode, true, now), false))
            }
            Op::Take | Op::Resolve => None,
        }
    }

    /// What a person wants, and whether it is refused.
    fn wish(&mut self, step: usize) -> Option<(AlertStatus, bool)> {
        self.alerts.last()?;
        match self.ops[step] {
            Op::Take => {
                let refused = self.open().is_none();
                if let Some(open) = self.open().filter(|open| open.status == AlertStatus::New) {
                    open.status = AlertStatus::Processing;
                    open.events += 1;
                }
                Some((AlertStatus::Processing, refused))
            }
            Op::Resolve => {
                let refused = self.open().is_none();
                self.resolve();
                Some((AlertStatus::Resolved, refused))
            }
            _ => None,
        }
    }
}

async fn alerts_of(db: &Database, code: Option<&str>) -> Vec<Alert> {
    let filter = AlertFilter { rule_code: code, ..AlertFilter::default() };
    let mut list = db.meta.alerts(&filter, 1, 100_000).await.unwrap().list;
    list.sort_by_key(|alert| alert.id);
    list
}

on_both! {
    async fn every_short_life_is_as_the_model_says(db) {
        let other = db.other(4).await;
        let mut lives: Vec<Life> = (0..OPS.len().pow(STEPS)).map(Life::of).collect();
        for step in 0..STEPS as usize {
            // All rules take the step together: those of one daemon in one transaction.
            let (mut here, mut there, mut not_open) = (Vec::new(), Vec::new(), Vec::new());
            for life in &mut lives {
                let Some((effect, refused)) = life.effect(step) else { continue };
                if let (AlertEffect::Continued(continued), true) = (&effect, refused) {
                    not_open.push(continued.episode.clone());
                }
                if life.ops[step] == Op::RaiseThere { there.push(effect) } else { here.push(effect) }
            }
            assert_eq!(apply(&db.meta, here, 10).await.not_open, not_open);
            assert_eq!(apply(&other, there, 10).await.not_open, [""; 0]);
            for life in &mut lives {
                let Some((status, refused)) = life.wish(step) else { continue };
                let id = alerts_of(&db, Some(&life.code)).await.last().unwrap().id;
                match set(&db.meta, id, status, 10).await {
                    Ok(_) => assert!(!refused, "{:?} at {step}", life.ops),
                    Err(error) => assert!(refused && matches!(error, MetaError::Refused(_)), "{:?}: {error:?}", life.ops),
                }
            }
        }
        let alerts = alerts_of(&db, None).await;
        let mut compared = 0;
        for life in &lives {
            let mut found = Vec::new();
            for alert in alerts.iter().filter(|alert| alert.rule_code == life.code) {
                let Alert { status, log_count: count, lasting, id, .. } = *alert;
                let events = db.meta.alert(id).await.unwrap().events.len();
                assert_eq!(alert.resolved_at.is_some(), status == AlertStatus::Resolved);
                found.push(Expected { status, count, lasting, events });
            }
            assert_eq!(found, life.alerts, "{:?}", life.ops);
            compared += found.len();
        }
        assert_eq!(compared, alerts.len());
        // The fault of them all is open as long as one of them is.
        let open = alerts.iter().filter(|alert| alert.status != AlertStatus::Resolved).count();
        assert!(open > 0);
        assert_eq!(db.raw.number("SELECT COUNT(*) FROM faults WHERE status = 'open'").await, 1);
    }
}
