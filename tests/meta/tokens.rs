use logseal::meta::{MetaError, NewToken, Scope, Scopes, TokenAccess};
use serde_json::json;

use crate::harness::{at, by, hash, on_both};

fn shipper() -> NewToken<'static> {
    NewToken {
        name: "shipper",
        secret_hash: hash(7),
        prefix: "ls_abcd",
        scopes: Scopes::default().with(Scope::Ingest).with(Scope::Read),
        source: Some("WEB_APP"),
        rate_limit: Some(4_000_000_000),
        expires_at: Some(at(100)),
    }
}

on_both! {
    async fn a_token_gives_access_until_it_expires_or_is_revoked(db) {
        let token = db.meta.create_token(&shipper(), &by(), at(0)).await.unwrap();
        let access = TokenAccess {
            id: token.id,
            name: "shipper".to_owned(),
            scopes: shipper().scopes,
            source: Some("WEB_APP".to_owned()),
            rate_limit: Some(4_000_000_000),
            expires_at: Some(at(100)),
        };
        assert_eq!(db.meta.token_access(&hash(7), at(99)).await.unwrap(), Some(access));
        assert_eq!(db.meta.token_access(&hash(7), at(100)).await.unwrap(), None);
        assert_eq!(db.meta.token_access(&hash(8), at(1)).await.unwrap(), None);
        db.meta.revoke_token(token.id, &by(), at(2)).await.unwrap();
        assert_eq!(db.meta.token_access(&hash(7), at(3)).await.unwrap(), None);
        assert!(matches!(db.meta.revoke_token(token.id, &by(), at(3)).await.unwrap_err(), MetaError::NotFound));
        assert_eq!(db.actions().await, ["token_created", "token_revoked"]);
        let made = &db.log().await[1];
        assert_eq!(made.detail["after"]["scopes"], json!(["ingest", "read"]));
        assert!(!made.detail.to_string().contains("070707"));
        // The name is free again, the id is not.
        assert!(db.meta.create_token(&shipper(), &by(), at(4)).await.unwrap().id > token.id);
    }

    async fn a_token_is_found_by_its_name_also_when_it_has_expired(db) {
        let made = db.meta.create_token(&shipper(), &by(), at(0)).await.unwrap();
        let found = db.meta.token_named("shipper").await.unwrap().unwrap();
        assert_eq!((found.id, found.source.as_deref()), (made.id, Some("WEB_APP")));
        assert!(found.may_send(at(99)) && !found.may_send(at(100)) && found.has_expired(at(100)));
        assert_eq!(db.meta.token_named("Shipper").await.unwrap(), None);
        db.meta.revoke_token(made.id, &by(), at(2)).await.unwrap();
        assert_eq!(db.meta.token_named("shipper").await.unwrap(), None);
    }

    async fn a_token_without_limits_has_none(db) {
        let new = NewToken { source: None, rate_limit: None, expires_at: None, ..shipper() };
        db.meta.create_token(&new, &by(), at(0)).await.unwrap();
        let access = db.meta.token_access(&hash(7), at(1_000_000_000)).await.unwrap().unwrap();
        assert_eq!((access.source, access.rate_limit, access.expires_at), (None, None, None));
    }

    async fn a_name_of_a_token_is_taken_once(db) {
        db.meta.create_token(&shipper(), &by(), at(0)).await.unwrap();
        let refused = db.meta.create_token(&NewToken { secret_hash: hash(8), ..shipper() }, &by(), at(0)).await.unwrap_err();
        assert!(matches!(refused, MetaError::Conflict { field: "name" }), "{refused:?}");
        let refused = db.meta.create_token(&NewToken { name: "other", ..shipper() }, &by(), at(0)).await.unwrap_err();
        assert!(matches!(refused, MetaError::Failed(_)), "{refused:?}");
    }

    async fn the_last_use_only_grows(db) {
        let one = db.meta.create_token(&shipper(), &by(), at(0)).await.unwrap();
        let two = NewToken { name: "a", secret_hash: hash(9), ..shipper() };
        let two = db.meta.create_token(&two, &by(), at(0)).await.unwrap();
        db.meta.touch_tokens(&[]).await.unwrap();
        db.meta.touch_tokens(&[(two.id, at(5)), (one.id, at(9)), (one.id, at(7)), (one.id + 99, at(7))]).await.unwrap();
        db.meta.touch_tokens(&[(one.id, at(8))]).await.unwrap();
        let list = db.meta.tokens().await.unwrap();
        let seen: Vec<_> = list.iter().map(|token| (token.name.as_str(), token.last_used_at)).collect();
        assert_eq!(seen, [("a", Some(at(5))), ("shipper", Some(at(9)))]);
        assert_eq!((list[1].created_by.as_deref(), list[1].prefix.as_str()), (Some("root"), "ls_abcd"));
    }
}
