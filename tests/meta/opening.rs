use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use logseal::meta::{Location, Meta, MetaError, NewUser, OperationFilter, OperationPlace, Role};
use tokio_util::sync::CancellationToken;

use crate::harness::{at, by, on_both};
use crate::postgres;

on_both! {
    async fn a_database_is_opened_again_with_what_it_has(db) {
        let user = db.user("ann", Role::User).await;
        db.meta.close().await;
        let again = db.other(0).await;
        again.ping().await.unwrap();
        assert_eq!(again.user_by_id(user.id).await.unwrap(), Some(user));
    }

    async fn a_newer_schema_is_used_as_it_is(db) {
        db.raw.execute(match db.raw {
            crate::harness::Raw::Sqlite(_) => {
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (999, 'newer', TRUE, x'00', 1)"
            }
            crate::harness::Raw::Postgres(_) => {
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (999, 'newer', TRUE, '\\x00', 1)"
            }
        })
        .await
        .unwrap();
        db.other(4).await.ping().await.unwrap();
    }
}

async fn open_at_once(location: &Location) {
    let (a, b, c, d) = tokio::join!(
        Meta::open(location, 0),
        Meta::open(location, 1),
        Meta::open(location, 2),
        Meta::open(location, 3)
    );
    for (i, meta) in [a, b, c, d].into_iter().enumerate() {
        let meta = meta.unwrap();
        meta.record_login_failure(&format!("u{i}"), &by(), at(0)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_that_open_a_new_file_at_once_all_get_it() {
    for _ in 0..5 {
        let dir = tempfile::tempdir().unwrap();
        open_at_once(&Location::parse("", &dir.path().join("data")).unwrap()).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_that_open_a_new_postgres_database_at_once_all_get_it() {
    for _ in 0..3 {
        let url = postgres::shared().database();
        open_at_once(&Location::parse(&url, std::path::Path::new("/")).unwrap()).await;
    }
}

/// Handlers of requests are moved between threads.
fn is_send<T: Send>(future: T) -> T {
    future
}

#[tokio::test]
async fn what_waits_can_move_between_threads() {
    let dir = tempfile::tempdir().unwrap();
    let location = Location::parse("", dir.path()).unwrap();
    let stop = CancellationToken::new();
    let meta = is_send(Meta::open_when_up(&location, 0, &stop)).await.unwrap().unwrap();
    let new = NewUser { username: "ann", email: None, password_hash: "h", role: Role::Admin };
    is_send(meta.create_user(&new, &by(), at(0))).await.unwrap();
    is_send(meta.rotate_refresh(&[1; 32], &[2; 32], at(1), &by(), at(0))).await.unwrap();
    is_send(meta.operations(&OperationFilter::default(), OperationPlace::Page(1), 1)).await.unwrap();
    is_send(meta.put_settings(&[], &by(), at(0))).await.unwrap();
    is_send(meta.outbox_done(&[1])).await.unwrap();
}

#[tokio::test]
async fn the_file_is_for_its_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let meta = Meta::open(&Location::parse("", &data).unwrap(), 0).await.unwrap();
    meta.record_login_failure("u", &by(), at(0)).await.unwrap();
    for name in ["meta.sqlite", "meta.sqlite-wal", "meta.sqlite-shm"] {
        let mode = std::fs::metadata(data.join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn what_trying_again_does_not_help_is_told_at_once() {
    let url = postgres::shared().database().replace("/t", "/nothing-t");
    let location = Location::parse(&url, std::path::Path::new("/")).unwrap();
    let refused = Meta::open_when_up(&location, 0, &CancellationToken::new()).await;
    assert!(matches!(refused, Err(MetaError::Failed(_))), "{refused:?}");
}

#[tokio::test]
async fn waiting_for_a_server_ends_with_the_stop() {
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("postgres://logseal:secret@127.0.0.1:{port}/logseal");
    let location = Location::parse(&url, std::path::Path::new("/")).unwrap();
    let stop = CancellationToken::new();
    let waiting = Meta::open_when_up(&location, 0, &stop);
    tokio::pin!(waiting);
    assert!(tokio::time::timeout(Duration::from_millis(500), &mut waiting).await.is_err());
    stop.cancel();
    assert!(waiting.await.unwrap().is_none());
}
