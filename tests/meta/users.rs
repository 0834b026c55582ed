use logseal::meta::{MetaError, NewUser, Role, UserPatch, UserStatus};

use serde_json::json;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::harness::{at, by, on_both};

on_both! {
    async fn a_user_is_found_whatever_the_case_of_name_and_address(db) {
        let new = NewUser { username: "Ünal", email: Some("Ünal@Example.org"), password_hash: "h", role: Role::Auditor };
        let made = db.meta.create_user(&new, &by(), at(0)).await.unwrap();
        assert_eq!((made.username.as_str(), made.role, made.status), ("Ünal", Role::Auditor, UserStatus::Active));
        assert_eq!((made.created_at, made.last_login_at), (at(0), None));
        for found in [
            db.meta.user_by_id(made.id).await.unwrap(),
            db.meta.user_by_username("üNAL").await.unwrap(),
            db.meta.user_by_email("ünal@example.ORG").await.unwrap(),
        ] {
            assert_eq!(found.as_ref(), Some(&made));
        }
        let credentials = db.meta.credentials_by_username("ünal").await.unwrap().unwrap();
        assert_eq!(credentials.password_hash, "h");
        assert!(!format!("{credentials:?}").contains("\"h\""));
        assert_eq!(db.meta.credentials_by_id(made.id).await.unwrap().unwrap().user, made);
        assert_eq!(db.meta.user_by_username("nobody\0").await.unwrap(), None);
        assert_eq!(db.meta.user_by_id(made.id + 1).await.unwrap(), None);
    }

    async fn a_name_and_an_address_are_taken_once(db) {
        let new = NewUser { username: "ann", email: Some("ann@x.org"), password_hash: "h", role: Role::User };
        db.meta.create_user(&new, &by(), at(0)).await.unwrap();
        let same_name = NewUser { username: "ANN", email: None, ..new };
        let refused = db.meta.create_user(&same_name, &by(), at(0)).await.unwrap_err();
        assert!(matches!(refused, MetaError::Conflict { field: "username" }), "{refused:?}");
        let same_address = NewUser { username: "bob", email: Some("Ann@X.org"), ..new };
        let refused = db.meta.create_user(&same_address, &by(), at(0)).await.unwrap_err();
        assert!(matches!(refused, MetaError::Conflict { field: "email" }), "{refused:?}");
        let bob = db.user("bob", Role::User).await;
        let patch = UserPatch { email: Some(Some("ANN@x.org")), ..UserPatch::default() };
        let refused = db.meta.update_user(bob.id, &patch, &by(), at(0)).await.unwrap_err();
        assert!(matches!(refused, MetaError::Conflict { field: "email" }), "{refused:?}");
        assert_eq!(db.actions().await, ["user_created", "user_created"]);
    }

    async fn the_list_has_pages_and_finds_parts_of_names(db) {
        for name in ["cleo", "Ann", "bob_1", "bobx1"] {
            db.user(name, Role::User).await;
        }
        let page = db.meta.users(1, 3, "").await.unwrap();
        let names: Vec<&str> = page.list.iter().map(|user| user.username.as_str()).collect();
        assert_eq!((page.total, names), (4, vec!["Ann", "bob_1", "bobx1"]));
        assert_eq!(db.meta.users(2, 3, "").await.unwrap().list.len(), 1);
        let found = db.meta.users(1, 20, "OB_").await.unwrap();
        assert_eq!((found.total, found.list[0].username.as_str()), (1, "bob_1"));
        assert_eq!(db.meta.users(1, 20, "%").await.unwrap().total, 0);
    }

    async fn a_change_is_written_with_before_and_after_and_without_the_password(db) {
        let user = db.user("ann", Role::User).await;
        let session = db.session(&user, 1).await;
        let patch = UserPatch {
            role: Some(Role::Auditor),
            password_hash: Some("new-secret"),
            email: Some(Some("ann@x.org")),
            status: None,
        };
        let after = db.meta.update_user(user.id, &patch, &by(), at(5)).await.unwrap();
        assert_eq!((after.role, after.email.as_deref()), (Role::Auditor, Some("ann@x.org")));
        assert_eq!(db.meta.credentials_by_id(user.id).await.unwrap().unwrap().password_hash, "new-secret");
        assert_eq!(db.meta.session_access(session.id, at(6)).await.unwrap(), None);
        let entry = &db.log().await[0];
        assert_eq!(entry.detail, json!({
            "username": "ann",
            "before": { "role": "user", "email": null },
            "after": { "role": "auditor", "email": "ann@x.org", "password": "changed" },
        }));
        assert_eq!((entry.action.as_str(), entry.target.clone()), ("user_updated", Some(format!("user {}", user.id))));
        assert_eq!((entry.user_id, entry.username.as_deref(), entry.ip), (by().user_id, Some("root"), by().ip));
        assert_eq!((entry.created_at, entry.node, entry.user_agent.as_deref()), (at(5), 3, Some("test/1")));

        let gone = UserPatch { email: Some(None), ..UserPatch::default() };
        assert_eq!(db.meta.update_user(user.id, &gone, &by(), at(6)).await.unwrap().email, None);
        let entries = db.log().await.len();
        let same = UserPatch { role: Some(Role::Auditor), ..UserPatch::default() };
        db.meta.update_user(user.id, &same, &by(), at(7)).await.unwrap();
        assert_eq!(db.log().await.len(), entries);
        let refused = db.meta.update_user(user.id + 1, &same, &by(), at(7)).await.unwrap_err();
        assert!(matches!(refused, MetaError::NotFound));
    }

    async fn an_address_alone_ends_no_session(db) {
        let user = db.user("ann", Role::User).await;
        let session = db.session(&user, 1).await;
        let patch = UserPatch { email: Some(Some("a@x.org")), ..UserPatch::default() };
        db.meta.update_user(user.id, &patch, &by(), at(1)).await.unwrap();
        assert!(db.meta.session_access(session.id, at(2)).await.unwrap().is_some());
    }

    async fn a_new_password_of_ones_own_ends_the_other_sessions(db) {
        let user = db.user("ann", Role::User).await;
        let (kept, other) = (db.session(&user, 1).await, db.session(&user, 2).await);
        db.meta.set_password(user.id, "better", Some(kept.id), &by(), at(1)).await.unwrap();
        assert!(db.meta.session_access(kept.id, at(2)).await.unwrap().is_some());
        assert!(db.meta.session_access(other.id, at(2)).await.unwrap().is_none());
        assert_eq!(db.meta.credentials_by_id(user.id).await.unwrap().unwrap().password_hash, "better");
        let entry = &db.log().await[0];
        assert_eq!((entry.action.as_str(), &entry.detail["sessions_ended"]), ("password_changed", &json!(1)));
        assert!(!entry.detail.to_string().contains("better"));
        db.meta.set_password(user.id, "best", None, &by(), at(3)).await.unwrap();
        assert!(db.meta.session_access(kept.id, at(4)).await.unwrap().is_none());
    }

    async fn a_deleted_user_leaves_its_operation_log(db) {
        db.user("root", Role::Admin).await;
        let user = db.user("ann", Role::User).await;
        let session = db.session(&user, 1).await;
        db.meta.delete_user(user.id, &by(), at(1)).await.unwrap();
        assert_eq!(db.meta.user_by_id(user.id).await.unwrap(), None);
        assert_eq!(db.meta.session_access(session.id, at(2)).await.unwrap(), None);
        let login = db.log().await.into_iter().find(|entry| entry.action == "login").unwrap();
        assert_eq!((login.user_id, login.username.as_deref()), (Some(user.id), Some("ann")));
        assert!(matches!(db.meta.delete_user(user.id, &by(), at(2)).await.unwrap_err(), MetaError::NotFound));
        // An id is never given twice, so that old entries stay true.
        assert!(db.user("ann", Role::User).await.id > user.id);
    }

    async fn the_last_active_admin_stays(db) {
        let admin = db.user("root", Role::Admin).await;
        let other = db.user("toor", Role::Admin).await;
        let disable = UserPatch { status: Some(UserStatus::Disabled), ..UserPatch::default() };
        let demote = UserPatch { role: Some(Role::User), ..UserPatch::default() };
        db.meta.update_user(other.id, &disable, &by(), at(1)).await.unwrap();
        for refused in [
            db.meta.update_user(admin.id, &disable, &by(), at(2)).await.map(drop),
            db.meta.update_user(admin.id, &demote, &by(), at(2)).await.map(drop),
            db.meta.delete_user(admin.id, &by(), at(2)).await,
        ] {
            assert!(matches!(refused, Err(MetaError::LastAdmin)), "{refused:?}");
        }
        // A disabled admin does not count, and may go.
        db.meta.delete_user(other.id, &by(), at(3)).await.unwrap();
        assert_eq!(db.meta.user_by_id(admin.id).await.unwrap(), Some(admin));
    }

    async fn two_admins_that_remove_each_other_leave_one(db) {
        for round in 0..10 {
            let pair = [db.user(&format!("a{round}"), Role::Admin).await, db.user(&format!("b{round}"), Role::Admin).await];
            let demote = UserPatch { role: Some(Role::User), ..UserPatch::default() };
            let other = db.other(4).await;
            let actor = by();
            let (one, two) = tokio::join!(
                db.meta.update_user(pair[0].id, &demote, &actor, at(1)),
                other.delete_user(pair[1].id, &actor, at(1)),
            );
            let done = u8::from(one.is_ok()) + u8::from(two.is_ok());
            assert_eq!(done, 1, "{one:?} {two:?}");
            assert_eq!(db.raw.number("SELECT COUNT(*) FROM users WHERE role = 'admin'").await, 1);
            db.raw.execute("DELETE FROM users").await.unwrap();
            other.close().await;
        }
    }

    async fn the_first_admin_is_made_once_by_whichever_daemon(db) {
        let others = [db.other(4).await, db.other(5).await, db.other(6).await];
        let (actor, now) = (by(), at(0));
        let unseen = || Err(MetaError::NotFound);
        assert!(db.meta.ensure_first_admin("admin", "h", unseen, &actor, now).await.is_err());
        assert_eq!(db.meta.users(1, 1, "").await.unwrap().total, 0, "nobody saw the password");
        let times_shown = AtomicU32::new(0);
        let shown = || {
            times_shown.fetch_add(1, Ordering::Relaxed);
            Ok::<(), MetaError>(())
        };
        let (a, b, c, d) = tokio::join!(
            db.meta.ensure_first_admin("admin", "h", shown, &actor, now),
            others[0].ensure_first_admin("admin", "h", shown, &actor, now),
            others[1].ensure_first_admin("admin", "h", shown, &actor, now),
            others[2].ensure_first_admin("admin", "h", shown, &actor, now),
        );
        let made = [a, b, c, d].into_iter().filter(|made| *made.as_ref().unwrap()).count();
        assert_eq!(made, 1);
        let admin = db.meta.user_by_username("admin").await.unwrap().unwrap();
        assert_eq!((admin.role, admin.status), (Role::Admin, UserStatus::Active));
        assert!(!db.meta.ensure_first_admin("second", "h", shown, &actor, now).await.unwrap());
        assert_eq!(times_shown.into_inner(), 1);
    }
}
