//! What an acknowledgement costs: groups of frames with a real fsync, and the checksum alone.
//! Set `TMPDIR` to a directory on the disk to be measured.

use std::hint::black_box;
use std::io::IoSlice;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logseal::spool::SpoolConfig;
use logseal::spool::group::Frame;
use logseal::spool::writer::{Moment, Spool};

fn append_groups(criterion: &mut Criterion) {
    let mut benches = criterion.benchmark_group("append");
    benches.sample_size(10);
    benches.warm_up_time(Duration::from_millis(300));
    benches.measurement_time(Duration::from_secs(2));
    for payload_bytes in [300, 100_000] {
        let payload = vec![0x61; payload_bytes];
        let payload = [IoSlice::new(&payload)];
        for count in [1_u64, 64, 1000] {
            let dir = tempfile::tempdir().expect("a temporary directory");
            let mut spool = spool(&dir);
            benches.throughput(Throughput::Bytes(count * payload_bytes as u64));
            benches.bench_function(format!("{count} x {payload_bytes} B"), |bencher| {
                bencher.iter(|| append(&mut spool, count, &payload));
            });
        }
    }
    benches.finish();
}

fn spool(dir: &tempfile::TempDir) -> Spool {
    let cfg = SpoolConfig {
        dir: dir.path().join("spool"),
        node: 0,
        segment_rows_max: u64::MAX,
        segment_bytes_max: u64::MAX,
        disk_bytes_max: u64::MAX,
        disk_free_bytes_min: 1 << 30,
    };
    Spool::open(cfg).expect("an empty spool opens").0
}

fn append(spool: &mut Spool, count: u64, payload: &[IoSlice<'_>]) {
    let next_id = spool.next_id();
    let frames: Vec<_> = (next_id..next_id + count).map(|first_id| Frame { first_id, rows: 1, payload }).collect();
    let now = Moment { unix_ms: 0, at: Instant::now() };
    spool.append(&frames, now).expect("the disk has room");
}

fn checksum(criterion: &mut Criterion) {
    let mut benches = criterion.benchmark_group("crc32c");
    benches.warm_up_time(Duration::from_millis(200));
    benches.measurement_time(Duration::from_secs(1));
    for bytes in [300, 100_000, 1 << 20] {
        let data = vec![0x61; bytes];
        benches.throughput(Throughput::Bytes(bytes as u64));
        benches.bench_function(format!("{bytes} B"), |bencher| {
            bencher.iter(|| crc32c::crc32c(black_box(&data)));
        });
    }
    benches.finish();
}

criterion_group!(benches, append_groups, checksum);
criterion_main!(benches);
