//! What knowing who asks costs a request: the signature of an access token, the hash of an API token, the rate limit.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::Duration;

use chrono::DateTime;
use criterion::{Criterion, criterion_group, criterion_main};
use logseal::auth::jwt::Signer;
use logseal::auth::rate::{Client, RateLimits};
use logseal::auth::secret::{self, Secret};
use logseal::auth::server_secret::ServerSecret;

fn authentication(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("auth");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1)).sample_size(20);

    let signer = Signer::new(&ServerSecret::given(&"x".repeat(43)).expect("43 bytes are enough"));
    let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time that there is");
    let access = signer.issue(17, 4711, now, Duration::from_secs(1800));
    group.bench_function("jwt_verify", |bencher| {
        bencher.iter(|| signer.verify(black_box(&access), now).expect("it has just been issued"));
    });
    let mut forged = access.clone();
    forged.replace_range(20..21, "A");
    group.bench_function("jwt_refuse", |bencher| bencher.iter(|| signer.verify(black_box(&forged), now).is_err()));
    group.bench_function("jwt_issue", |bencher| {
        bencher.iter(|| signer.issue(17, 4711, black_box(now), Duration::from_secs(1800)));
    });

    let token = Secret::api_token();
    group.bench_function("api_token_hash", |bencher| {
        bencher.iter(|| secret::is_api_token(black_box(token.expose())).then(|| secret::hash(token.expose())));
    });

    let limits = RateLimits::new();
    let per_second = NonZeroU32::new(1000).expect("1000 is not 0");
    group.bench_function("rate_one_client", |bencher| {
        bencher.iter(|| limits.check(black_box(Client::Token(1)), per_second));
    });
    let mut user = 0;
    group.bench_function("rate_50000_clients", |bencher| {
        bencher.iter(|| {
            user = (user + 1) % 50_000;
            limits.check(black_box(Client::User(user)), per_second)
        });
    });
    let mut address = 0_u128;
    group.bench_function("rate_flood_of_addresses", |bencher| {
        bencher.iter(|| {
            address += 1 << 64;
            let client = Client::at(std::net::Ipv6Addr::from_bits(address).into());
            limits.check(black_box(client), NonZeroU32::MIN)
        });
    });
    group.finish();
}

criterion_group!(benches, authentication);
criterion_main!(benches);
