//! What a channel's configuration may be, and what of it is shown.

use serde_json::{Value, json};

use super::target::{ChannelConfig, Kind};

fn read(kind: Kind, value: &Value) -> Result<ChannelConfig, Vec<(String, String)>> {
    change(kind, value, None)
}

fn change(kind: Kind, value: &Value, stored: Option<&ChannelConfig>) -> Result<ChannelConfig, Vec<(String, String)>> {
    let faults = |faults: Vec<super::target::Fault>| faults.into_iter().map(|f| (f.field, f.problem)).collect();
    ChannelConfig::read(kind, value, stored).map_err(faults)
}

/// One of each kind, with every field.
fn full() -> [(Kind, Value); 7] {
    [
        (
            Kind::Webhook,
            json!({ "url": "https://h.example/x?y=1", "secret": "0123456789abcdef", "headers": { "X-Api-Key": "k1" } }),
        ),
        (Kind::Email, json!({ "to": ["a@example.net", "b@example.net"], "subject_prefix": "[ops]" })),
        (Kind::Slack, json!({ "url": "https://hooks.slack.com/services/T0/B0/s3cr3t" })),
        (Kind::Teams, json!({ "url": "https://prod.example/workflows/1?sig=s3cr3t" })),
        (
            Kind::Alertmanager,
            json!({ "url": "https://am.example/", "username": "u", "password": "pw", "bearer_token": null }),
        ),
        (
            Kind::Alertmanager,
            json!({ "url": "https://am.example/", "username": null, "password": null, "bearer_token": "tok" }),
        ),
        (Kind::Syslog, json!({ "host": "::1", "port": 1514, "transport": "tls", "facility": "auth" })),
    ]
}

#[test]
fn what_is_stored_is_read_again() {
    for (kind, value) in full() {
        let channel = read(kind, &value).unwrap();
        assert_eq!((channel.kind(), channel.stored()), (kind, value));
        assert_eq!(read(kind, &channel.stored()).unwrap(), channel);
        assert_eq!(Kind::from_name(kind.name()), Some(kind));
    }
    assert_eq!(Kind::from_name("pager"), None);
}

#[test]
fn what_is_left_out_has_its_usual_value() {
    for (kind, value, stored) in [
        (
            Kind::Webhook,
            json!({ "url": "http://h.example/" }),
            json!({ "url": "http://h.example/", "secret": null, "headers": {} }),
        ),
        (Kind::Email, json!({ "to": ["a@example.net"] }), json!({ "to": ["a@example.net"], "subject_prefix": "" })),
        (
            Kind::Alertmanager,
            json!({ "url": "http://am.example/" }),
            json!({ "url": "http://am.example/", "username": null, "password": null, "bearer_token": null }),
        ),
        (
            Kind::Syslog,
            json!({ "host": "logs.example" }),
            json!({ "host": "logs.example", "port": 514, "transport": "udp", "facility": "local0" }),
        ),
        (
            Kind::Syslog,
            json!({ "host": "logs.example", "transport": "tls" }),
            json!({ "host": "logs.example", "port": 6514, "transport": "tls", "facility": "local0" }),
        ),
    ] {
        assert_eq!(read(kind, &value).unwrap().stored(), stored);
    }
}

#[test]
fn no_secret_is_shown() {
    let shown: Vec<Value> = full().map(|(kind, value)| read(kind, &value).unwrap().masked()).into();
    assert_eq!(
        shown,
        [
            json!({ "url": "https://h.example/x?y=1", "secret": null, "headers": { "X-Api-Key": null }, "has_secret": true }),
            json!({ "to": ["a@example.net", "b@example.net"], "subject_prefix": "[ops]", "has_secret": false }),
            json!({ "url": null, "has_secret": true }),
            json!({ "url": null, "has_secret": true }),
            json!({ "url": "https://am.example/", "username": "u", "password": null, "bearer_token": null, "has_secret": true }),
            json!({ "url": "https://am.example/", "username": null, "password": null, "bearer_token": null, "has_secret": true }),
            json!({ "host": "::1", "port": 1514, "transport": "tls", "facility": "auth", "has_secret": false }),
        ]
    );
    for (kind, value) in full() {
        let debug = format!("{:?}", read(kind, &value).unwrap());
        for secret in ["0123456789abcdef", "k1", "s3cr3t", "pw", "tok\""] {
            assert!(!debug.contains(secret), "{debug}");
        }
    }
}

#[test]
fn what_is_shown_can_be_sent_back() {
    for (kind, value) in full() {
        let channel = read(kind, &value).unwrap();
        assert_eq!(change(kind, &channel.masked(), Some(&channel)).unwrap(), channel);
    }
}

#[test]
fn a_secret_stays_only_with_its_receiver() {
    let [(_, webhook), _, (_, slack), _, (_, basic), (_, bearer), _] = full();
    let stored = |kind, value: &Value| read(kind, value).unwrap();
    let again = |field: &str| {
        Err(vec![(field.to_owned(), "must be given again, because the receiver is another one".to_owned())])
    };
    let moved = json!({ "url": "https://evil.example/", "secret": null, "headers": { "X-Api-Key": null } });
    let hook = stored(Kind::Webhook, &webhook);
    assert_eq!(change(Kind::Webhook, &moved, Some(&hook)), again("headers.X-Api-Key"));
    assert_eq!(change(Kind::Webhook, &json!({ "url": "http://h.example/" }), Some(&hook)), again("headers"));
    let bare = json!({ "url": "https://evil.example/", "headers": {} });
    let kept = change(Kind::Webhook, &bare, Some(&hook)).unwrap();
    assert_eq!(kept.stored()["secret"], "0123456789abcdef", "it is never sent, only signed with");
    for (value, field) in [(&basic, "password"), (&bearer, "bearer_token")] {
        let mut moved = value.clone();
        moved["url"] = json!("https://evil.example/");
        moved[field] = Value::Null;
        assert_eq!(change(Kind::Alertmanager, &moved, Some(&stored(Kind::Alertmanager, value))), again(field));
    }
    let missing = Err(vec![("url".to_owned(), "is missing".to_owned())]);
    assert_eq!(change(Kind::Teams, &json!({ "url": null }), Some(&stored(Kind::Slack, &slack))), missing);
}

#[test]
fn a_secret_is_replaced_and_taken_away() {
    let [(_, webhook), _, _, _, (_, basic), ..] = full();
    let hook = read(Kind::Webhook, &webhook).unwrap();
    let without = json!({ "url": "https://h.example/", "secret": "", "headers": {} });
    let bare = change(Kind::Webhook, &without, Some(&hook)).unwrap();
    assert_eq!(bare.stored(), json!({ "url": "https://h.example/", "secret": null, "headers": {} }));
    let am = read(Kind::Alertmanager, &basic).unwrap();
    let token = json!({ "url": "https://am.example/", "bearer_token": "new" });
    assert_eq!(change(Kind::Alertmanager, &token, Some(&am)).unwrap().stored()["bearer_token"], "new");
    let none = json!({ "url": "https://am.example/", "password": "" });
    assert_eq!(change(Kind::Alertmanager, &none, Some(&am)).unwrap().stored()["username"], Value::Null);
}

#[test]
fn all_faults_are_told_at_once() {
    for (kind, value, expected) in [
        (Kind::Webhook, json!([]), vec!["config: must be an object"]),
        (Kind::Webhook, json!({}), vec!["url: is missing"]),
        (
            Kind::Webhook,
            json!({ "url": "ftp://h/", "secret": "short", "headers": { "Host": "x", "X y": "z", "X-Logseal-Event": "q", "X-A": "b\r\nc" }, "uri": 1 }),
            vec![
                "url: must begin with http:// or https://",
                "secret: must have 16 to 256 characters and no control characters",
                "headers.Host: is set by logseal itself",
                "headers.X y: is not a header's name",
                "headers.X-A: must be at most 4096 printable ASCII characters without spaces around",
                "headers.X-Logseal-Event: is set by logseal itself",
                "uri: is not known; there are url, secret, headers",
            ],
        ),
        (
            Kind::Webhook,
            json!({ "url": 1, "headers": ["a"] }),
            vec!["url: must be text", "headers: must be an object of names with texts"],
        ),
        (Kind::Webhook, json!({ "url": "http://h/", "headers": { "X-A": null } }), vec!["headers.X-A: is missing"]),
        (Kind::Email, json!({}), vec!["to: is missing"]),
        (Kind::Email, json!({ "to": [] }), vec!["to: must not be empty"]),
        (
            Kind::Email,
            json!({ "to": ["a@b.example", "marie", "a@b.example", "x@y\r\nBcc: z@y"], "subject_prefix": "a\r\nBcc: b" }),
            vec![
                "to[1]: is not a mail address",
                "to[2]: is there twice",
                "to[3]: is not a mail address",
                "subject_prefix: must have no control characters",
            ],
        ),
        (Kind::Slack, json!({ "url": "hooks.slack.com" }), vec!["url: must begin with http:// or https://"]),
        (
            Kind::Teams,
            json!({ "url": null, "title": "x" }),
            vec!["url: is missing", "title: is not known; there are url"],
        ),
        (
            Kind::Alertmanager,
            json!({ "url": "http://am/?x", "username": "u" }),
            vec![
                "url: must have no query: it is what stands before /api/v2/alerts",
                "password: is given with username",
            ],
        ),
        (
            Kind::Alertmanager,
            json!({ "url": "http://am/", "username": "u:v", "password": "p" }),
            vec!["username: must be text without a colon and control characters"],
        ),
        (
            Kind::Alertmanager,
            json!({ "url": "http://am/", "username": "u", "password": "p", "bearer_token": "t" }),
            vec!["bearer_token: is given instead of username and password, not beside them"],
        ),
        (
            Kind::Syslog,
            json!({ "host": "a b", "port": 0, "transport": "relp", "facility": "local9" }),
            vec![
                "host: is not a host's name or address",
                "transport: must be udp, tcp or tls",
                "port: must be a number from 1 to 65535",
                "facility: must be one of kern, user, mail, daemon, auth, syslog, lpr, news, uucp, cron, authpriv, ftp, ntp, audit, alert, clock, local0, local1, local2, local3, local4, local5, local6, local7",
            ],
        ),
    ] {
        let faults = read(kind, &value).unwrap_err();
        let mut told: Vec<String> = faults.iter().map(|(field, problem)| format!("{field}: {problem}")).collect();
        let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        told.sort();
        expected.sort();
        assert_eq!(told, expected, "{value}");
    }
}
