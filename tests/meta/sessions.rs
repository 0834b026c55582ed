use logseal::meta::{EndReason, MetaError, NewSession, RefreshOutcome, Role, SessionAccess, UserPatch, UserStatus};

use crate::harness::{at, by, hash, on_both};

on_both! {
    async fn a_session_gives_access_until_it_ends(db) {
        let user = db.user("ann", Role::Auditor).await;
        let session = db.session(&user, 1).await;
        assert_eq!((session.user_id, session.ip, session.user_agent.as_deref()), (user.id, by().ip, Some("test/1")));
        assert_eq!((session.created_at, session.last_seen_at, session.expires_at), (at(0), at(0), at(7 * 86_400)));
        let access = SessionAccess {
            session_id: session.id,
            user_id: user.id,
            username: "ann".to_owned(),
            role: Role::Auditor,
        };
        assert_eq!(db.meta.session_access(session.id, at(1)).await.unwrap(), Some(access));
        assert_eq!(db.meta.session_access(session.id, at(7 * 86_400)).await.unwrap(), None);
        assert_eq!(db.meta.session_access(session.id + 1, at(1)).await.unwrap(), None);
        assert_eq!(db.meta.user_by_id(user.id).await.unwrap().unwrap().last_login_at, Some(at(0)));

        assert!(db.meta.end_session(session.id, EndReason::Logout, &by(), at(2)).await.unwrap());
        assert!(!db.meta.end_session(session.id, EndReason::Logout, &by(), at(3)).await.unwrap());
        assert_eq!(db.meta.session_access(session.id, at(3)).await.unwrap(), None);
        assert_eq!(db.actions().await, ["user_created", "login", "logout"]);
        let login = &db.log().await[1];
        assert_eq!((login.user_id, login.username.as_deref()), (Some(user.id), Some("ann")));
    }

    async fn a_disabled_user_has_no_access_and_opens_no_session(db) {
        let user = db.user("ann", Role::User).await;
        let session = db.session(&user, 1).await;
        let disable = UserPatch { status: Some(UserStatus::Disabled), ..UserPatch::default() };
        db.meta.update_user(user.id, &disable, &by(), at(1)).await.unwrap();
        assert_eq!(db.meta.session_access(session.id, at(2)).await.unwrap(), None);
        let new = NewSession { user_id: user.id, refresh_hash: hash(2), refresh_expires_at: at(100) };
        assert!(matches!(db.meta.open_session(&new, &by(), at(2)).await.unwrap_err(), MetaError::NotFound));
        let rotated = db.meta.rotate_refresh(&hash(1), &hash(3), at(100), &by(), at(3)).await.unwrap();
        assert_eq!(rotated, RefreshOutcome::Expired);
        // Enabled again, old sessions stay ended.
        let enable = UserPatch { status: Some(UserStatus::Active), ..UserPatch::default() };
        db.meta.update_user(user.id, &enable, &by(), at(4)).await.unwrap();
        assert_eq!(db.meta.session_access(session.id, at(5)).await.unwrap(), None);
    }

    async fn a_user_sees_and_ends_its_own_sessions_only(db) {
        let (ann, bob) = (db.user("ann", Role::User).await, db.user("bob", Role::User).await);
        let (first, second, of_bob) = (db.session(&ann, 1).await, db.session(&ann, 2).await, db.session(&bob, 3).await);
        assert_eq!(db.meta.sessions_of(ann.id, at(1)).await.unwrap(), [second.clone(), first.clone()]);
        let refused = db.meta.end_session_of(ann.id, of_bob.id, &by(), at(1)).await.unwrap_err();
        assert!(matches!(refused, MetaError::NotFound));
        db.meta.end_session_of(ann.id, first.id, &by(), at(1)).await.unwrap();
        assert_eq!(db.meta.sessions_of(ann.id, at(2)).await.unwrap(), [second]);
        assert!(db.meta.session_access(of_bob.id, at(2)).await.unwrap().is_some());
        assert!(db.meta.sessions_of(ann.id, at(8 * 86_400)).await.unwrap().is_empty());
        assert_eq!(db.log().await[0].action, "session_ended");
    }

    async fn last_seen_is_noted_once_a_minute(db) {
        let user = db.user("ann", Role::User).await;
        let session = db.session(&user, 1).await;
        for (now, seen) in [(30, 0), (59, 0), (60, 60), (90, 60), (125, 125)] {
            db.meta.touch_session(session.id, at(now)).await.unwrap();
            assert_eq!(db.meta.sessions_of(user.id, at(now)).await.unwrap()[0].last_seen_at, at(seen), "at {now}");
        }
    }

    async fn a_refresh_token_is_rotated_and_prolongs_its_session(db) {
        let user = db.user("ann", Role::User).await;
        let session = db.session(&user, 1).await;
        let outcome = db.meta.rotate_refresh(&hash(1), &hash(2), at(9 * 86_400), &by(), at(60)).await.unwrap();
        let RefreshOutcome::Rotated(access) = outcome else { panic!("{outcome:?}") };
        assert_eq!((access.session_id, access.user_id, access.username.as_str()), (session.id, user.id, "ann"));
        assert!(db.meta.session_access(session.id, at(8 * 86_400)).await.unwrap().is_some());
        let next = db.meta.rotate_refresh(&hash(2), &hash(3), at(9 * 86_400), &by(), at(61)).await.unwrap();
        assert!(matches!(next, RefreshOutcome::Rotated(_)), "{next:?}");
        let unknown = db.meta.rotate_refresh(&hash(99), &hash(4), at(9 * 86_400), &by(), at(62)).await.unwrap();
        assert_eq!(unknown, RefreshOutcome::Unknown);
        let late = db.meta.rotate_refresh(&hash(3), &hash(4), at(99 * 86_400), &by(), at(9 * 86_400)).await.unwrap();
        assert_eq!(late, RefreshOutcome::Expired);
    }

    async fn a_spent_refresh_token_ends_the_session(db) {
        let user = db.user("ann", Role::User).await;
        let session = db.session(&user, 1).await;
        db.meta.rotate_refresh(&hash(1), &hash(2), at(1000), &by(), at(1)).await.unwrap();
        let again = db.meta.rotate_refresh(&hash(1), &hash(3), at(1000), &by(), at(2)).await.unwrap();
        assert_eq!(again, RefreshOutcome::Reused { session_id: session.id, user_id: user.id });
        assert_eq!(db.meta.session_access(session.id, at(3)).await.unwrap(), None);
        let of_winner = db.meta.rotate_refresh(&hash(2), &hash(4), at(1000), &by(), at(3)).await.unwrap();
        assert_eq!(of_winner, RefreshOutcome::Expired);
        assert_eq!(db.actions().await, ["user_created", "login", "refresh_reused"]);
        let entry = &db.log().await[0];
        assert_eq!((entry.user_id, entry.username.as_deref()), (Some(user.id), Some("ann")));
    }

    async fn of_two_uses_at_once_one_wins_and_the_other_is_a_reuse(db) {
        let other = db.other(4).await;
        let user = db.user("ann", Role::User).await;
        for round in 0..10 {
            let session = db.session(&user, round * 3).await;
            let (old, new, newer) = (hash(round * 3), hash(round * 3 + 1), hash(round * 3 + 2));
            let actor = by();
            let (one, two) = tokio::join!(
                db.meta.rotate_refresh(&old, &new, at(1000), &actor, at(1)),
                other.rotate_refresh(&old, &newer, at(1000), &actor, at(1)),
            );
            let outcomes = [one.unwrap(), two.unwrap()];
            let won = outcomes.iter().filter(|outcome| matches!(outcome, RefreshOutcome::Rotated(_))).count();
            let reused = outcomes.iter().filter(|outcome| matches!(outcome, RefreshOutcome::Reused { .. })).count();
            assert_eq!((won, reused), (1, 1), "{outcomes:?}");
            assert_eq!(db.meta.session_access(session.id, at(2)).await.unwrap(), None);
        }
    }

    async fn a_name_of_a_refresh_token_that_exists_is_a_fault_and_changes_nothing(db) {
        let user = db.user("ann", Role::User).await;
        db.session(&user, 1).await;
        let new = NewSession { user_id: user.id, refresh_hash: hash(1), refresh_expires_at: at(100) };
        assert!(matches!(db.meta.open_session(&new, &by(), at(50)).await.unwrap_err(), MetaError::Failed(_)));
        assert_eq!(db.meta.user_by_id(user.id).await.unwrap().unwrap().last_login_at, Some(at(0)));
        assert_eq!(db.actions().await, ["user_created", "login"]);
    }
}
