//! Which alerts are likely to have one cause.

use chrono::{DateTime, TimeDelta, Utc};

use super::Severity;

/// A fault that was last seen longer ago does not have what happens on its hosts now.
pub(super) const SAME_PLACE_MAX: TimeDelta = TimeDelta::minutes(30);
/// What begins so close to a fault's beginning, anywhere, is taken for one with it.
const SAME_TIME_MAX: TimeDelta = TimeDelta::seconds(60);

/// A fault that an alert may join.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OpenFault {
    pub(super) id: i64,
    pub(super) severity: Severity,
    pub(super) started_at: DateTime<Utc>,
    pub(super) last_seen_at: DateTime<Utc>,
    pub(super) hosts: Vec<String>,
    pub(super) clusters: Vec<String>,
}

/// Where and when an alert is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) hosts: &'a [String],
    /// Of those hosts.
    pub(super) clusters: &'a [String],
    pub(super) at: DateTime<Utc>,
}

/// How close an alert is to a fault; the larger the closer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closeness {
    Time,
    Cluster,
    Host,
}

/// The id of the fault that an alert joins: one with a host of it, else one with a cluster of it, else one of its time. Among equals the
/// last seen, then the oldest. `None`: it begins a fault of its own.
pub(super) fn choose(faults: &[OpenFault], place: Place<'_>) -> Option<i64> {
    faults
        .iter()
        .filter_map(|fault| Some((closeness(fault, place)?, fault.last_seen_at, std::cmp::Reverse(fault.id))))
        .max()
        .map(|(_, _, std::cmp::Reverse(id))| id)
}

fn closeness(fault: &OpenFault, place: Place<'_>) -> Option<Closeness> {
    let shares = |these: &[String], those: &[String]| these.iter().any(|name| those.contains(name));
    let near = |moment: DateTime<Utc>, most: TimeDelta| (place.at - moment).abs() <= most;
    // An alert may come late, of a time at which the fault went on already.
    let within = fault.started_at <= place.at && place.at <= fault.last_seen_at;
    if within || near(fault.last_seen_at, SAME_PLACE_MAX) {
        if shares(place.hosts, &fault.hosts) {
            return Some(Closeness::Host);
        }
        if shares(place.clusters, &fault.clusters) {
            return Some(Closeness::Cluster);
        }
    }
    // Of its beginning: an alert that goes on for hours is no reason for all others of those hours to be one fault with it.
    near(fault.started_at, SAME_TIME_MAX).then_some(Closeness::Time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(1_000_000 + seconds)
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn fault(id: i64, started: i64, seen: i64, hosts: &[&str], clusters: &[&str]) -> OpenFault {
        let (started_at, last_seen_at) = (at(started), at(seen));
        OpenFault {
            id,
            severity: Severity::Low,
            started_at,
            last_seen_at,
            hosts: names(hosts),
            clusters: names(clusters),
        }
    }

    #[track_caller]
    fn check(faults: &[OpenFault], now: i64, hosts: &[&str], clusters: &[&str], expected: Option<i64>) {
        let (hosts, clusters) = (names(hosts), names(clusters));
        assert_eq!(choose(faults, Place { hosts: &hosts, clusters: &clusters, at: at(now) }), expected);
    }

    #[test]
    fn a_shared_host_or_cluster_counts_for_half_an_hour() {
        let faults = [fault(1, 0, 600, &["a", "b"], &["web"])];
        check(&faults, 600 + 1800, &["x", "b"], &[], Some(1));
        check(&faults, 600 + 1801, &["b"], &[], None);
        check(&faults, 600 + 1800, &["c"], &["db", "web"], Some(1));
        check(&faults, 600 + 1801, &["c"], &["web"], None);
        check(&faults, 600 + 1800, &["c"], &["db"], None);
        // A late one: of before its end, and of before its beginning.
        check(&[fault(1, 0, 9000, &["a"], &[])], 3600, &["a"], &[], Some(1));
        check(&faults, -1200, &["a"], &[], Some(1));
        check(&faults, -1201, &["a"], &[], None);
    }

    #[test]
    fn a_minute_makes_one_fault_of_what_shares_nothing() {
        let faults = [fault(1, 0, 600, &["a"], &["web"])];
        for (now, expected) in [(-61, None), (-60, Some(1)), (60, Some(1)), (61, None), (600, None)] {
            check(&faults, now, &["c"], &[], expected);
        }
        check(&faults, 60, &[], &[], Some(1));
    }

    #[test]
    fn a_host_is_closer_than_a_cluster_and_that_than_time() {
        let by_time = fault(3, 1000, 1000, &["x"], &["x"]);
        let by_cluster = fault(2, 0, 500, &["y"], &["web"]);
        let by_host = fault(1, 0, 400, &["a"], &[]);
        let all = [by_time, by_cluster, by_host];
        check(&all, 1000, &["a"], &["web"], Some(1));
        check(&all, 1000, &["b"], &["web"], Some(2));
        check(&all, 1000, &["b"], &["db"], Some(3));
        check(&[], 1000, &["a"], &["web"], None);
    }

    #[test]
    fn among_equals_the_last_seen_and_then_the_oldest_is_taken() {
        let faults = [fault(1, 0, 400, &["a"], &[]), fault(3, 0, 500, &["a"], &[]), fault(2, 0, 500, &["a"], &[])];
        check(&faults, 600, &["a"], &[], Some(2));
    }
}
