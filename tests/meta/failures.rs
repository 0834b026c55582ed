use logseal::meta::{Actor, FailureCount, Failures};

use crate::harness::{at, by, on_both};

fn from(ip: &str) -> Actor {
    Actor { ip: Some(ip.parse().unwrap()), ..Actor::default() }
}

fn count(count: u64, latest: Option<i64>) -> FailureCount {
    FailureCount { count, latest: latest.map(at) }
}

on_both! {
    async fn failures_are_counted_by_name_and_by_address(db) {
        db.meta.record_login_failure("Ann", &from("10.0.0.1"), at(0)).await.unwrap();
        db.meta.record_login_failure("ann", &from("10.0.0.2"), at(10)).await.unwrap();
        db.meta.record_login_failure("nobody\0", &from("10.0.0.2"), at(20)).await.unwrap();
        let other = db.other(4).await;
        let ip = Some("10.0.0.2".parse().unwrap());
        let failures = other.failures_since("ANN", ip, at(0)).await.unwrap();
        assert_eq!(failures, Failures { of_user: count(2, Some(10)), of_address: count(2, Some(20)) });
        let failures = other.failures_since("ann", ip, at(11)).await.unwrap();
        assert_eq!(failures, Failures { of_user: count(0, None), of_address: count(1, Some(20)) });
        assert_eq!(db.meta.failures_since("ann", None, at(0)).await.unwrap().of_address, count(0, None));

        let entry = &db.log().await[2];
        assert_eq!((entry.action.as_str(), entry.detail["username"].as_str()), ("login_failed", Some("Ann")));
        assert_eq!((entry.user_id, entry.ip), (None, Some("10.0.0.1".parse().unwrap())));
    }

    async fn a_login_clears_the_failures_of_its_name(db) {
        db.meta.record_login_failure("ann", &by(), at(0)).await.unwrap();
        db.meta.record_login_failure("bob", &by(), at(0)).await.unwrap();
        db.meta.clear_failures("ANN").await.unwrap();
        assert_eq!(db.meta.failures_since("ann", None, at(0)).await.unwrap().of_user, count(0, None));
        assert_eq!(db.meta.failures_since("bob", by().ip, at(0)).await.unwrap().of_address, count(1, Some(0)));
    }
}
