use logseal::meta::{CodeCheck, CodePurpose, CodeStored};

use crate::harness::{Database, at, by, hash, on_both};

const RESET: CodePurpose = CodePurpose::PasswordReset;

async fn store(db: &Database, email: &str, code: u8, now: i64) -> CodeStored {
    db.meta.store_code(email, RESET, &hash(code), at(now + 600), &by(), at(now)).await.unwrap()
}

async fn check(db: &Database, email: &str, code: u8, now: i64) -> CodeCheck {
    db.meta.check_code(email, RESET, &hash(code), &by(), at(now)).await.unwrap()
}

mod facts {
    use super::check as guess;
    use super::{CodeCheck, CodePurpose, CodeStored, RESET, at, by, hash, on_both, store};

    on_both! {
        async fn a_code_is_good_once_and_for_its_purpose(db) {
            assert_eq!(store(&db, "Ann@x.org", 1, 0).await, CodeStored::Stored);
            let other = db.meta.check_code("ann@x.org", CodePurpose::Register, &hash(1), &by(), at(1)).await.unwrap();
            assert_eq!(other, CodeCheck::Missing);
            assert_eq!(guess(&db, "bob@x.org", 1, 1).await, CodeCheck::Missing);
            assert_eq!(guess(&db, "ann@X.org", 1, 1).await, CodeCheck::Accepted);
            assert_eq!(guess(&db, "ann@x.org", 1, 2).await, CodeCheck::Missing);
            assert_eq!(db.actions().await, ["code_sent"]);
        }

        async fn a_code_ends_with_its_time_and_with_the_next_one(db) {
            store(&db, "ann@x.org", 1, 0).await;
            assert_eq!(guess(&db, "ann@x.org", 1, 600).await, CodeCheck::Missing);
            store(&db, "ann@x.org", 2, 700).await;
            store(&db, "ann@x.org", 3, 800).await;
            assert_eq!(guess(&db, "ann@x.org", 2, 801).await, CodeCheck::Wrong { attempts_left: 4 });
            assert_eq!(guess(&db, "ann@x.org", 3, 801).await, CodeCheck::Accepted);
        }

        async fn five_guesses_void_a_code(db) {
            store(&db, "ann@x.org", 1, 0).await;
            for attempts_left in (0..5).rev() {
                assert_eq!(guess(&db, "ann@x.org", 9, 1).await, CodeCheck::Wrong { attempts_left });
            }
            assert_eq!(guess(&db, "ann@x.org", 1, 2).await, CodeCheck::Missing);
            assert_eq!(db.actions().await.iter().filter(|action| *action == "code_refused").count(), 5);
        }

        async fn guesses_at_once_are_counted_each(db) {
            store(&db, "ann@x.org", 1, 0).await;
            let other = db.other(4).await;
            let (actor, wrong) = (by(), hash(9));
            let guesses = (0..12).map(|i| {
                let meta = if i % 2 == 0 { &db.meta } else { &other };
                meta.check_code("ann@x.org", RESET, &wrong, &actor, at(1))
            });
            let outcomes = futures_util::future::join_all(guesses).await;
            let wrong = outcomes.iter().filter(|it| matches!(it, Ok(CodeCheck::Wrong { .. }))).count();
            assert_eq!(wrong, 5, "{outcomes:?}");
        }

        async fn an_address_gets_one_code_a_minute_and_ten_a_day(db) {
            assert_eq!(store(&db, "ann@x.org", 1, 0).await, CodeStored::Stored);
            assert_eq!(store(&db, "ANN@x.org", 1, 59).await, CodeStored::NotBefore { at: at(60) });
            assert_eq!(store(&db, "bob@x.org", 1, 59).await, CodeStored::Stored);
            for n in 1..10 {
                assert_eq!(store(&db, "ann@x.org", 1, n * 60).await, CodeStored::Stored);
            }
            assert_eq!(store(&db, "ann@x.org", 1, 3600).await, CodeStored::NotBefore { at: at(86_400) });
            assert_eq!(store(&db, "ann@x.org", 1, 86_400).await, CodeStored::Stored);
        }

        async fn of_two_requests_at_once_one_code_is_stored(db) {
            let other = db.other(4).await;
            let (actor, code) = (by(), hash(1));
            let (one, two) = tokio::join!(
                db.meta.store_code("ann@x.org", RESET, &code, at(600), &actor, at(0)),
                other.store_code("ann@x.org", RESET, &code, at(600), &actor, at(0)),
            );
            let stored = [one.unwrap(), two.unwrap()].into_iter().filter(|it| *it == CodeStored::Stored).count();
            assert_eq!(stored, 1);
        }
    }
}
