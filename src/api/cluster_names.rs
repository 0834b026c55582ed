//! Which cluster a record's host belongs to, shown with the record.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::state::Api;
use crate::meta::{Cluster, cluster_of};
use crate::record::LogRow;

/// So old may they be. Another daemon may have changed them.
const FRESH: Duration = Duration::from_secs(1);

/// The clusters as they were read last.
#[derive(Default)]
pub(super) struct ClusterNames(Mutex<Option<(Instant, Arc<[Cluster]>)>>);

impl ClusterNames {
    /// All clusters, by name. Where the database does not answer, those that were known before: a record is shown all the same.
    pub(super) async fn current(&self, api: &Api) -> Arc<[Cluster]> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((read_at, clusters)) = &known
            && read_at.elapsed() < FRESH
        {
            return Arc::clone(clusters);
        }
        let clusters = match api.accounts.meta.clusters().await {
            Ok(clusters) => clusters.into(),
            Err(_) => known.map(|(_, clusters)| clusters).unwrap_or_default(),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), Arc::clone(&clusters)));
        clusters
    }
}

/// Names the cluster of `row`.
pub(super) fn name(row: &mut LogRow<'_>, clusters: &[Cluster]) {
    if let Some(cluster) = cluster_of(clusters, &row.host) {
        row.cluster = Cow::Owned(cluster.name.clone());
    }
}
