//! The shipped rules on lines that are parsed as the daemon parses them.

use logseal_parsers::{Context, Format, Zone};

use super::*;
use crate::rules::shipped;

/// The rules with nothing to learn before they tell of new values.
fn shipped() -> Evaluator {
    let rules = shipped::rules().unwrap().into_iter().map(|spec| {
        let learn_seconds = spec.learn_seconds.map(|_| 0);
        Rule::new(&RuleSpec { learn_seconds, ..spec }, &values()).unwrap()
    });
    Evaluator::new(rules.collect(), Limits::default(), Clock::Received)
}

/// A line that arrives so many seconds after the start, as the record that it becomes; it counts when it arrives.
pub(super) fn parsed(id: u64, seconds: i64, line: &str) -> LogRow<'static> {
    let received_at = (START + seconds) * SECOND;
    let cx = Context { received_at, zone: Zone::UTC };
    let event = logseal_parsers::format::parse(Format::Auto, line.as_bytes(), &cx);
    let host = if event.host.is_empty() { "peer" } else { &event.host };
    let row = LogRow {
        id,
        timestamp: received_at,
        received_at,
        level: event.level,
        severity: event.severity,
        facility: event.facility,
        source: "SOURCE".into(),
        host: host.into(),
        app: (&*event.app).into(),
        proc_id: (&*event.proc_id).into(),
        msg_id: (&*event.msg_id).into(),
        user_name: (&*event.user_name).into(),
        format: event.format.into(),
        parse_error: event.parse_error.as_deref().unwrap_or_default().into(),
        origin: "syslog".into(),
        cluster: "".into(),
        ip: event.ip,
        message: event.message.to_vec().into(),
        raw: line.as_bytes().to_vec().into(),
        attributes: event.attributes.iter().map(|(name, value)| (name.into(), value.into())).collect(),
    };
    row.into_owned()
}

/// The codes of the rules that raise an alert on these lines, a second apart, each once.
fn raised(lines: &[String]) -> Vec<String> {
    let mut evaluator = shipped();
    for (at, line) in lines.iter().enumerate() {
        evaluator.observe(&parsed(at as u64 + 1, at as i64, line));
    }
    let effects = evaluator.take_effects();
    let mut codes: Vec<String> =
        effects.iter().filter(|e| matches!(e, Effect::Raised(_))).map(|e| e.rule().to_owned()).collect();
    codes.sort();
    codes.dedup();
    codes
}

fn windows(id: u32, provider: &str, data: &str) -> String {
    format!(
        "<Event xmlns=\"http://schemas.microsoft.com/win/2004/08/events/event\"><System><Provider Name=\"{provider}\"/>\
         <EventID>{id}</EventID><Level>0</Level><TimeCreated SystemTime=\"2027-01-15T08:00:00.000Z\"/><Channel>Security</Channel>\
         <Computer>DC1</Computer></System><EventData>{data}</EventData></Event>"
    )
}

const SECURITY: &str = "Microsoft-Windows-Security-Auditing";
const TARGET: &str = "<Data Name=\"TargetUserName\">bob</Data><Data Name=\"IpAddress\">192.0.2.9</Data>";

#[test]
fn every_shipped_rule_is_sound_and_known_by_its_own_code() {
    let rules = shipped::rules().unwrap();
    assert!(rules.len() >= 20);
    let mut codes: Vec<&str> = rules.iter().map(|spec| spec.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), rules.len());
    for spec in &rules {
        assert!(!spec.description.is_empty() && spec.message.is_some(), "{}", spec.code);
        assert_eq!(RuleSpec::from_json(&spec.to_json()).as_ref(), Ok(spec));
    }
    let asleep: Vec<&str> = rules.iter().filter(|spec| !spec.enabled).map(|spec| spec.code.as_str()).collect();
    assert_eq!(asleep, ["source-silent", "volume-fall", "volume-rise"]);
}

#[test]
fn failed_logins_of_all_kinds_are_counted() {
    let login = ["login-failures-address", "login-failures-user"];
    let check = |line: String| assert_eq!(raised(&vec![line.clone(); 10]), login, "{line}");
    let syslog = |text: &str| format!("<38>Jan 15 08:00:01 web1 {text}");
    check(syslog("sshd[812]: Failed password for root from 192.0.2.10 port 4022 ssh2"));
    check(syslog("sshd[812]: Failed password for invalid user admin from 192.0.2.10 port 4022 ssh2"));
    check(syslog(
        "dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<bob>, method=PLAIN, rip=192.0.2.44, lip=192.0.2.1",
    ));
    check("type=USER_LOGIN msg=audit(1800000000.123:42): pid=7 uid=0 auid=4294967295 ses=4294967295 msg='op=login acct=\"bob\" exe=\"/usr/sbin/sshd\" hostname=? addr=192.0.2.7 terminal=ssh res=failed'".to_owned());
    check(windows(4625, SECURITY, TARGET));
    check("2027-01-15 08:00:00 ERROR Login failed for user bob@example.com from 192.0.2.7".to_owned());
    check(r#"{"level":"error","msg":"login failed","user":"bob","ip":"192.0.2.8"}"#.to_owned());
    check(r#"192.0.2.20 - bob [15/Jan/2027:08:00:00 +0000] "POST /login HTTP/1.1" 401 153 "-" "curl/8""#.to_owned());
    check(r#"2027/01/15 08:00:00 [error] 7#7: *1 user "bob": password mismatch, client: 192.0.2.30, server: x, request: "GET / HTTP/1.1", host: "x""#.to_owned());
}

#[test]
fn an_attempt_counts_once_and_nine_are_too_few() {
    let failed =
        "<38>Jan 15 08:00:01 web1 sshd[8]: Failed password for invalid user bob from 192.0.2.10 port 4022 ssh2"
            .to_owned();
    assert!(raised(&vec![failed.clone(); 9]).is_empty());
    let beside = [
        "sshd[8]: Invalid user bob from 192.0.2.10 port 4022",
        "sshd[8]: pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.10  user=bob",
        "sshd[8]: Connection closed by invalid user bob 192.0.2.10 port 4022 [preauth]",
    ];
    let mut lines = vec![failed; 9];
    lines.extend(beside.iter().map(|text| format!("<38>Jan 15 08:00:01 web1 {text}")));
    assert!(raised(&lines).is_empty());
    assert!(
        raised(&vec!["<12>Jan 15 08:00:01 web1 backup[3]: job 3 failed: authentication error".to_owned(); 20])
            .is_empty()
    );
}

#[test]
fn guessing_is_told_by_its_speed_its_names_and_its_success() {
    let ssh = |text: String| format!("<38>Jan 15 08:00:01 web1 sshd[8]: {text} from 192.0.2.10 port 4022 ssh2");
    let mut lines = vec![ssh("Failed password for root".to_owned()); 5];
    lines.push(ssh("Accepted password for root".to_owned()));
    assert_eq!(raised(&lines), ["login-success-after-failures", "ssh-new-user"]);
    assert_eq!(raised(&lines[1..]), ["ssh-new-user"]);
    let users: Vec<String> = (0..10).map(|n| ssh(format!("Failed password for user{n}"))).collect();
    assert_eq!(raised(&users), ["login-failures-address", "login-many-users"]);
    let fast = vec![ssh("Failed password for root".to_owned()); 20];
    assert_eq!(raised(&fast), ["login-failures-address", "login-failures-user", "ssh-brute-force"]);
}

#[test]
fn changes_of_accounts_and_of_logs_are_told() {
    let check = |line: String, codes: &[&str]| assert_eq!(raised(std::slice::from_ref(&line)), codes, "{line}");
    let syslog = |text: &str| format!("<86>Jan 15 08:00:01 web1 {text}");
    let sudo =
        |command: &str| syslog(&format!("sudo:     bob : TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND={command}"));
    for text in [
        "useradd[55]: new user: name=eve, UID=1002, GID=1002, home=/home/eve, shell=/bin/bash, from=/dev/pts/0",
        "userdel[55]: delete user 'eve'",
        "passwd[55]: pam_unix(passwd:chauthtok): password changed for eve",
        "groupadd[55]: new group: name=ops, GID=1003",
        "usermod[55]: add 'eve' to group 'ops'",
    ] {
        check(syslog(text), &["account-changed"]);
    }
    check(windows(4720, SECURITY, TARGET), &["account-changed"]);
    check("type=ADD_USER msg=audit(1800000000.123:45): pid=9 uid=0 auid=1000 ses=1 msg='op=adding user id=1002 exe=\"/usr/sbin/useradd\" hostname=web1 addr=? terminal=pts/0 res=success'".to_owned(), &["account-changed"]);
    check(syslog("usermod[55]: add 'eve' to group 'sudo'"), &["account-changed", "admin-group-joined"]);
    check(windows(4732, SECURITY, TARGET), &["admin-group-joined"]);
    check(windows(1102, "Microsoft-Windows-Eventlog", ""), &["windows-log-cleared"]);
    check(
        "type=DAEMON_END msg=audit(1800000000.123:42): op=terminate auid=0 pid=1 subj=unconfined res=success"
            .to_owned(),
        &["audit-stopped"],
    );
    check(
        "type=CONFIG_CHANGE msg=audit(1800000000.123:44): audit_enabled=0 old=1 auid=0 ses=1 res=1".to_owned(),
        &["audit-stopped"],
    );
    check(syslog("auditd[500]: The audit daemon is exiting."), &["audit-stopped"]);
    check(syslog("systemd[1]: Stopped Security Auditing Service."), &["audit-stopped"]);
    check(syslog("systemd[1]: Stopped rsyslog.service - System Logging Service."), &["log-daemon-stopped"]);
    check(sudo("/usr/bin/apt update"), &["sudo-new-user"]);
    check(sudo("/usr/bin/rm -rf /var/log/journal"), &["logs-removed", "sudo-new-user"]);
    check(sudo("/usr/bin/journalctl --vacuum-time=1s"), &["logs-removed", "sudo-new-user"]);
    check(sudo("/usr/bin/cat /var/log/syslog"), &["sudo-new-user"]);
    let wrong = syslog(
        "sudo:     bob : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/home/bob ; USER=root ; COMMAND=/bin/bash",
    );
    assert!(raised(&[wrong.clone(), wrong]).contains(&"sudo-failures".to_owned()));
}

#[test]
fn web_servers_and_sources_are_watched() {
    let request = |n: usize, status: u16| {
        format!("192.0.2.20 - - [15/Jan/2027:08:00:00 +0000] \"GET /page{n} HTTP/1.1\" {status} 153 \"-\" \"curl/8\"")
    };
    let scan = |count| (0..count).map(|n| request(n, 404)).collect::<Vec<_>>();
    assert!(raised(&scan(29)).is_empty());
    assert_eq!(raised(&scan(30)), ["web-scan"]);
    assert!(raised(&vec![request(1, 404); 100]).is_empty());
    let mixed =
        |failing: usize| (0..60).map(|n| request(1, if n % 10 < failing { 503 } else { 200 })).collect::<Vec<_>>();
    assert_eq!(raised(&mixed(2)), ["web-errors"]);
    assert!(raised(&mixed(1)).is_empty());
    assert_eq!(raised(&vec!["<999>broken".to_owned(); 100]), ["unparsed-share"]);
    assert!(raised(&vec!["<13>Jan 15 08:00:01 web1 app: fine".to_owned(); 200]).is_empty());
    assert_eq!(raised(&vec!["2027-01-15 08:00:00 FATAL out of memory".to_owned(); 3]), ["fatal-records"]);
    let mut evaluator = shipped();
    for id in 1..=100 {
        evaluator.observe(&parsed(id, 0, "2027-01-15 08:00:00 ERROR no connection"));
    }
    assert_eq!(told(&evaluator.take_effects()), ["raised source=SOURCE x100 @0"]);
}

#[test]
fn a_wrong_clock_is_told_but_not_of_uploads_and_imports() {
    let skewed = |origin: &'static str, ahead: i64| {
        let mut evaluator = shipped();
        for id in 1..=10 {
            let row = parsed(id, id as i64, "<13>Jan 15 08:00:01 web1 app: fine");
            evaluator.observe(&LogRow { timestamp: row.received_at + ahead * SECOND, origin: origin.into(), ..row });
        }
        told(&evaluator.take_effects())
    };
    assert_eq!(skewed("syslog", -7200), ["raised host=web1 x10 @10"]);
    assert_eq!(skewed("syslog", 301), ["raised host=web1 x10 @10"]);
    assert!(skewed("syslog", 300).is_empty());
    for old in ["upload:7", "token:cli", "token:cli-3"] {
        assert!(skewed(old, -7200).is_empty(), "{old}");
    }
    assert_eq!(skewed("token:clients", -7200), ["raised host=web1 x10 @10"]);
}
