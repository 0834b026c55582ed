use logseal::meta::{Action, Actor, OperationFilter, OperationPage, OperationPlace};
use serde_json::json;

use crate::harness::{Database, at, by, on_both};

/// Entries of two users and two actions, one a quarter of a day, oldest first.
async fn fill(db: &Database, entries: i64) {
    for n in 0..entries {
        let user = Actor { user_id: Some(n % 2), username: Some(format!("u{}", n % 2)), ..by() };
        let action = if n % 3 == 0 { Action::LogsExported } else { Action::LogsSearched };
        db.meta.record(action, Some("logs"), json!({ "n": n }), &user, at(n * 21_600)).await.unwrap();
    }
}

fn numbers(page: &OperationPage) -> Vec<i64> {
    page.list.iter().map(|entry| entry.detail["n"].as_i64().unwrap()).collect()
}

/// Walks all pages in both ways and compares with the numbers that are expected, newest first.
async fn walk(db: &Database, filter: OperationFilter, expected: &[i64]) {
    for size in [1, 3, 7, 100] {
        let mut by_page = Vec::new();
        for page in 1.. {
            let part = db.meta.operations(&filter, OperationPlace::Page(page), size).await.unwrap();
            assert_eq!(part.total, expected.len() as u64, "{filter:?}");
            by_page.extend(numbers(&part));
            assert_eq!(part.next.is_some(), by_page.len() < expected.len(), "{filter:?}");
            if part.next.is_none() {
                break;
            }
        }
        assert_eq!(by_page, expected, "{filter:?} by pages of {size}");
        let first = db.meta.operations(&filter, OperationPlace::Page(1), size).await.unwrap();
        let mut by_cursor = numbers(&first);
        let mut next = first.next;
        while let Some(cursor) = next {
            let part = db.meta.operations(&filter, OperationPlace::After(cursor), size).await.unwrap();
            by_cursor.extend(numbers(&part));
            next = part.next;
        }
        assert_eq!(by_cursor, expected, "{filter:?} by cursor of {size}");
    }
}

on_both! {
    async fn every_filter_gives_its_entries_newest_first_and_their_exact_number(db) {
        fill(&db, 30).await;
        let all = OperationFilter::default();
        let newest_first = |keep: &dyn Fn(i64) -> bool| (0..30).rev().filter(|n| keep(*n)).collect::<Vec<i64>>();
        walk(&db, all, &newest_first(&|_| true)).await;
        walk(&db, OperationFilter { user_id: Some(1), ..all }, &newest_first(&|n| n % 2 == 1)).await;
        let exported = Some(Action::LogsExported);
        walk(&db, OperationFilter { action: exported, ..all }, &newest_first(&|n| n % 3 == 0)).await;
        let both = OperationFilter { user_id: Some(1), action: exported, ..all };
        walk(&db, both, &newest_first(&|n| n % 6 == 3)).await;
        walk(&db, OperationFilter { user_id: Some(77), ..all }, &[]).await;
        // Spans that begin and end within days, on their borders, and within one day.
        for (start, end) in [(3, 17), (0, 30), (4, 8), (5, 6), (9, 9), (20, 3)] {
            let span = OperationFilter { start: Some(at(start * 21_600)), end: Some(at(end * 21_600)), ..all };
            walk(&db, span, &newest_first(&|n| n >= start && n < end)).await;
            let of_user = OperationFilter { user_id: Some(1), action: exported, ..span };
            walk(&db, of_user, &newest_first(&|n| n >= start && n < end && n % 6 == 3)).await;
        }
        let midnight = at(0) - chrono::TimeDelta::microseconds(123_456);
        let days = OperationFilter { start: Some(midnight), end: Some(midnight + chrono::TimeDelta::days(2)), ..all };
        walk(&db, days, &newest_first(&|n| n < 8)).await;
        let far = OperationFilter {
            start: Some(chrono::DateTime::<chrono::Utc>::MIN_UTC),
            end: Some(chrono::DateTime::<chrono::Utc>::MAX_UTC),
            ..all
        };
        walk(&db, far, &newest_first(&|_| true)).await;
    }

    async fn a_cursor_stays_exact_while_entries_arrive(db) {
        fill(&db, 6).await;
        let first = db.meta.operations(&OperationFilter::default(), OperationPlace::Page(1), 3).await.unwrap();
        db.meta.record(Action::DaemonStopped, None, json!({ "n": 99 }), &Actor::default(), at(999_999)).await.unwrap();
        let cursor = first.next.unwrap().to_string().parse().unwrap();
        let rest = db.meta.operations(&OperationFilter::default(), OperationPlace::After(cursor), 3).await.unwrap();
        assert_eq!((numbers(&rest), rest.total), (vec![2, 1, 0], 7));
    }

    async fn microseconds_order_entries_of_one_second(db) {
        let actor = Actor::default();
        for micros in [3, 1, 2] {
            let now = at(0) + chrono::TimeDelta::microseconds(micros) + chrono::TimeDelta::nanoseconds(999);
            db.meta.record(Action::DaemonStarted, None, json!({ "n": micros }), &actor, now).await.unwrap();
        }
        let page = db.meta.operations(&OperationFilter::default(), OperationPlace::Page(1), 10).await.unwrap();
        assert_eq!(numbers(&page), [3, 2, 1]);
        assert_eq!(page.list[0].created_at, at(0) + chrono::TimeDelta::microseconds(3));
    }

    async fn an_entry_cannot_be_changed_or_deleted(db) {
        fill(&db, 2).await;
        let id = db.log().await[0].id;
        let mut changes = vec![
            "UPDATE operation_logs SET username = 'x'".to_owned(),
            "DELETE FROM operation_logs".to_owned(),
            format!("DELETE FROM operation_logs WHERE id = {id}"),
        ];
        match db.raw {
            crate::harness::Raw::Sqlite(_) => changes.push(format!(
                "INSERT OR REPLACE INTO operation_logs (id, node, action, created_at, detail) VALUES ({id}, 1, 'x', 1, 'null')"
            )),
            crate::harness::Raw::Postgres(_) => {
                changes.push("TRUNCATE operation_logs CASCADE".to_owned());
                changes.push("UPDATE operation_logs SET id = DEFAULT".to_owned());
            }
        }
        for change in changes {
            let refused = db.raw.execute(&change).await.unwrap_err().to_string();
            assert!(refused.contains("append-only"), "{change}: {refused}");
        }
        assert_eq!(db.log().await.len(), 2);
    }

    async fn hostile_text_is_kept_as_far_as_both_can(db) {
        let actor = Actor {
            username: Some("a\0b".to_owned()),
            user_agent: Some("x".repeat(100_000)),
            ..Actor::default()
        };
        let detail = json!({ "q": "\0'; DROP TABLE users; --" });
        db.meta.record(Action::LogsSearched, Some("\0"), detail, &actor, at(0)).await.unwrap();
        let entry = &db.log().await[0];
        assert_eq!(entry.username.as_deref(), Some("a\u{fffd}b"));
        assert_eq!(entry.user_agent.as_ref().map(String::len), Some(512));
        assert_eq!(entry.detail["q"], "\u{fffd}'; DROP TABLE users; --");
    }

    async fn the_outbox_has_the_entries_of_its_own_daemon_until_they_are_published(db) {
        let other = db.other(4).await;
        fill(&db, 5).await;
        other.record(Action::DaemonStarted, None, json!({}), &Actor::default(), at(0)).await.unwrap();
        let first = db.meta.outbox(3).await.unwrap();
        assert_eq!(first.iter().map(|entry| entry.detail["n"].as_i64().unwrap()).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(first.iter().all(|entry| entry.node == 3));
        let done: Vec<i64> = [&first[0], &first[2]].map(|entry| entry.id).into();
        db.meta.outbox_done(&done).await.unwrap();
        db.meta.outbox_done(&[]).await.unwrap();
        let left = db.meta.outbox(100).await.unwrap();
        assert_eq!(left.iter().map(|entry| entry.detail["n"].as_i64().unwrap()).collect::<Vec<_>>(), [1, 3, 4]);
        assert_eq!(other.outbox(100).await.unwrap().len(), 1);
        let many: Vec<i64> = (0..1200).collect();
        db.meta.outbox_done(&many).await.unwrap();
        assert!(db.meta.outbox(100).await.unwrap().is_empty());
        assert_eq!(db.log().await.len(), 6);
    }
}
