//! Records in over HTTP and out again: pages, cursors, one record, its neighbours, counts.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::app::App;

/// Sends `count` records of source `web`, a second apart, and waits until they are searchable.
fn fill(app: &App, count: u64) {
    let levels = ["INFO", "WARN", "ERROR"];
    let lines: Vec<String> = (0..count)
        .map(|i| {
            let record = json!({
                "source": "web",
                "level": levels[i as usize % 3],
                "timestamp": format!("2026-11-20T{:02}:{:02}:{:02}.5Z", 10 + i / 3600, i / 60 % 60, i % 60),
                "message": format!("request {i} failed"),
                "host": format!("h{}", i % 4),
                "user_name": if i % 2 == 0 { "alice" } else { "bob" },
                "ip": format!("10.0.{}.1", i % 3),
                "attributes": {"status": 500 + i % 2},
            });
            record.to_string()
        })
        .collect();
    let url = app.url("/api/v1/logs/bulk?wait=searchable");
    let answer: Value = app.http().post(url).body(lines.join("\n")).send().unwrap().json().unwrap();
    assert_eq!((&answer["inserted"], &answer["unparsed"]), (&count.into(), &0.into()), "{answer}");
}

fn ids(list: &Value) -> Vec<u64> {
    list["list"].as_array().unwrap().iter().map(|record| record["id"].as_u64().unwrap()).collect()
}

#[test]
fn a_posted_record_comes_back_with_every_field() {
    let app = App::start();
    let record = json!({
        "source": "WEB_APP", "level": "error", "timestamp": "2026-11-20T12:20:30.123456+02:00", "message": "=1+1 \u{1f600}",
        "ip": "2001:db8::1", "user_name": "alice", "host": "h1", "app": "shop", "raw_data": "<11>original\ttext",
        "attributes": {"http": {"status": 502, "ok": false}, "tags": ["a", "b"]},
    });
    let (status, answer) = app.post("/api/v1/logs?wait=searchable", &record);
    assert_eq!((status, &answer), (201, &json!({"id": 1, "searchable": true})));
    let found = app.get("/api/v1/logs/1");
    let expected = json!({
        "id": 1, "timestamp": "2026-11-20T10:20:30.123456Z", "received_at": found["received_at"], "level": "ERROR",
        "source": "WEB_APP", "host": "h1", "app": "shop", "proc_id": null, "msg_id": null, "ip": "2001:db8::1",
        "user_name": "alice", "message": "=1+1 \u{1f600}", "raw_data": "<11>original\ttext",
        "attributes": {"http.status": "502", "http.ok": "false", "tags": r#"["a","b"]"#},
        "severity": null, "facility": null, "format": "json", "parse_error": null, "origin": "token:cli", "cluster": null,
        "links": {"self": "/api/v1/logs/1", "context": "/api/v1/logs/1/context?before=20&after=20"},
    });
    assert_eq!(found, expected);
}

#[test]
fn the_json_text_of_a_record_is_its_original() {
    let app = App::start();
    let first = r#"{ "source":"A", "level":"INFO","timestamp":"2026-11-20T10:20:30Z",   "message":"escaped \u0041" }"#;
    let second = first.replace("escaped", "other");
    let body = format!("[\n{first},\n{second}\n]");
    let request = app.http().post(app.url("/api/v1/logs?wait=searchable")).header("content-type", "application/json");
    assert_eq!(request.body(body).send().unwrap().status(), 201);
    assert_eq!(app.get("/api/v1/logs/1")["raw_data"], first);
    assert_eq!(app.get("/api/v1/logs/2")["raw_data"], second.as_str());
    assert_eq!(app.get("/api/v1/logs/1")["message"], "escaped A");
}

#[test]
fn cursors_and_pages_give_every_record_once() {
    let app = App::start();
    fill(&app, 250);
    for order in ["asc", "desc"] {
        let (mut seen, mut path) = (Vec::new(), format!("/api/v1/logs?size=40&order={order}"));
        loop {
            let list = app.get(&path);
            assert_eq!(list["total"], 250);
            seen.extend(ids(&list));
            let Some(cursor) = list["next_cursor"].as_str() else { break };
            path = format!("/api/v1/logs?size=40&order={order}&cursor={cursor}");
        }
        let mut expected: Vec<u64> = (1..=250).collect();
        if order == "desc" {
            expected.reverse();
        }
        assert_eq!(seen, expected, "{order}");
    }
    let pages: Vec<u64> =
        (1..=7).flat_map(|page| ids(&app.get(&format!("/api/v1/logs?pageSize=40&page={page}")))).collect();
    assert_eq!(pages.len(), 250);
    assert_eq!(pages.iter().collect::<HashSet<_>>().len(), 250);
}

/// Matches that stand close together in a long span of time, so that the first slice of time that is read holds too few or all.
#[test]
fn pages_are_whole_whatever_slice_of_time_they_are_found_in() {
    let app = App::start();
    let record = |time: String, n: u64| json!({"source": "web", "level": "INFO", "timestamp": time, "message": format!("needle {n}")});
    // Three a minute from the past, a burst in one second, and one from a clock that is ahead.
    let mut lines: Vec<_> = (0..1500)
        .map(|i| record(format!("2026-11-{:02}T{:02}:{:02}:07Z", 2 + i / 900, i / 60 % 24, i % 60), i))
        .collect();
    lines.extend((1500..2400).map(|i| record(format!("2026-11-10T00:00:00.{i:06}Z"), i)));
    lines.push(record("2099-01-01T00:00:00Z".to_owned(), 2400));
    let body = lines.iter().map(|line| line.to_string()).collect::<Vec<_>>().join("\n");
    let answer = app.http().post(app.url("/api/v1/logs/bulk?wait=searchable")).body(body).send().unwrap();
    assert_eq!(answer.status(), 201);
    for (order, filter) in
        [("desc", "q=needle"), ("asc", "q=needle"), ("desc", "source=web&start_time=2026-11-01&end_time=2026-11-20")]
    {
        let all = ids(&app.get(&format!("/api/v1/logs?size=1000&order={order}&{filter}")));
        for total in ["true", "false"] {
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            while seen.len() <= 300 {
                let list = app.get(&format!("/api/v1/logs?size=9&order={order}&{filter}&total={total}{cursor}"));
                assert_eq!(list["total"].is_null(), total == "false");
                seen.extend(ids(&list));
                let Some(next) = list["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(seen[..], all[..seen.len()], "{order} {filter}");
            assert!(seen.len() > 300);
        }
    }
    assert_eq!(app.get("/api/v1/logs?size=1")["list"][0]["id"], 2401);
}

#[test]
fn a_list_is_counted_or_not_or_only_counted() {
    let app = App::start();
    fill(&app, 30);
    let list = |total: &str| app.get(&format!("/api/v1/logs?size=20&user_name=alice&total={total}"));
    let (both, page, number) = (list("true"), list("false"), list("only"));
    assert_eq!((&both["total"], ids(&both).len()), (&json!(15), 15));
    assert_eq!(page, json!({"total": null, "list": both["list"], "page": 1, "size": 20, "next_cursor": null}));
    assert_eq!(number, json!({"total": 15, "list": [], "page": 1, "size": 20, "next_cursor": null}));
    let few = app.get("/api/v1/logs?size=4&total=false");
    assert_eq!((ids(&few).len(), few["next_cursor"].is_string()), (4, true));
    let refused = app.http().get(app.url("/api/v1/logs?total=maybe")).send().unwrap();
    assert_eq!(refused.status(), 422);
    assert_eq!(refused.json::<Value>().unwrap()["detail"], "total must be true or false or only");
}

#[test]
fn filters_select_the_same_records_for_lists_and_counts() {
    let app = App::start();
    fill(&app, 120);
    for (filter, expected) in [
        ("levels=ERROR,WARN", 80),
        ("source=web", 120),
        ("source=other", 0),
        ("host=h1,h2", 60),
        ("user_name=alice", 60),
        ("ip=10.0.1.0/24", 40),
        ("keyword=REQUEST%2011", 11),
        ("q=attributes.status:>=501", 60),
        ("q=level:error%20-user:alice", 20),
        ("start_time=2026-11-20T10:01:00Z&end_time=2026-11-20T10:01:30Z", 30),
        ("start_time=2026-11-20T12:01:00%2B02:00", 60),
    ] {
        assert_eq!(app.count(filter), expected, "{filter}");
        let by_level = app.get(&format!("/api/v1/stats/logs-by-level?{filter}"));
        assert_eq!(
            by_level.as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum::<u64>(),
            expected,
            "{filter}"
        );
        let by_time = app.get(&format!("/api/v1/stats/logs-by-time?{filter}&bucket=minute&by=level"));
        let columns = by_time.as_array().unwrap();
        assert_eq!(columns.iter().map(|c| c["count"].as_u64().unwrap()).sum::<u64>(), expected, "{filter}");
    }
}

/// The store keeps counts of each minute; a filter that names a host is counted from the records.
#[test]
fn counts_that_are_kept_equal_those_of_the_records() {
    let app = App::start();
    let levels = ["FATAL", "ERROR", "WARN", "INFO", "DEBUG", "UNKNOWN"];
    let line = |time: &str, i: usize| {
        let (source, level) = (["web", "db", "WEB"][i % 3], levels[i % levels.len()]);
        json!({"source": source, "level": level, "timestamp": time, "message": "m", "host": "h"}).to_string()
    };
    // Around the ends of minutes, before 1970, where minutes are counted from, and far ahead.
    let times = [
        "1900-01-01T00:00:00Z",
        "1900-01-01T00:00:59.999999Z",
        "1969-12-31T23:59:59.999999Z",
        "1970-01-01T00:00:00Z",
        "2026-11-20T10:00:00Z",
        "2026-11-20T10:00:00.000001Z",
        "2026-11-20T10:00:59.999999Z",
        "2026-11-20T10:01:00Z",
        "2026-11-20T10:01:30.5Z",
        "2026-11-20T10:02:00Z",
        "2026-11-20T10:04:59.999999Z",
        "2026-11-20T10:05:00Z",
        "2199-12-31T23:59:59.999999Z",
    ];
    // Seven of each, each time with other sources and levels; in two requests, so that there are two parts.
    for round in [0..4, 4..7] {
        let lines = round.flat_map(|n| times.iter().enumerate().map(move |(i, time)| line(time, 5 * n + i)));
        let body = lines.collect::<Vec<_>>().join("\n");
        let answer = app.http().post(app.url("/api/v1/logs/bulk?wait=searchable")).body(body).send().unwrap();
        assert_eq!(answer.status(), 201);
    }
    let filters = [
        "",
        "&levels=ERROR,WARN",
        "&source=web",
        "&q=source:w*%20-level:info",
        "&q=NOT%20level:%3E=warn",
        "&source=other",
    ];
    let until_each = |at: usize| times[at..].iter().map(move |end| format!("start_time={}&end_time={end}", times[at]));
    let spans = (0..times.len()).flat_map(until_each);
    let open = times.iter().flat_map(|time| [format!("start_time={time}"), format!("end_time={time}")]);
    let sum = |counts: &Value| counts.as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum::<u64>();
    let mut records = 0;
    for (i, span) in spans.chain(open).chain([String::new()]).enumerate() {
        let filter = format!("{span}{}", filters[i % filters.len()]);
        let kept = app.get(&format!("/api/v1/stats/logs-by-level?{filter}"));
        let counted = app.get(&format!("/api/v1/stats/logs-by-level?{filter}&host=h"));
        assert_eq!(kept, counted, "{filter}");
        assert_eq!(app.count(&filter), sum(&kept), "{filter}");
        records += sum(&kept);
        if i % 3 == 0 {
            let sources = |more| app.get(&format!("/api/v1/stats/top?field=source&{filter}{more}"));
            assert_eq!(sources(""), sources("&host=h"), "{filter}");
        }
        if span.contains("start_time=2026") && span.contains("end_time=2026") {
            let columns = |more| app.get(&format!("/api/v1/stats/logs-by-time?bucket=minute&by=level&{filter}{more}"));
            assert_eq!(columns(""), columns("&host=h"), "{filter}");
        }
    }
    assert!(records > 1000, "{records}");
    assert_eq!(app.count(""), 7 * times.len() as u64);
    // From the first record, and to the last.
    for open in ["bucket=minute&end_time=1900-01-01T00:02:00Z", "bucket=day&start_time=2199-01-01"] {
        let columns = |more| app.get(&format!("/api/v1/stats/logs-by-time?{open}{more}"));
        assert_eq!(columns(""), columns("&host=h"), "{open}");
        assert_ne!(columns(""), json!([]), "{open}");
    }
}

#[test]
fn empty_buckets_are_listed() {
    let app = App::start();
    fill(&app, 61);
    let columns = app
        .get("/api/v1/stats/logs-by-time?bucket=minute&start_time=2026-11-20T09:58:30Z&end_time=2026-11-20T10:03:00Z");
    let expected = json!([
        {"bucket": "2026-11-20T09:58", "count": 0}, {"bucket": "2026-11-20T09:59", "count": 0},
        {"bucket": "2026-11-20T10:00", "count": 60}, {"bucket": "2026-11-20T10:01", "count": 1},
        {"bucket": "2026-11-20T10:02", "count": 0},
    ]);
    assert_eq!(columns, expected);
}

#[test]
fn values_and_templates_are_counted() {
    let app = App::start();
    fill(&app, 90);
    let top = app.get("/api/v1/stats/top?field=ip&limit=2");
    assert_eq!(top, json!([{"value": "10.0.0.1", "count": 30}, {"value": "10.0.1.1", "count": 30}]));
    let facet = app.get("/api/v1/logs/facets?field=attributes.status&host=h0");
    assert_eq!(facet["field"], "attributes.status");
    assert_eq!(facet["values"], json!([{"value": "500", "count": 23}]));
    assert_eq!(app.get("/api/v1/stats/patterns"), json!([{"pattern": "request <n> failed", "count": 90}]));
}

#[test]
fn context_is_the_neighbours_of_the_same_host_and_app() {
    let app = App::start();
    fill(&app, 40);
    let context = app.get("/api/v1/logs/21/context?before=2&after=3");
    let side =
        |name: &str| context[name].as_array().unwrap().iter().map(|r| r["id"].as_u64().unwrap()).collect::<Vec<_>>();
    assert_eq!((side("before"), side("after")), (vec![13, 17], vec![25, 29, 33]));
    assert_eq!(context["record"]["id"], 21);
    let missing = app.http().get(app.url("/api/v1/logs/9000")).send().unwrap();
    assert_eq!(missing.status(), 404);
}
