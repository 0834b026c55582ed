use super::*;

fn limits() -> Limits {
    Limits { ratio_free_bytes: 1 << 20, ..Limits::default() }
}

#[test]
fn a_bomb_ends_at_its_ratio() {
    let zeros = vec![0; 64 << 20];
    for packed in [gzip(&zeros), bzip2(&zeros), xz(&zeros), zstd(&zeros)] {
        let mut unpacked = 0;
        walk_bytes(&packed, &limits(), &mut |entry| {
            let error = std::io::copy(entry.content.unwrap(), &mut CountBytes(&mut unpacked)).unwrap_err();
            assert_eq!(EntryProblem::of(&error), Some(EntryProblem::RatioTooHigh { limit: 1000 }));
            ControlFlow::Continue(())
        })
        .unwrap();
        assert!(unpacked < zeros.len() as u64);
    }
}

/// A letter over and over, so many MiB of it.
fn blank(mebibytes: usize) -> Vec<u8> {
    vec![b'\n'; mebibytes << 20]
}

#[test]
fn small_bombs_are_one_bomb_together() {
    let problem = Some(EntryProblem::RatioTooHigh { limit: 1000 });
    // Each is below what is free of the ratio, which it is once.
    let packed = zip_of(&[("a", &blank(3))]);
    let bomb = zip_of(&[("1.zip", &packed), ("2.zip", &packed), ("3.zip", &packed), ("good.log", b"sound")]);
    let within = |mebibytes: u64| {
        let limits = Limits { ratio_free_bytes: mebibytes << 20, ..Limits::default() };
        let (seen, result) = read_within(&bomb, &limits);
        assert_eq!(result, Ok(()));
        assert_eq!((seen[3].content.as_slice(), seen[3].problem), (b"sound".as_slice(), None));
        seen.into_iter().map(|seen| (seen.content.len() >> 20, seen.problem)).take(3).collect::<Vec<_>>()
    };
    assert_eq!(within(9), [(3, None), (3, None), (3, None)]);
    let seen = within(7);
    assert_eq!(seen[..2], [(3, None), (3, None)]);
    assert_eq!((seen[2].0 < 3, seen[2].1), (true, problem));

    let xz_bombs: Vec<_> = (0..3).map(|_| Member::new("a", &blank(3), 95, xz(&blank(3)))).collect();
    let mut zip = ZipMaker::default();
    xz_bombs.into_iter().for_each(|member| zip.add(member));
    let (seen, _) = read_within(&zip.finish(), &Limits { ratio_free_bytes: 4 << 20, ..Limits::default() });
    let problems: Vec<_> = seen.iter().map(|seen| seen.problem).collect();
    assert_eq!(problems, [None, problem, problem]);
}

#[test]
fn archives_within_a_packed_tar_are_measured_against_the_upload() {
    let packed = gzip(&blank(3));
    let bomb = gzip(&tar_of(&[("1.gz", &packed), ("2.gz", &packed), ("3.gz", &packed)]));
    let limits = Limits { ratio_free_bytes: 4 << 20, ..Limits::default() };
    let (seen, _) = read_within(&bomb, &limits);
    assert_eq!(seen[0].problem, None);
    assert!(seen[1..].iter().any(|seen| seen.problem == Some(EntryProblem::RatioTooHigh { limit: 1000 })));
    assert!(seen.iter().map(|seen| seen.content.len()).sum::<usize>() <= (4 << 20) + 1000 * bomb.len());
}

#[test]
fn logs_that_repeat_themselves_keep_to_the_ratio() {
    let line = b"2026-11-20T10:20:30Z INFO health check passed: status=200 path=/healthz\n";
    let log: Vec<u8> = line.iter().copied().cycle().take(4 << 20).collect();
    let limits = Limits { ratio_free_bytes: 0, ..Limits::default() };
    let packed = gzip(&log);
    assert!(log.len() / packed.len() > 200);
    let many: Vec<_> = ["a", "b", "c", "d"].map(|name| (name, packed.as_slice())).to_vec();
    for upload in [packed.clone(), tar_of(&many), zip_of(&[("a", &log), ("b", &log)]), gzip(&tar_of(&[("a", &log)]))] {
        let (seen, result) = read_within(&upload, &limits);
        assert!(seen.iter().all(|seen| seen.problem.is_none() && seen.content == log));
        assert_eq!(result, Ok(()));
    }
}

struct CountBytes<'c>(&'c mut u64);

impl std::io::Write for CountBytes<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        *self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_entry_is_read_up_to_its_limit_or_not_at_all_if_it_tells_its_size() {
    let limits = Limits { entry_bytes_max: 10, ..Limits::default() };
    let problem = Some(EntryProblem::TooLarge { limit: 10 });
    let ten: &[u8] = &[b'x'; 10];
    let eleven: &[u8] = &[b'x'; 11];
    let (seen, _) = read_within(&gzip(eleven), &limits);
    assert_eq!((seen[0].content.as_slice(), seen[0].problem), (ten, problem));
    for bytes in [zip_of(&[("a", eleven), ("b", ten)]), tar_of(&[("a", eleven), ("b", ten)])] {
        let (seen, result) = read_within(&bytes, &limits);
        assert_eq!(told(&seen), [("a", "", problem), ("b", "xxxxxxxxxx", None)]);
        assert_eq!(result, Ok(()));
    }
}

#[test]
fn too_much_in_all_ends_the_reading() {
    let limits = Limits { total_bytes_max: 1000, ..Limits::default() };
    let problem = EntryProblem::TotalTooLarge { limit: 1000 };
    let (seen, result) = read_within(&zip_of(&[("a", &[0; 900]), ("b", &[0; 900]), ("c", b"")]), &limits);
    assert_eq!((seen.len(), seen[1].problem, result), (2, Some(problem), Err(problem)));
}

#[test]
fn too_many_entries_end_the_reading() {
    let limits = Limits { entries_max: 2, ..Limits::default() };
    let problem = EntryProblem::TooManyEntries { limit: 2 };
    for pack in [zip_of, tar_of] {
        let (seen, result) = read_within(&pack(&[("a", b"1"), ("b", b"2"), ("c", b"3"), ("d", b"4")]), &limits);
        assert_eq!(told(&seen), [("a", "1", None), ("b", "2", None), ("c", "", Some(problem))]);
        assert_eq!(result, Err(problem));
    }
}

#[test]
fn a_decoder_that_needs_too_much_memory_is_not_begun() {
    let limits = Limits { decoder_bytes_max: 64 << 10, ..Limits::default() };
    let log = log(20_000);
    let problem = Some(EntryProblem::NeedsMemory { limit: 64 << 10 });
    let mut lzma = ZipMaker::default();
    lzma.add(Member::new("a", &log, 14, b"\x09\x04\x05\x00\x5d\x00\x00\x00\x04".to_vec()));
    for bytes in [zstd(&log), xz(&log), lzma.finish()] {
        assert_eq!(read_within(&bytes, &limits).0[0].problem, problem);
    }
}

#[test]
fn a_nested_zip_that_is_too_large_to_copy_is_passed_over() {
    let limits = Limits { scratch_bytes_max: 100, ..Limits::default() };
    let inner = zip_of(&[("a", b"1")]);
    let (seen, result) = read_within(&tar_of(&[("i.zip", &inner), ("b", b"2")]), &limits);
    assert_eq!(told(&seen), [("i.zip", "", Some(EntryProblem::TooLarge { limit: 100 })), ("b", "2", None)]);
    assert_eq!(result, Ok(()));
}

#[test]
fn a_nested_zip_for_whose_copy_there_is_no_room_is_passed_over() {
    let limits = Limits { scratch_free_bytes_min: u64::MAX, ..Limits::default() };
    let inner = zip_of(&[("a", b"1")]);
    let (seen, result) = read_within(&tar_of(&[("i.zip", &inner), ("b", b"2")]), &limits);
    assert_eq!(told(&seen), [("i.zip", "", Some(EntryProblem::NoRoom { free_min: u64::MAX })), ("b", "2", None)]);
    assert_eq!(result, Ok(()));
}

#[test]
fn the_visitor_may_break_off_and_progress_is_told() {
    let bytes = zip_of(&[("a", &log(5000)), ("b", &log(5000))]);
    let (file, consumed) = (file(&bytes), AtomicU64::new(0));
    let scratch = std::env::temp_dir();
    let upload = Upload { file: &file, name: "upload", scratch: &scratch, consumed: &consumed };
    let mut visits = 0;
    walk(upload, &Limits::default(), &mut |_| {
        visits += 1;
        if visits == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    let half = consumed.load(Ordering::Relaxed);
    assert!(visits == 2 && half > 0 && half < bytes.len() as u64);
    walk(upload, &Limits::default(), &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(consumed.load(Ordering::Relaxed), bytes.len() as u64);
}
