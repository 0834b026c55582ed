use logseal::meta::{
    AnalysisStatus, Checkpoint, DueAnalysis, EntryStatus, JobEnd, JobEntry, JobId, JobStatus, JobStep, LineError,
    MetaError, NewJob, RecordMark,
};
use serde_json::json;
use uuid::Uuid;

use crate::harness::{Database, at, by, on_both};

fn id(number: u128) -> JobId {
    JobId(Uuid::from_u128(number))
}

fn new(number: u128) -> NewJob<'static> {
    NewJob {
        id: id(number),
        title: "auth logs",
        description: "of\0 edge7",
        source: "edge",
        format: "auto",
        multiline: "auto",
        zone: "Europe/Berlin",
        file_name: "auth.zip",
        file_size: 1000,
        file_type: "zip",
        sha256: [7; 32],
    }
}

fn entry(number: i64, status: EntryStatus, inserted: i64) -> JobEntry {
    JobEntry {
        number,
        path: format!("entry {number}"),
        status,
        format: Some("json".to_owned()),
        bytes: 10,
        lines: inserted,
        inserted,
        failed: 1,
        problem: (status == EntryStatus::Failed).then(|| "is cut".to_owned()),
        errors: vec![LineError { line: 3, text: "x".to_owned(), reason: "no object".to_owned() }],
    }
}

fn mark(record: u64) -> RecordMark {
    RecordMark { id: record, file: "entry 1".to_owned(), line: record * 2, part: 1 }
}

fn checkpoint(record: u64, entries: Vec<JobEntry>) -> Checkpoint {
    Checkpoint {
        bytes_read: record * 10,
        inserted: record,
        failed: 1,
        current_step: "reads entry 1".to_owned(),
        mark: mark(record),
        entries,
    }
}

async fn started(db: &Database, number: u128) {
    db.meta.create_job(&new(number), &by(), at(0)).await.unwrap();
    db.meta.start_job(id(number), at(1)).await.unwrap().unwrap();
}

on_both! {
    async fn a_job_goes_its_way_from_the_upload_to_its_end(db) {
        let job = db.meta.create_job(&new(1), &by(), at(0)).await.unwrap();
        assert_eq!((job.status, job.progress(), job.mark()), (JobStatus::Queued, 0, None));
        assert_eq!((job.description.as_str(), job.created_by.as_deref()), ("of\u{fffd} edge7", Some("root")));
        let job = db.meta.start_job(id(1), at(1)).await.unwrap().unwrap();
        assert_eq!((job.status, job.started_at), (JobStatus::Processing, Some(at(1))));
        let done = vec![entry(0, EntryStatus::Completed, 5), entry(1, EntryStatus::Processing, 2)];
        assert!(db.meta.checkpoint_job(id(1), &checkpoint(50, done)).await.unwrap());
        let job = db.meta.job(id(1)).await.unwrap();
        assert_eq!((job.progress(), job.inserted, job.failed, job.mark()), (50, 50, 1, Some(mark(50))));
        assert_eq!(job.current_step, "reads entry 1");
        assert_eq!(db.meta.finished_entries(id(1)).await.unwrap(), [(0, EntryStatus::Completed, 5, 1)]);
        let last = checkpoint(99, vec![entry(1, EntryStatus::Failed, 9)]);
        assert!(db.meta.finish_job(id(1), JobEnd::Completed { analysers: &[] }, &last, at(9)).await.unwrap());
        let ended = db.meta.job(id(1)).await.unwrap();
        assert_eq!((ended.status, ended.progress(), ended.completed_at), (JobStatus::Completed, 100, Some(at(9))));
        assert!(ended.version > job.version);
        let entries = db.meta.job_entries(id(1), 1, 10).await.unwrap();
        assert_eq!((entries.total, entries.list), (2, vec![entry(0, EntryStatus::Completed, 5), entry(1, EntryStatus::Failed, 9)]));
        assert_eq!(db.meta.job_entries(id(1), 2, 1).await.unwrap().list, [entry(1, EntryStatus::Failed, 9)]);
        assert_eq!(db.actions().await, ["job_created"]);
    }

    async fn jobs_are_listed_the_newest_first_by_status_and_page(db) {
        for number in 1..=3 {
            db.meta.create_job(&new(number), &by(), at(number as i64)).await.unwrap();
        }
        db.meta.cancel_job(id(2), &by(), at(9)).await.unwrap();
        let ids = |page: logseal::meta::JobPage| (page.total, page.list.iter().map(|job| job.id).collect::<Vec<_>>());
        assert_eq!(ids(db.meta.jobs(None, 1, 2).await.unwrap()), (3, vec![id(3), id(2)]));
        assert_eq!(ids(db.meta.jobs(None, 2, 2).await.unwrap()), (3, vec![id(1)]));
        assert_eq!(ids(db.meta.jobs(Some(JobStatus::Cancelled), 1, 9).await.unwrap()), (1, vec![id(2)]));
        let waiting = db.meta.unfinished_jobs().await.unwrap();
        assert_eq!(waiting.iter().map(|job| job.id).collect::<Vec<_>>(), [id(1), id(3)]);
        // Another daemon has none of these files.
        assert_eq!(db.other(4).await.unfinished_jobs().await.unwrap(), []);
    }

    async fn a_cancelled_job_keeps_its_place_and_goes_on_there(db) {
        started(&db, 1).await;
        let JobStep::Taken(job) = db.meta.cancel_job(id(1), &by(), at(5)).await.unwrap() else { panic!() };
        assert_eq!((job.status, job.has_ended()), (JobStatus::Cancelled, false));
        assert_eq!(db.meta.stopping_jobs().await.unwrap(), [id(1)]);
        // What was on its way becomes durable all the same.
        assert!(!db.meta.checkpoint_job(id(1), &checkpoint(20, vec![])).await.unwrap());
        assert_eq!(db.meta.job(id(1)).await.unwrap().completed_at, None);
        assert!(!db.meta.finish_job(id(1), JobEnd::Completed { analysers: &["av"] }, &checkpoint(21, vec![]), at(6)).await.unwrap());
        assert!(db.meta.start_job(id(1), at(7)).await.unwrap().is_none());
        let JobStep::Impossible(job) = db.meta.cancel_job(id(1), &by(), at(8)).await.unwrap() else { panic!() };
        assert_eq!((job.status, job.current_step.as_str(), job.mark()), (JobStatus::Cancelled, "cancelled", Some(mark(21))));
        assert_eq!((job.completed_at, db.meta.stopping_jobs().await.unwrap()), (Some(at(6)), vec![]));
        assert_eq!(db.meta.job_analyses(id(1)).await.unwrap(), []);
        let JobStep::Taken(job) = db.meta.retry_job(id(1), &by(), at(9)).await.unwrap() else { panic!() };
        assert_eq!((job.status, job.completed_at, job.mark()), (JobStatus::Queued, None, Some(mark(21))));
        assert_eq!(db.actions().await, ["job_created", "job_updated", "job_updated"]);
    }

    async fn an_entry_that_was_being_read_ends_as_its_job_does_and_goes_on_with_it(db) {
        let entries = || vec![entry(0, EntryStatus::Completed, 5), entry(1, EntryStatus::Processing, 2)];
        for number in 1..=2 {
            started(&db, number).await;
            db.meta.checkpoint_job(id(number), &checkpoint(7, entries())).await.unwrap();
        }
        db.meta.cancel_job(id(1), &by(), at(5)).await.unwrap();
        db.meta.finish_job(id(2), JobEnd::Failed("the disk"), &checkpoint(7, vec![]), at(5)).await.unwrap();
        for (number, ended) in [(1, EntryStatus::Cancelled), (2, EntryStatus::Failed)] {
            let shown = db.meta.job_entries(id(number), 1, 10).await.unwrap().list;
            assert_eq!(shown.iter().map(|e| e.status).collect::<Vec<_>>(), [EntryStatus::Completed, ended]);
            assert_eq!(db.meta.finished_entries(id(number)).await.unwrap().len(), 1, "a retry has to read it on");
            db.meta.retry_job(id(number), &by(), at(9)).await.unwrap();
            assert_eq!(db.meta.job_entries(id(number), 1, 10).await.unwrap().list, entries());
        }
    }

    async fn a_cancelled_job_ends_with_its_last_counts_once_it_is_left(db) {
        for number in 1..=3 {
            started(&db, number).await;
        }
        db.meta.create_job(&new(4), &by(), at(1)).await.unwrap();
        for number in 1..=4 {
            db.meta.cancel_job(id(number), &by(), at(5)).await.unwrap();
        }
        // Nothing of the last one was ever read.
        assert_eq!(db.meta.job(id(4)).await.unwrap().completed_at, Some(at(5)));
        // One is left by who reads it, one is found after a restart, and one is queued again before it was left.
        db.meta.leave_job(id(1), &checkpoint(20, vec![]), at(6)).await.unwrap();
        db.meta.end_cancelled_job(id(2), at(7)).await.unwrap();
        db.meta.retry_job(id(3), &by(), at(8)).await.unwrap();
        db.meta.leave_job(id(3), &checkpoint(21, vec![]), at(9)).await.unwrap();
        let mut ends = Vec::new();
        for number in 1..=3 {
            let job = db.meta.job(id(number)).await.unwrap();
            ends.push((job.completed_at, job.inserted));
        }
        assert_eq!(ends, [(Some(at(6)), 20), (Some(at(7)), 0), (None, 21)]);
        assert_eq!(db.meta.stopping_jobs().await.unwrap(), []);
        // Each end is there once, and is no other's.
        db.meta.end_cancelled_job(id(1), at(10)).await.unwrap();
        db.meta.end_cancelled_job(id(3), at(10)).await.unwrap();
        let ended = [db.meta.job(id(1)).await.unwrap().completed_at, db.meta.job(id(3)).await.unwrap().completed_at];
        assert_eq!(ended, [Some(at(6)), None]);
    }

    async fn a_mark_never_goes_back(db) {
        started(&db, 1).await;
        db.meta.raise_job_mark(id(1), &mark(30)).await.unwrap();
        db.meta.raise_job_mark(id(1), &mark(29)).await.unwrap();
        db.meta.checkpoint_job(id(1), &Checkpoint { mark: mark(10), ..Checkpoint::default() }).await.unwrap();
        assert_eq!(db.meta.job(id(1)).await.unwrap().mark(), Some(mark(30)));
        // Of a job that is gone, nothing is left to raise.
        db.meta.raise_job_mark(id(9), &mark(30)).await.unwrap();
    }

    async fn only_a_job_at_its_end_is_deleted_and_all_of_it(db) {
        started(&db, 1).await;
        let JobStep::Impossible(_) = db.meta.delete_job(id(1), &by(), at(2)).await.unwrap() else { panic!() };
        let failed = JobEnd::Failed("the disk is on fire");
        db.meta.finish_job(id(1), failed, &checkpoint(3, vec![entry(0, EntryStatus::Completed, 1)]), at(3)).await.unwrap();
        let job = db.meta.describe_job(id(1), Some("another"), None, &by(), at(4)).await.unwrap();
        assert_eq!((job.title.as_str(), job.error_message.as_deref()), ("another", Some("the disk is on fire")));
        let JobStep::Impossible(_) = db.meta.delete_job(id(1), &by(), at(5)).await.unwrap() else { panic!() };
        let JobStep::Taken(_) = db.meta.begin_job_deletion(id(1)).await.unwrap() else { panic!() };
        let JobStep::Taken(_) = db.meta.delete_job(id(1), &by(), at(5)).await.unwrap() else { panic!() };
        for error in [
            db.meta.job(id(1)).await.map(drop),
            db.meta.delete_job(id(1), &by(), at(6)).await.map(drop),
            db.meta.describe_job(id(1), None, Some(""), &by(), at(6)).await.map(drop),
            db.meta.cancel_job(id(1), &by(), at(6)).await.map(drop),
        ] {
            assert!(matches!(error, Err(MetaError::NotFound)), "{error:?}");
        }
        assert_eq!(db.raw.number("SELECT COUNT(*) FROM job_entries").await, 0);
        assert_eq!(db.actions().await, ["job_created", "job_updated", "job_deleted"]);
    }

    async fn of_a_deletion_and_a_retry_only_one_is_possible(db) {
        started(&db, 1).await;
        let JobStep::Taken(_) = db.meta.cancel_job(id(1), &by(), at(2)).await.unwrap() else { panic!() };
        // Its run has not said yet that it has stopped.
        let JobStep::Impossible(_) = db.meta.begin_job_deletion(id(1)).await.unwrap() else { panic!() };
        db.meta.leave_job(id(1), &Checkpoint::default(), at(3)).await.unwrap();
        let JobStep::Taken(_) = db.meta.retry_job(id(1), &by(), at(4)).await.unwrap() else { panic!() };
        let JobStep::Impossible(_) = db.meta.begin_job_deletion(id(1)).await.unwrap() else { panic!() };
        db.meta.cancel_job(id(1), &by(), at(5)).await.unwrap();
        db.meta.end_cancelled_job(id(1), at(6)).await.unwrap();
        let JobStep::Taken(job) = db.meta.begin_job_deletion(id(1)).await.unwrap() else { panic!() };
        assert!(job.is_being_deleted() && job.status == JobStatus::Cancelled, "{job:?}");
        let JobStep::Impossible(job) = db.meta.retry_job(id(1), &by(), at(7)).await.unwrap() else { panic!() };
        assert!(job.is_being_deleted(), "{job:?}");
        // One that was broken off is begun again.
        let JobStep::Taken(_) = db.meta.begin_job_deletion(id(1)).await.unwrap() else { panic!() };
        let JobStep::Taken(_) = db.meta.delete_job(id(1), &by(), at(8)).await.unwrap() else { panic!() };
    }

    async fn an_analyser_with_many_due_jobs_stands_before_no_other(db) {
        for number in 1..=4 {
            started(&db, number).await;
            let analysers: &[&str] = if number < 4 { &["av"] } else { &["av", "geo"] };
            let at_end = at(2 + number as i64);
            db.meta.finish_job(id(number), JobEnd::Completed { analysers }, &checkpoint(3, vec![]), at_end).await.unwrap();
        }
        let due = db.meta.due_analyses(at(9), 2).await.unwrap();
        let found: Vec<_> = due.iter().map(|due| (due.job_id, due.analyser.as_str())).collect();
        assert_eq!(found, [(id(1), "av"), (id(2), "av"), (id(4), "geo")]);
    }

    async fn analysers_are_due_until_they_are_settled(db) {
        started(&db, 1).await;
        let end = JobEnd::Completed { analysers: &["av", "geo"] };
        db.meta.finish_job(id(1), end, &checkpoint(3, vec![]), at(3)).await.unwrap();
        let due = |analyser: &str, status, attempts| DueAnalysis { job_id: id(1), analyser: analyser.to_owned(), status, attempts };
        let queued = [due("av", AnalysisStatus::Queued, 0), due("geo", AnalysisStatus::Queued, 0)];
        assert_eq!(db.meta.due_analyses(at(2), 9).await.unwrap(), []);
        let mut found = db.meta.due_analyses(at(3), 9).await.unwrap();
        found.sort_by(|a, b| a.analyser.cmp(&b.analyser));
        assert_eq!(found, queued);
        assert_eq!(db.other(4).await.due_analyses(at(3), 9).await.unwrap(), []);
        let version = db.meta.job(id(1)).await.unwrap().version;
        db.meta.move_analysis(&due("av", AnalysisStatus::Queued, 1), AnalysisStatus::Processing, None, Some(at(60)), at(4)).await.unwrap();
        db.meta.move_analysis(&due("geo", AnalysisStatus::Queued, 1), AnalysisStatus::Failed, Some("gone"), None, at(4)).await.unwrap();
        assert!(db.meta.job(id(1)).await.unwrap().version > version);
        assert_eq!(db.meta.due_analyses(at(60), 9).await.unwrap(), [due("av", AnalysisStatus::Processing, 1)]);
        db.meta.complete_analysis(id(1), "av", Ok(json!({"virus": "none\0"})), &by(), at(5)).await.unwrap();
        // Too late: it is settled.
        db.meta.move_analysis(&due("av", AnalysisStatus::Processing, 1), AnalysisStatus::Failed, Some("late"), None, at(60)).await.unwrap();
        let analyses = db.meta.job_analyses(id(1)).await.unwrap();
        assert_eq!(analyses.iter().map(|a| (a.analyser.as_str(), a.status)).collect::<Vec<_>>(),
            [("av", AnalysisStatus::Completed), ("geo", AnalysisStatus::Failed)]);
        assert_eq!(analyses[0].result, Some(json!({"virus": "none\u{fffd}"})));
        assert_eq!((analyses[1].result.as_ref(), analyses[1].error_message.as_deref()), (None, Some("gone")));
        db.meta.complete_analysis(id(1), "geo", Err("no map"), &by(), at(6)).await.unwrap();
        assert_eq!(db.meta.job_analyses(id(1)).await.unwrap()[1].error_message.as_deref(), Some("no map"));
        let stranger = db.meta.complete_analysis(id(1), "other", Ok(json!(1)), &by(), at(6)).await;
        assert!(matches!(stranger, Err(MetaError::NotFound)));
        assert_eq!(db.actions().await, ["job_created", "job_analysed", "job_analysed"]);
    }
}
