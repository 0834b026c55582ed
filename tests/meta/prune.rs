use logseal::meta::{CodePurpose, Pruned, Role};

use crate::harness::{at, by, hash, on_both};

const DAY: i64 = 86_400;

on_both! {
    async fn what_nobody_can_use_is_removed_and_the_operation_log_stays(db) {
        let user = db.user("ann", Role::User).await;
        db.session(&user, 1).await;
        db.meta.rotate_refresh(&hash(1), &hash(2), at(40 * DAY), &by(), at(1)).await.unwrap();
        db.meta.record_login_failure("ann", &by(), at(0)).await.unwrap();
        db.meta.store_code("a@x.org", CodePurpose::Register, &hash(1), at(600), &by(), at(0)).await.unwrap();
        assert_eq!(db.meta.prune(at(DAY)).await.unwrap(), Pruned::default());
        let pruned = db.meta.prune(at(10 * DAY)).await.unwrap();
        assert_eq!(pruned, Pruned { sessions: 0, refresh_tokens: 1, codes: 1, failures: 1, ..Pruned::default() });
        let pruned = db.meta.prune(at(80 * DAY)).await.unwrap();
        assert_eq!(pruned.sessions, 1);
        assert_eq!(db.raw.number("SELECT COUNT(*) FROM refresh_tokens").await, 0);
        assert_eq!(db.actions().await, ["user_created", "login", "login_failed", "code_sent"]);
    }
}
