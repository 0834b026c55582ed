//! The inventory of what sends, from the real engine.

use serde_json::{Value, json};

use crate::app::App;
use crate::people::{ADMIN_PASSWORD, sign_in, start};

/// Each line with its source and host; every fourth one of `web` is not understood.
fn fill(app: &App) {
    let line = |host: &str, n: u32| {
        json!({"timestamp": "2020-01-01T00:00:00Z", "host": host, "message": format!("m{n}")}).to_string()
    };
    for (source, host, count) in [("web", "h1", 8), ("web", "h2", 3), ("db", "", 5)] {
        let mut lines: Vec<String> = (0..count).map(|n| line(host, n)).collect();
        if host == "h2" {
            lines.push("not json".to_owned());
        }
        let url = app.url(&format!("/api/v1/logs/bulk?wait=searchable&source={source}"));
        let answer = app.http().post(url).body(lines.join("\n")).send().unwrap();
        assert_eq!(answer.status(), 201, "{}", answer.text().unwrap());
    }
}

/// Source, host and number of records of each line.
fn rows(answer: &Value) -> Vec<(&str, Option<&str>, u64)> {
    let list = answer["list"].as_array().unwrap().iter();
    list.map(|row| (row["source"].as_str().unwrap(), row["host"].as_str(), row["records"].as_u64().unwrap())).collect()
}

#[test]
fn each_source_and_host_is_listed_with_how_much_it_sent_and_when() {
    let app = start("");
    fill(&app);
    let admin = sign_in(&app, "admin", ADMIN_PASSWORD);
    let get = |query: &str| {
        let response = admin.get(app.url(&format!("/api/v1/admin/sources?{query}"))).send().unwrap();
        let status = response.status();
        let answer: Value = serde_json::from_str(&response.text().unwrap()).unwrap();
        assert_eq!(status, 200, "{query}: {answer}");
        answer
    };
    // The line that is not understood names no host.
    let all = [("db", None, 5), ("web", None, 1), ("web", Some("h1"), 8), ("web", Some("h2"), 3)];
    let only = "source=web,db&bytes=true";
    let answer = get(only);
    assert_eq!((rows(&answer), &answer["total"]), (all.to_vec(), &json!(4)));
    let h1 = &answer["list"][2];
    let per_line = json!({"timestamp": "2020-01-01T00:00:00Z", "host": "h1", "message": "m0"}).to_string().len() as u64;
    assert_eq!((&h1["bytes"], &h1["records_last_hour"]), (&json!(8 * per_line), &json!(8)));
    assert_eq!((&h1["unparsed"], &answer["list"][1]["unparsed_share"]), (&json!(0), &json!(1.0)));
    let times = ["first_seen", "last_seen"]
        .map(|name| h1[name].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap());
    let age = chrono::Utc::now() - times[1];
    assert!(times[0] <= times[1] && age.num_minutes() < 5, "arrival, not what the record says: {h1}");
    assert!(h1["silent_for_seconds"].as_u64().unwrap() < 300, "{h1}");

    for (query, expected) in [
        ("host=h1,h2", vec![all[2], all[3]]),
        ("source=db", vec![all[0]]),
        ("source=web,db&sort=bytes&order=desc&size=1", vec![all[2]]),
        ("source=web,db&sort=records&order=desc&size=2", vec![all[2], all[0]]),
        ("source=web,db&sort=records&order=desc&size=2&page=2", vec![all[3], all[1]]),
        ("source=web,db&sort=last_seen&size=1", vec![all[2]]),
        ("source=web,db&silent_for_min=3600", vec![]),
        ("source=web,db&silent_for_min=0", all.to_vec()),
        ("source=web,db&end_time=now-1h", vec![]),
        ("source=web,db&start_time=now-1h", all.to_vec()),
    ] {
        assert_eq!(rows(&get(query)), expected, "{query}");
    }
    assert_eq!(get("source=db")["list"][0]["bytes"], Value::Null, "they are dear, so they are asked for");
    let behind = get(&format!("{only}&page=9"));
    assert_eq!((rows(&behind), &behind["total"]), (vec![], &json!(4)), "the total is told behind the last page, too");
    let log = get_operations(&app, &admin);
    let entries = log["list"].as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["detail"]["path"] == "/api/v1/admin/sources"), "{log}");
}

fn get_operations(app: &App, who: &reqwest::blocking::Client) -> Value {
    let url = app.url("/api/v1/operation-logs?action=logs_searched&size=1000");
    serde_json::from_str(&who.get(url).send().unwrap().text().unwrap()).unwrap()
}
