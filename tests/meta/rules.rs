use logseal::meta::{
    Meta, MetaError, NewRule, RuleChange, RuleFilter, RuleOrigin, RulePage, Shipped, ShippedRule, StoredRule,
};
use serde_json::{Value, json};

use crate::harness::{Database, at, by, on_both};

fn threshold(at_least: u32) -> Value {
    json!({ "name": "n", "kind": "threshold", "at_least": at_least, "filter": "a\0b" })
}

async fn made(db: &Database, code: &str, origin: RuleOrigin) -> StoredRule {
    let definition = threshold(3);
    let new = NewRule { code, definition: &definition, enabled: true, origin };
    db.meta.create_rule(&new, &by(), at(0)).await.unwrap()
}

async fn ship(meta: &Meta, code: &str, revision: i64, definition: &Value, now: i64) -> Shipped {
    meta.ship_rules(&[ShippedRule { code, revision, definition, enabled: true }], at(now)).await.unwrap()
}

fn codes(page: &RulePage) -> (u64, Vec<&str>) {
    (page.total, page.list.iter().map(|rule| rule.code.as_str()).collect())
}

fn of(definition: &Value) -> RuleChange<'_> {
    RuleChange { definition: Some(definition), enabled: None, version: None }
}

fn enabled(enabled: bool) -> RuleChange<'static> {
    RuleChange { definition: None, enabled: Some(enabled), version: None }
}

on_both! {
    async fn a_rule_is_made_changed_and_deleted_and_each_is_written(db) {
        let rule = made(&db, "ssh", RuleOrigin::User).await;
        assert_eq!((rule.version, rule.enabled, rule.modified, rule.revision), (1, true, false, None));
        assert_eq!((rule.created_at, rule.created_by.as_deref()), (at(0), Some("root")));
        assert_eq!(rule.definition["filter"], "a\u{fffd}b");
        assert_eq!(db.meta.rule(rule.id).await.unwrap(), rule);
        assert_eq!(db.meta.rule_by_code("ssh").await.unwrap(), rule);
        let definition = threshold(5);
        let after = db.meta.change_rule(rule.id, &of(&definition), &by(), at(1)).await.unwrap();
        assert_eq!((after.version, after.updated_at, after.created_at), (2, at(1), at(0)));
        assert_eq!(after.definition["at_least"], 5);
        let entry = &db.log().await[0];
        assert_eq!(entry.target.as_deref(), Some("rule ssh"));
        assert_eq!((&entry.detail["before"]["definition"]["at_least"], &entry.detail["after"]["definition"]["at_least"]), (&json!(3), &json!(5)));
        // The same once more is no change.
        assert_eq!(db.meta.change_rule(rule.id, &of(&definition), &by(), at(2)).await.unwrap(), after);
        db.meta.delete_rule(rule.id, &by(), at(3)).await.unwrap();
        for error in [
            db.meta.rule(rule.id).await.map(drop),
            db.meta.rule_by_code("ssh").await.map(drop),
            db.meta.delete_rule(rule.id, &by(), at(4)).await,
            db.meta.change_rule(rule.id, &enabled(false), &by(), at(4)).await.map(drop),
        ] {
            assert!(matches!(error, Err(MetaError::NotFound)), "{error:?}");
        }
        assert_eq!(db.actions().await, ["rule_created", "rule_updated", "rule_deleted"]);
    }

    async fn a_code_is_taken_once(db) {
        made(&db, "ssh", RuleOrigin::User).await;
        let definition = json!({});
        let again = NewRule { code: "ssh", definition: &definition, enabled: true, origin: RuleOrigin::Sigma };
        let refused = db.meta.create_rule(&again, &by(), at(1)).await;
        assert!(matches!(refused, Err(MetaError::Conflict { field: "code" })), "{refused:?}");
    }

    async fn a_change_meant_for_another_version_is_refused(db) {
        let rule = made(&db, "ssh", RuleOrigin::User).await;
        let (first, second) = (threshold(4), threshold(5));
        let meant = |definition| RuleChange { version: Some(rule.version), ..of(definition) };
        db.meta.change_rule(rule.id, &meant(&first), &by(), at(1)).await.unwrap();
        let refused = db.meta.change_rule(rule.id, &meant(&second), &by(), at(2)).await;
        assert!(matches!(refused, Err(MetaError::Stale)), "{refused:?}");
        assert_eq!(db.meta.rule(rule.id).await.unwrap().definition["at_least"], 4);
    }

    async fn rules_are_listed_by_code_and_filtered(db) {
        for (code, origin) in [("c", RuleOrigin::User), ("a", RuleOrigin::Sigma), ("b", RuleOrigin::User)] {
            made(&db, code, origin).await;
        }
        let sigma = json!({ "kind": "sigma" });
        let b = db.meta.rule_by_code("b").await.unwrap();
        db.meta.change_rule(b.id, &of(&sigma), &by(), at(1)).await.unwrap();
        db.meta.change_rule(b.id, &enabled(false), &by(), at(1)).await.unwrap();
        let all = RuleFilter::default();
        assert_eq!(codes(&db.meta.rules(&all, 1, 2).await.unwrap()), (3, vec!["a", "b"]));
        assert_eq!(codes(&db.meta.rules(&all, 2, 2).await.unwrap()), (3, vec!["c"]));
        for (filter, expected) in [
            (RuleFilter { enabled: Some(false), ..all }, vec!["b"]),
            (RuleFilter { enabled: Some(true), ..all }, vec!["a", "c"]),
            (RuleFilter { origin: Some(RuleOrigin::User), ..all }, vec!["b", "c"]),
            (RuleFilter { kind: Some("sigma"), ..all }, vec!["b"]),
            (RuleFilter { kind: Some("threshold"), origin: Some(RuleOrigin::User), ..all }, vec!["c"]),
        ] {
            let page = db.meta.rules(&filter, 1, 10).await.unwrap();
            assert_eq!(codes(&page), (expected.len() as u64, expected), "{filter:?}");
        }
        let used: Vec<String> = db.meta.enabled_rules().await.unwrap().into_iter().map(|rule| rule.code).collect();
        assert_eq!(used, ["a", "c"]);
    }

    async fn the_version_of_all_rules_grows_with_each_change_and_only_then(db) {
        let other = db.other(4).await;
        let mut last = other.rules_version().await.unwrap();
        let mut grown = async |expected: bool| {
            let version = other.rules_version().await.unwrap();
            assert_eq!(version > last, expected);
            last = version;
        };
        let rule = made(&db, "ssh", RuleOrigin::User).await;
        grown(true).await;
        db.meta.change_rule(rule.id, &enabled(true), &by(), at(1)).await.unwrap();
        grown(false).await;
        db.meta.change_rule(rule.id, &enabled(false), &by(), at(1)).await.unwrap();
        grown(true).await;
        assert_eq!(ship(&db.meta, "web", 1, &threshold(1), 2).await.added, ["web"]);
        grown(true).await;
        assert_eq!(ship(&db.meta, "web", 1, &threshold(1), 3).await, Shipped::default());
        grown(false).await;
        db.meta.delete_rule(rule.id, &by(), at(4)).await.unwrap();
        grown(true).await;
    }

    async fn shipped_rules_are_renewed_until_a_person_changes_them(db) {
        ship(&db.meta, "web", 2, &threshold(1), 0).await;
        let rule = db.meta.rule_by_code("web").await.unwrap();
        assert_eq!((rule.origin, rule.created_by.as_deref(), rule.revision), (RuleOrigin::Shipped, None, Some(2)));
        // Turned off is not changed: it is renewed, and stays off.
        db.meta.change_rule(rule.id, &enabled(false), &by(), at(1)).await.unwrap();
        assert_eq!(ship(&db.meta, "web", 3, &threshold(9), 2).await.renewed, ["web"]);
        let renewed = db.meta.rule(rule.id).await.unwrap();
        assert_eq!((renewed.enabled, renewed.modified, &renewed.definition["at_least"]), (false, false, &json!(9)));
        // An older program does not bring its text back.
        assert_eq!(ship(&db.meta, "web", 2, &threshold(1), 3).await, Shipped::default());
        let own = threshold(50);
        assert!(db.meta.change_rule(rule.id, &of(&own), &by(), at(4)).await.unwrap().modified);
        assert_eq!(ship(&db.meta, "web", 4, &threshold(10), 5).await, Shipped::default());
        assert_eq!(db.meta.rule(rule.id).await.unwrap().definition["at_least"], 50);
        let refused = db.meta.delete_rule(rule.id, &by(), at(6)).await;
        assert!(matches!(refused, Err(MetaError::Refused(_))), "{refused:?}");
        assert_eq!(db.actions().await, ["rule_created", "rule_updated", "rule_updated", "rule_updated"]);
    }

    async fn a_code_that_a_person_has_taken_is_not_shipped_over(db) {
        let rule = made(&db, "web", RuleOrigin::User).await;
        assert_eq!(ship(&db.meta, "web", 9, &threshold(1), 1).await, Shipped::default());
        assert_eq!(db.meta.rule_by_code("web").await.unwrap(), rule);
    }

    async fn daemons_that_start_at_once_ship_each_rule_once(db) {
        let other = db.other(4).await;
        let definition = threshold(1);
        let (one, two) = tokio::join!(ship(&db.meta, "web", 1, &definition, 0), ship(&other, "web", 1, &definition, 0));
        assert_eq!(one.added.len() + two.added.len(), 1);
        assert_eq!(db.actions().await, ["rule_created"]);
    }
}
