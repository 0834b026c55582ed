//! Every metric of the daemon, as one table; `GET /metrics` renders it for Prometheus.

use std::sync::Arc;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// The listener or route that took a record in.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct OriginLabel {
    pub origin: String,
}

/// Why a record was dropped. Each of these is a promise that nothing is dropped for any other reason.
#[derive(Clone, Copy, Debug, Hash, PartialEq, Eq, EncodeLabelValue)]
pub enum DropReason {
    /// A datagram came while the queue before the spool was full.
    QueueFull,
    /// A datagram came while the spool was at its disk limit.
    SpoolFull,
    /// A datagram exceeded its sender's rate.
    RateLimit,
    /// A datagram came from a network that the listener does not take records of.
    NotAllowed,
    /// A GELF message of which a chunk did not come in time, or came damaged, or found no room.
    Incomplete,
    /// A plain syslog sender's records were in the queue when the daemon had to stop with a full spool.
    Shutdown,
}

impl DropReason {
    const ALL: [Self; 6] =
        [Self::QueueFull, Self::SpoolFull, Self::RateLimit, Self::NotAllowed, Self::Incomplete, Self::Shutdown];
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct DropLabel {
    pub reason: DropReason,
}

/// The metrics, shared by all tasks.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    pub received: Family<OriginLabel, Counter>,
    pub received_bytes: Family<OriginLabel, Counter>,
    pub unparsed: Family<OriginLabel, Counter>,
    pub truncated: Family<OriginLabel, Counter>,
    pub dropped: Family<DropLabel, Counter>,
    dropped_total: Counter,
    pub connections: Family<OriginLabel, Gauge>,
    pub connections_refused: Family<OriginLabel, Counter>,
    pub acked: Counter,
    pub stored: Counter,
    pub rejected_segments: Counter,
    pub spool_bytes: Gauge,
    pub spool_full: Gauge,
    pub spool_segments: Gauge,
    pub spool_oldest_seconds: Gauge<f64, std::sync::atomic::AtomicU64>,
    pub commit_seconds: Histogram,
    pub insert_seconds: Histogram,
    pub insert_failures: Counter,
    pub engine_restarts: Gauge,
    pub engine_up: Gauge,
    pub requests: Family<RequestLabel, Counter>,
    pub tails: Gauge,
}

/// How a request ended.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
pub struct RequestLabel {
    pub route: String,
    pub status: u16,
}

impl Metrics {
    #[must_use]
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("logseal");
        let r = &mut registry;
        let latency = || Histogram::new(exponential_buckets(0.000_1, 2.5, 14));
        let metrics = Self {
            received: counters(r, "records_received", "Records taken in, by listener or route"),
            received_bytes: counters(r, "record_bytes_received", "Original bytes of the records taken in"),
            unparsed: counters(r, "records_unparsed", "Records kept whole because their format was not understood"),
            truncated: counters(r, "records_truncated", "Records cut at the frame limit"),
            dropped: family(r, "records_dropped", "Records lost, by reason"),
            dropped_total: Counter::default(),
            connections: family(r, "connections", "Open connections"),
            connections_refused: counters(
                r,
                "connections_refused",
                "Connections refused at the limit, because of where they come from, or because no API token lets them in",
            ),
            acked: counter(r, "records_acked", "Records made durable"),
            stored: counter(r, "records_stored", "Records inserted into the store"),
            rejected_segments: counter(
                r,
                "segments_rejected",
                "Segments that the store refused for good, kept in spool/rejected",
            ),
            spool_bytes: gauge(r, "spool_bytes", "Bytes of the spool on disk, which spool.disk_bytes_max bounds"),
            spool_full: gauge(r, "spool_full", "Whether the spool takes no more records for want of room"),
            spool_segments: gauge(r, "spool_segments", "Sealed segments that are not yet stored"),
            spool_oldest_seconds: {
                let g = Gauge::default();
                r.register("spool_oldest_seconds", "Age of the oldest segment that is not yet stored", g.clone());
                g
            },
            commit_seconds: histogram(r, "commit_duration", "Time of a group commit: write and fdatasync", latency()),
            insert_seconds: histogram(r, "insert_duration", "Time of the insert of one segment", latency()),
            insert_failures: counter(r, "insert_failures", "Inserts that failed and are tried again"),
            engine_restarts: gauge(r, "engine_restarts", "Restarts of the embedded engine since the daemon started"),
            engine_up: gauge(r, "engine_up", "Whether the embedded engine answers"),
            requests: family(r, "http_requests", "Requests by route and status"),
            tails: gauge(r, "live_tails", "Open live tails"),
            registry: Arc::new(Registry::default()),
        };
        // A counter that is not there before the first record is lost shows no increase with it.
        for reason in DropReason::ALL {
            drop(metrics.dropped.get_or_create(&DropLabel { reason }));
        }
        Self { registry: Arc::new(registry), ..metrics }
    }

    /// The table in OpenMetrics text.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        if encode(&mut text, &self.registry).is_err() {
            text.clear();
        }
        text
    }

    /// Counts `n` records as dropped.
    pub fn drop_records(&self, reason: DropReason, n: u64) {
        self.dropped.get_or_create(&DropLabel { reason }).inc_by(n);
        self.dropped_total.inc_by(n);
    }

    /// How many were dropped, for whatever reason.
    #[must_use]
    pub fn dropped_total(&self) -> u64 {
        self.dropped_total.get()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

fn counter(registry: &mut Registry, name: &str, help: &str) -> Counter {
    let counter = Counter::default();
    registry.register(name, help, counter.clone());
    counter
}

fn gauge(registry: &mut Registry, name: &str, help: &str) -> Gauge {
    let gauge = Gauge::default();
    registry.register(name, help, gauge.clone());
    gauge
}

fn histogram(registry: &mut Registry, name: &str, help: &str, histogram: Histogram) -> Histogram {
    registry.register_with_unit(name, help, Unit::Seconds, histogram.clone());
    histogram
}

fn counters(registry: &mut Registry, name: &str, help: &str) -> Family<OriginLabel, Counter> {
    family(registry, name, help)
}

fn family<L, M>(registry: &mut Registry, name: &str, help: &str) -> Family<L, M>
where
    L: Clone + std::hash::Hash + Eq + std::fmt::Debug + EncodeLabelSet + Send + Sync + 'static,
    M: Default + std::fmt::Debug + Send + Sync + 'static,
    Family<L, M>: prometheus_client::registry::Metric,
{
    let family = Family::<L, M>::default();
    registry.register(name, help, family.clone());
    family
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_dropped_for_each_reason_is_told_before_anything_was() {
        let metrics = Metrics::new();
        let told = |reason: &str| format!("logseal_records_dropped_total{{reason=\"{reason}\"}}");
        for reason in ["QueueFull", "SpoolFull", "RateLimit", "NotAllowed", "Incomplete", "Shutdown"] {
            assert!(metrics.render().contains(&format!("{} 0\n", told(reason))), "{}", metrics.render());
        }
        metrics.drop_records(DropReason::SpoolFull, 3);
        assert!(metrics.render().contains(&format!("{} 3\n", told("SpoolFull"))));
    }
}
