use logseal::meta::SettingChange;
use serde_json::json;

use crate::harness::{at, by, on_both};

fn change(key: &str, value: Option<&str>) -> SettingChange {
    SettingChange { key: key.to_owned(), value: value.map(str::to_owned) }
}

on_both! {
    async fn settings_are_put_together_and_another_daemon_sees_the_version(db) {
        let other = db.other(4).await;
        let before = other.settings_version().await.unwrap();
        assert!(db.meta.settings().await.unwrap().is_empty());
        let changes = [change("retention_days", Some("30")), change("a", Some("x"))];
        let version = db.meta.put_settings(&changes, &by(), at(0)).await.unwrap();
        assert!(version > before);
        assert_eq!(other.settings_version().await.unwrap(), version);
        let set = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(other.settings().await.unwrap(), [set("a", "x"), set("retention_days", "30")]);

        let changes = [change("retention_days", Some("60")), change("a", None), change("b", None)];
        db.meta.put_settings(&changes, &by(), at(1)).await.unwrap();
        assert_eq!(other.settings().await.unwrap(), [set("retention_days", "60")]);
        let entry = &db.log().await[0];
        assert_eq!(entry.action, "config_changed");
        assert_eq!(entry.detail, json!({
            "before": { "retention_days": "30", "a": "x" },
            "after": { "retention_days": "60", "a": null },
        }));
    }

    async fn what_is_the_same_is_no_change(db) {
        let changes = [change("a", Some("x"))];
        let version = db.meta.put_settings(&changes, &by(), at(0)).await.unwrap();
        assert_eq!(db.meta.put_settings(&changes, &by(), at(1)).await.unwrap(), version);
        assert_eq!(db.meta.settings_version().await.unwrap(), version);
        assert_eq!(db.actions().await, ["config_changed"]);
    }

    async fn a_refused_change_leaves_all_as_it_was(db) {
        let version = db.meta.settings_version().await.unwrap();
        // The second one is refused by the database.
        db.raw.execute(match db.raw {
            crate::harness::Raw::Sqlite(_) => {
                "CREATE TRIGGER t BEFORE INSERT ON settings WHEN NEW.key = 'b' BEGIN SELECT RAISE(ABORT, 'no'); END"
            }
            crate::harness::Raw::Postgres(_) => "ALTER TABLE settings ADD CHECK (key <> 'b')",
        })
        .await
        .unwrap();
        let changes = [change("a", Some("1")), change("b", Some("1"))];
        assert!(db.meta.put_settings(&changes, &by(), at(0)).await.is_err());
        assert!(db.meta.settings().await.unwrap().is_empty());
        assert_eq!(db.meta.settings_version().await.unwrap(), version);
        assert!(db.actions().await.is_empty());
    }
}
