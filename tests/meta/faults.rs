//! Faults and clusters.

use logseal::meta::{
    AlertEffect, AlertStatus, Cluster, FaultStatus, MetaError, NewCluster, RaisedAlert, Severity, cluster_of,
};
use serde_json::json;

use crate::alert_samples::{apply, continued, ended, raise, raised, set};
use crate::harness::{Database, at, by, on_both};

async fn cluster(db: &Database, name: &str, hosts: &[&str]) -> Cluster {
    let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
    let attributes = json!({ "owner": "net" });
    let new = NewCluster { name, hosts: &hosts, attributes: &attributes };
    db.meta.create_cluster(&new, &by(), at(0)).await.unwrap()
}

/// The fault of a new alert on `host`.
async fn fault_on(db: &Database, host: &str, now: i64) -> i64 {
    let rule = format!("{host}/{now}");
    raise(&db.meta, raised(&rule, &rule, "ann", host, now), now).await.fault_id.unwrap()
}

on_both! {
    async fn alerts_of_a_host_or_a_cluster_are_one_fault(db) {
        cluster(&db, "web", &["web*"]).await;
        let web = fault_on(&db, "web1", 0).await;
        let other = fault_on(&db, "mail", 300).await;
        assert_ne!(web, other);
        assert_eq!(fault_on(&db, "web2", 600).await, web);
        assert_eq!(fault_on(&db, "mail", 900).await, other);
        assert_eq!(fault_on(&db, "web1", 600 + 1800).await, web);
        assert_ne!(fault_on(&db, "web1", 600 + 1800 + 1801).await, web);
        let history = db.meta.fault(web).await.unwrap();
        assert_eq!(history.fault.title, "the rule web1/0 on web1");
        assert_eq!((history.fault.started_at, history.fault.last_seen_at), (at(0), at(2400)));
        assert_eq!((history.fault.hosts, history.fault.clusters), (vec!["web1".to_owned(), "web2".to_owned()], vec!["web".to_owned()]));
        let alerts: Vec<(&str, Option<&str>)> =
            history.alerts.iter().map(|alert| (alert.rule_code.as_str(), alert.cluster.as_deref())).collect();
        assert_eq!(alerts, [("web1/0", Some("web")), ("web2/600", Some("web")), ("web1/2400", Some("web"))]);
    }

    async fn what_happens_within_a_minute_is_one_fault_also_in_one_batch(db) {
        let new = |host: &str, now| AlertEffect::Raised(raised(host, host, "ann", host, now));
        let made = apply(&db.meta, vec![new("a", 0), new("b", 60), new("c", 121), new("", 130)], 200).await.raised;
        let faults: Vec<i64> = made.iter().map(|alert| alert.fault_id.unwrap()).collect();
        assert_eq!(faults[0], faults[1]);
        assert_ne!(faults[1], faults[2]);
        assert_eq!(faults[2], faults[3]);
        let fault = db.meta.fault(faults[0]).await.unwrap().fault;
        assert_eq!((fault.hosts, fault.last_seen_at), (vec!["a".to_owned(), "b".to_owned()], at(60)));
    }

    async fn a_fault_grows_with_its_alerts_and_has_the_highest_severity(db) {
        cluster(&db, "db", &["db1"]).await;
        let fault = fault_on(&db, "web1", 0).await;
        let severe = RaisedAlert { severity: Severity::Critical, ..raised("s", "s", "ann", "web1", 100) };
        let severe = raise(&db.meta, severe, 100).await;
        assert_eq!(severe.fault_id, Some(fault));
        raise(&db.meta, RaisedAlert { severity: Severity::Low, ..raised("l", "l", "ann", "web1", 110) }, 110).await;
        apply(&db.meta, vec![continued("s", 11, 5000)], 5000).await;
        let hosts = vec!["web1".to_owned(), "db1".to_owned()];
        let joined = RaisedAlert { hosts, ..raised("s2", "s", "ann", "", 5001) };
        apply(&db.meta, vec![AlertEffect::Raised(joined)], 5001).await;
        let now = db.meta.fault(fault).await.unwrap().fault;
        assert_eq!((now.severity, now.last_seen_at, now.started_at), (Severity::Critical, at(5001), at(0)));
        assert_eq!((now.hosts, now.clusters), (vec!["web1".to_owned(), "db1".to_owned()], vec!["db".to_owned()]));
        // It was seen lately, so it goes on.
        assert_eq!(fault_on(&db, "db1", 6000).await, fault);
    }

    async fn a_fault_is_resolved_with_the_last_of_its_alerts(db) {
        let one = raise(&db.meta, raised("a", "a", "ann", "web1", 0), 0).await;
        let two = raise(&db.meta, raised("b", "b", "ann", "web1", 10), 10).await;
        let fault = one.fault_id.unwrap();
        assert_eq!(two.fault_id, Some(fault));
        let status = async || db.meta.fault(fault).await.unwrap().fault.status;
        set(&db.meta, one.id, AlertStatus::Processing, 20).await.unwrap();
        set(&db.meta, one.id, AlertStatus::Resolved, 30).await.unwrap();
        assert_eq!(status().await, FaultStatus::Open);
        // In one batch: what resolves the fault and what would have joined it.
        let next = AlertEffect::Raised(raised("c", "c", "ann", "web1", 41));
        let applied = apply(&db.meta, vec![continued("b", 11, 35), ended("b", true, 40), next], 41).await;
        assert_eq!(status().await, FaultStatus::Resolved);
        let history = db.meta.fault(fault).await.unwrap();
        assert_eq!((history.fault.resolved_at, history.fault.last_seen_at), (Some(at(40)), at(35)));
        assert_ne!(applied.raised[0].fault_id, Some(fault));
        let timeline: Vec<(i64, AlertStatus)> = history.timeline.iter().map(|event| (event.alert_id, event.to_status)).collect();
        assert_eq!(timeline, [
            (one.id, AlertStatus::New),
            (two.id, AlertStatus::New),
            (one.id, AlertStatus::Processing),
            (one.id, AlertStatus::Resolved),
            (two.id, AlertStatus::Resolved),
        ]);
        let list = async |status| {
            let page = db.meta.faults(status, 1, 10).await.unwrap();
            (page.total, page.list.iter().map(|fault| fault.id).collect::<Vec<_>>())
        };
        let next = applied.raised[0].fault_id.unwrap();
        assert_eq!(list(None).await, (2, vec![next, fault]));
        assert_eq!(list(Some(FaultStatus::Open)).await, (1, vec![next]));
        assert_eq!(list(Some(FaultStatus::Resolved)).await, (1, vec![fault]));
        assert_eq!(db.meta.faults(None, 2, 1).await.unwrap().list[0].id, fault);
        assert!(matches!(db.meta.fault(next + 1).await, Err(MetaError::NotFound)));
    }

    async fn a_fault_is_resolved_in_the_right_moment_of_one_batch(db) {
        let new = |name: &str| AlertEffect::Raised(raised(name, name, "ann", "web1", 0));
        let made = apply(&db.meta, vec![new("a"), new("b")], 0).await.raised;
        let fault = made[0].fault_id.unwrap();
        let quiet = |name: &str| ended(name, true, 1);
        apply(&db.meta, vec![quiet("a"), new("c"), quiet("b"), new("d"), quiet("d")], 1).await;
        assert_eq!(db.meta.fault(fault).await.unwrap().fault.status, FaultStatus::Open);
        assert_eq!(db.meta.fault(fault).await.unwrap().alerts.len(), 4);
        let made = apply(&db.meta, vec![quiet("c"), new("e"), quiet("e"), new("f")], 2).await.raised;
        assert_eq!(db.meta.fault(fault).await.unwrap().fault.status, FaultStatus::Resolved);
        let next = [made[0].fault_id.unwrap(), made[1].fault_id.unwrap()];
        assert!(next[0] != fault && next[1] != next[0] && next[1] != fault, "{next:?}");
        let status = db.meta.faults(None, 1, 9).await.unwrap().list.into_iter().map(|it| (it.id, it.status));
        let expected = [(next[1], FaultStatus::Open), (next[0], FaultStatus::Resolved), (fault, FaultStatus::Resolved)];
        assert_eq!(status.collect::<Vec<_>>(), expected);
    }

    async fn clusters_are_made_changed_and_deleted_and_each_is_written(db) {
        let web = cluster(&db, "web", &["web*"]).await;
        let all = cluster(&db, "all", &["*"]).await;
        let clusters = db.meta.clusters().await.unwrap();
        assert_eq!(clusters, [all.clone(), web.clone()]);
        assert_eq!(cluster_of(&clusters, "web1"), Some(&all));
        let attributes = json!({ "owner": "ops" });
        let new = NewCluster { name: "zone", hosts: &["w*".to_owned()], attributes: &attributes };
        let after = db.meta.replace_cluster(all.id, &new, &by(), at(5)).await.unwrap();
        assert_eq!((after.name.as_str(), after.updated_at, after.created_at), ("zone", at(5), at(0)));
        assert_eq!(db.meta.replace_cluster(all.id, &new, &by(), at(6)).await.unwrap(), after);
        assert_eq!(db.meta.cluster(all.id).await.unwrap(), after);
        let taken = db.meta.replace_cluster(all.id, &NewCluster { name: "web", ..new }, &by(), at(6)).await;
        assert!(matches!(taken, Err(MetaError::Conflict { field: "name" })), "{taken:?}");
        db.meta.delete_cluster(all.id, &by(), at(7)).await.unwrap();
        assert!(matches!(db.meta.delete_cluster(all.id, &by(), at(7)).await, Err(MetaError::NotFound)));
        assert!(matches!(db.meta.replace_cluster(all.id, &new, &by(), at(7)).await, Err(MetaError::NotFound)));
        assert_eq!(db.meta.clusters().await.unwrap(), [web]);
        assert_eq!(db.actions().await, ["cluster_created", "cluster_created", "cluster_updated", "cluster_deleted"]);
    }
}
