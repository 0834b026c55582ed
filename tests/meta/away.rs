//! A Postgres that goes away and comes back under a handle.

use std::time::{Duration, Instant};

use logseal::meta::{Location, Meta, MetaError, NewUser, Role};
use tokio_util::sync::CancellationToken;

use crate::harness::{at, by};
use crate::postgres::{Postgres, Stop};

const DEADLINE: Duration = Duration::from_secs(60);

async fn works_again(meta: &Meta) {
    let started = Instant::now();
    while let Err(error) = meta.ping().await {
        assert!(matches!(error, MetaError::Unavailable(_)), "{error:?}");
        assert!(started.elapsed() < DEADLINE, "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handle_survives_the_restart_of_its_server_and_says_unavailable_in_between() {
    let postgres = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
    let location = Location::parse(&postgres.database(), std::path::Path::new("/")).unwrap();
    let meta = Meta::open(&location, 0).await.unwrap();
    for (i, how) in [Stop::Fast, Stop::Immediate].into_iter().enumerate() {
        let name = format!("u{i}");
        let new = NewUser { username: &name, email: None, password_hash: "h", role: Role::User };
        let made = meta.create_user(&new, &by(), at(0)).await.unwrap();
        postgres.stop(how);
        let started = Instant::now();
        let refused = [
            meta.user_by_id(made.id).await.map(drop),
            meta.create_user(&new, &by(), at(0)).await.map(drop),
            meta.settings_version().await.map(drop),
        ];
        for refused in refused {
            assert!(matches!(refused, Err(MetaError::Unavailable(_))), "{refused:?}");
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
        postgres.start_again();
        works_again(&meta).await;
        assert_eq!(meta.user_by_id(made.id).await.unwrap(), Some(made));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_at_the_start_is_waited_for() {
    let postgres = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
    let location = Location::parse(&postgres.database(), std::path::Path::new("/")).unwrap();
    postgres.stop(Stop::Fast);
    let stop = CancellationToken::new();
    let waiting = Meta::open_when_up(&location, 0, &stop);
    tokio::pin!(waiting);
    assert!(tokio::time::timeout(Duration::from_millis(700), &mut waiting).await.is_err());
    tokio::task::block_in_place(|| postgres.start_again());
    let meta = tokio::time::timeout(DEADLINE, waiting).await.unwrap().unwrap().unwrap();
    meta.ping().await.unwrap();
}
