//! The open faults within one transaction: read once, written once.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::types::Json;

use super::column::Time;
use super::fault_choice::{OpenFault, Place, choose};
use super::transaction::Tx;
use super::{Alert, MetaError, Severity, both, text};

/// An alert is compared with so many open faults, the last seen ones.
const OPEN_MAX: i64 = 1000;
/// Of hosts and of clusters, a fault keeps the first ones.
const NAMES_MAX: usize = 200;

/// The open faults, as they are and as they become.
#[derive(Debug, Default)]
pub(super) struct FaultBook {
    open: Option<Vec<OpenFault>>,
    /// Ids of those that have changed.
    changed: Vec<i64>,
    /// How many alerts that are not resolved each fault has, of those of which one was resolved: in a storm they are not counted anew each time.
    unresolved: BTreeMap<i64, i64>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    severity: Severity,
    #[sqlx(try_from = "Time")]
    started_at: DateTime<Utc>,
    #[sqlx(try_from = "Time")]
    last_seen_at: DateTime<Utc>,
    #[sqlx(json)]
    hosts: Vec<String>,
    #[sqlx(json)]
    clusters: Vec<String>,
}

impl From<Row> for OpenFault {
    fn from(row: Row) -> Self {
        let Row { id, severity, started_at, last_seen_at, hosts, clusters } = row;
        Self { id, severity, started_at, last_seen_at, hosts, clusters }
    }
}

impl FaultBook {
    /// The fault that a new alert belongs to; it may be new too.
    pub(super) async fn join(&mut self, tx: &mut Tx, alert: &Alert, place: Place<'_>) -> Result<i64, MetaError> {
        if let Some(id) = choose(self.open(tx).await?, place) {
            self.see(tx, id, alert.severity, place).await?;
            self.see(tx, id, alert.severity, Place { at: alert.last_seen_at, ..place }).await?;
            if let Some(unresolved) = self.unresolved.get_mut(&id) {
                *unresolved += 1;
            }
            return Ok(id);
        }
        let fault = OpenFault {
            id: 0,
            severity: alert.severity,
            started_at: alert.triggered_at,
            last_seen_at: alert.last_seen_at,
            hosts: place.hosts.to_vec(),
            clusters: place.clusters.to_vec(),
        };
        let id = insert(tx, &fault, &title(alert)).await?;
        self.open(tx).await?.push(OpenFault { id, ..fault });
        Ok(id)
    }

    /// An alert of the fault was seen.
    pub(super) async fn see(
        &mut self,
        tx: &mut Tx,
        id: i64,
        severity: Severity,
        place: Place<'_>,
    ) -> Result<(), MetaError> {
        let open = self.open(tx).await?;
        // One beyond the limit is of long ago: it is not brought back to mind.
        let Some(fault) = open.iter_mut().find(|fault| fault.id == id) else { return Ok(()) };
        let plain = |fault: &OpenFault| (fault.severity, fault.started_at, fault.last_seen_at);
        let before = plain(fault);
        fault.severity = fault.severity.max(severity);
        fault.started_at = fault.started_at.min(place.at);
        fault.last_seen_at = fault.last_seen_at.max(place.at);
        let has_hosts = add_names(&mut fault.hosts, place.hosts);
        let has_clusters = add_names(&mut fault.clusters, place.clusters);
        if (has_hosts || has_clusters || plain(fault) != before) && !self.changed.contains(&id) {
            self.changed.push(id);
        }
        Ok(())
    }

    /// An alert of the fault was resolved. Resolves the fault where that was the last one.
    pub(super) async fn alert_resolved(&mut self, tx: &mut Tx, id: i64, at: DateTime<Utc>) -> Result<(), MetaError> {
        let unresolved = match self.unresolved.get(&id) {
            Some(unresolved) => unresolved - 1,
            None => count_unresolved(tx, id).await?,
        };
        self.unresolved.insert(id, unresolved);
        if unresolved > 0 {
            return Ok(());
        }
        self.write(tx).await?;
        both!(in tx, db => sqlx::query(
            "UPDATE faults SET status = 'resolved', resolved_at = $2 WHERE id = $1 AND status = 'open'")
            .bind(id)
            .bind(Time(at))
            .execute(db)
            .await?
            .rows_affected())
        .map(drop)?;
        if let Some(open) = &mut self.open {
            open.retain(|fault| fault.id != id);
        }
        Ok(())
    }

    /// Writes those that have changed.
    pub(super) async fn write(&mut self, tx: &mut Tx) -> Result<(), MetaError> {
        let changed = std::mem::take(&mut self.changed);
        for fault in self.open.iter().flatten().filter(|fault| changed.contains(&fault.id)) {
            both!(in tx, db => sqlx::query(
                "UPDATE faults SET severity = $2, started_at = $3, last_seen_at = $4, hosts = $5, clusters = $6 WHERE id = $1")
                .bind(fault.id)
                .bind(fault.severity)
                .bind(Time(fault.started_at))
                .bind(Time(fault.last_seen_at))
                .bind(Json(&fault.hosts))
                .bind(Json(&fault.clusters))
                .execute(db)
                .await?
                .rows_affected())
            .map(drop)?;
        }
        Ok(())
    }

    async fn open(&mut self, tx: &mut Tx) -> Result<&mut Vec<OpenFault>, MetaError> {
        let open = match self.open.take() {
            Some(open) => open,
            None => read(tx).await?,
        };
        Ok(self.open.insert(open))
    }
}

async fn count_unresolved(tx: &mut Tx, id: i64) -> Result<i64, MetaError> {
    both!(in tx, db => sqlx::query_scalar(
        "SELECT COUNT(*) FROM alerts WHERE fault_id = $1 AND status IN ('new', 'processing')")
        .bind(id)
        .fetch_one(db)
        .await?)
}

async fn read(tx: &mut Tx) -> Result<Vec<OpenFault>, MetaError> {
    let rows: Vec<Row> = both!(in tx, db => sqlx::query_as(
        "SELECT id, severity, started_at, last_seen_at, hosts, clusters FROM faults
         WHERE status = 'open' ORDER BY last_seen_at DESC LIMIT $1")
        .bind(OPEN_MAX)
        .fetch_all(db)
        .await?)?;
    Ok(rows.into_iter().map(OpenFault::from).collect())
}

async fn insert(tx: &mut Tx, fault: &OpenFault, title: &str) -> Result<i64, MetaError> {
    both!(in tx, db => sqlx::query_scalar(
        "INSERT INTO faults (title, status, severity, started_at, last_seen_at, hosts, clusters)
         VALUES ($1, 'open', $2, $3, $4, $5, $6) RETURNING id")
        .bind(text::clean(title))
        .bind(fault.severity)
        .bind(Time(fault.started_at))
        .bind(Time(fault.last_seen_at))
        .bind(Json(&fault.hosts))
        .bind(Json(&fault.clusters))
        .fetch_one(db)
        .await?)
}

/// What began it, and where.
fn title(alert: &Alert) -> String {
    match alert.hosts.first() {
        Some(host) => format!("{} on {host}", alert.rule_name),
        None => alert.rule_name.clone(),
    }
}

/// Says whether it added one.
fn add_names(names: &mut Vec<String>, more: &[String]) -> bool {
    let before = names.len();
    for name in more {
        if names.len() < NAMES_MAX && !names.contains(name) {
            names.push(name.clone());
        }
    }
    names.len() > before
}
