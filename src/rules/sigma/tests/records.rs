//! Rules for real log sources against what our parsers make of lines.

use logseal_parsers::Format;

use super::super::assessment;
use super::super::field::RuleField;
use super::{matches, parsed, rule, with};

const SYSMON: &str = "<Event><System><Provider Name='Microsoft-Windows-Sysmon'/><EventID>1</EventID><Level>4</Level>\
    <TimeCreated SystemTime='2023-11-14T22:13:20Z'/><Channel>Microsoft-Windows-Sysmon/Operational</Channel>\
    <Computer>pc1</Computer></System><EventData><Data Name='Image'>C:\\Windows\\System32\\certutil.exe</Data>\
    <Data Name='CommandLine'>certutil -decode a b</Data><Data Name='User'>PC1\\bob</Data></EventData></Event>";

const LOGIN: &str = "<Event><System><Provider Name='Microsoft-Windows-Security-Auditing'/><EventID>4625</EventID>\
    <Level>0</Level><TimeCreated SystemTime='2023-11-14T22:13:20Z'/><Channel>Security</Channel><Computer>pc1</Computer></System>\
    <EventData><Data Name='TargetUserName'>bob</Data><Data Name='LogonType'>3</Data><Data Name='IpAddress'>192.0.2.7</Data>\
    </EventData></Event>";

#[test]
fn events_of_windows_are_told_apart_by_channel_and_number() {
    let creation = rule(
        "product: windows\ncategory: process_creation",
        "s:\n  Image|endswith: '\\certutil.exe'\n  CommandLine|contains: ' -decode '\ncondition: s",
    );
    let sysmon = parsed(Format::Auto, SYSMON);
    assert!(matches(&creation, &sysmon));
    let failed = rule(
        "product: windows\nservice: security",
        "s:\n  EventID: 4625\n  LogonType: 3\n  IpAddress|cidr: 192.0.2.0/24\n  TargetUserName: BOB\ncondition: s",
    );
    let login = parsed(Format::Auto, LOGIN);
    assert!(matches(&failed, &login));
    assert!(!matches(&failed, &sysmon) && !matches(&creation, &login));
    let provider =
        rule("product: windows", "s:\n  Provider_Name: Microsoft-Windows-Sysmon\n  Computer: pc1\ncondition: s");
    assert!(matches(&provider, &sysmon) && !matches(&provider, &login));
}

#[test]
fn windows_events_in_the_words_of_forwarders_match_as_well() {
    let creation = rule(
        "product: windows\ncategory: process_creation",
        "s:\n  Image|endswith: '\\certutil.exe'\n  CommandLine|contains: decode\n  EventID: 1\ncondition: s",
    );
    let winlogbeat = r#"{"@timestamp":"2023-11-14T22:13:20Z","winlog":{"channel":"Microsoft-Windows-Sysmon/Operational","event_id":1,
        "provider_name":"Microsoft-Windows-Sysmon","event_data":{"Image":"C:\\x\\certutil.exe","CommandLine":"certutil -decode"}}}"#;
    assert!(matches(&creation, &parsed(Format::Json, &winlogbeat.replace('\n', ""))));
    let nxlog = r#"{"EventTime":"2023-11-14 22:13:20","Channel":"Microsoft-Windows-Sysmon/Operational","EventID":1,
        "Image":"C:\\x\\certutil.exe","CommandLine":"certutil -decode"}"#;
    assert!(matches(&creation, &parsed(Format::Json, &nxlog.replace('\n', ""))));
    let security = r#"{"Channel":"Security","EventID":4688,"NewProcessName":"C:\\x\\certutil.exe","CommandLine":"certutil -decode"}"#;
    let any_number = rule(
        "product: windows\ncategory: process_creation",
        "s:\n  Image|endswith: '\\certutil.exe'\n  CommandLine|contains: decode\ncondition: s",
    );
    assert!(matches(&any_number, &parsed(Format::Json, security)));
    assert!(!matches(&any_number, &parsed(Format::Json, &security.replace("4688", "4689"))));
}

#[test]
fn linux_programs_are_told_apart_by_their_names() {
    let sshd = rule("product: linux\nservice: sshd", "words:\n  - 'Failed password'\ncondition: words");
    let line = "<86>Nov 14 22:13:20 web1 sshd[7]: Failed password for bob from 192.0.2.7 port 22 ssh2";
    assert!(matches(&sshd, &parsed(Format::Auto, line)));
    assert!(!matches(&sshd, &parsed(Format::Auto, &line.replace("sshd", "httpd"))));
    let auth = rule("product: linux\nservice: auth", "words:\n  - 'authentication failure'\ncondition: words");
    let line = "<86>Nov 14 22:13:20 web1 gdm: authentication failure; user=bob";
    assert!(matches(&auth, &parsed(Format::Auto, line)));
    assert!(!matches(&auth, &parsed(Format::Auto, &line.replace("<86>", "<30>"))));
    let any = rule("product: linux", "words:\n  - 'failure'\ncondition: words");
    assert!(matches(&any, &parsed(Format::Auto, line)));
    assert!(!matches(&any, &parsed(Format::Auto, SYSMON)));
}

#[test]
fn every_record_of_an_audit_event_is_looked_at() {
    let event = "type=SYSCALL msg=audit(1700000000.123:42): arch=c000003e syscall=59 success=yes a0=55d0 a1=55d1 pid=7 \
                 comm=\"nc\" exe=\"/usr/bin/nc\" key=\"cmd\"\n\
                 type=EXECVE msg=audit(1700000000.123:42): argc=3 a0=\"nc\" a1=\"-l\" a2=\"4444\"\n\
                 type=PROCTITLE msg=audit(1700000000.123:42): proctitle=\"nc -l 4444\"";
    let row = logseal_row(event);
    let check = |logsource: &str, detection: &str, expected| {
        assert_eq!(matches(&rule(logsource, detection), &row), expected, "{detection}");
    };
    let audit = "product: linux\nservice: auditd";
    check(audit, "s:\n  type: EXECVE\n  a0|endswith: nc\n  a1: -l\ncondition: s", true);
    check(audit, "s:\n  type: SYSCALL\n  exe: /usr/bin/nc\n  key: cmd\ncondition: s", true);
    check(audit, "s:\n  type: USER_LOGIN\ncondition: s", false);
    let creation = "product: linux\ncategory: process_creation";
    check(creation, "s:\n  Image|endswith: /nc\n  CommandLine|contains: ' 4444'\ncondition: s", true);
    check(creation, "s:\n  Image|endswith: /ls\ncondition: s", false);
}

fn logseal_row(event: &str) -> crate::record::LogRow<'static> {
    parsed(Format::Auditd, event)
}

#[test]
fn requests_are_matched_in_the_names_of_the_w3c() {
    let traversal = rule(
        "category: webserver",
        "s:\n  cs-method: GET\n  cs-uri-query|contains: '../../'\n  sc-status: 200\n  cs-user-agent|contains: curl\ncondition: s",
    );
    let line =
        r#"192.0.2.7 - - [14/Nov/2023:22:13:20 +0000] "GET /a?f=../../etc/passwd HTTP/1.1" 200 12 "-" "curl/8.0""#;
    assert!(matches(&traversal, &parsed(Format::Auto, line)));
    assert!(!matches(&traversal, &parsed(Format::Auto, &line.replace("../../", ""))));
    let client = rule("category: webserver", "s:\n  c-ip: 192.0.2.7\ncondition: s");
    assert!(matches(&client, &parsed(Format::Auto, line)));
}

#[test]
fn connections_and_cloud_trails_are_matched() {
    let firewall = rule("category: firewall", "s:\n  dst_port: 22\n  src_ip|cidr: 192.0.2.0/24\ncondition: s");
    let line = "<4>Nov 14 22:13:20 fw kernel: [UFW BLOCK] IN=eth0 OUT= MAC=00 SRC=192.0.2.7 DST=192.0.2.1 LEN=40 PROTO=TCP SPT=8080 DPT=22 SYN";
    let row = parsed(Format::Auto, line);
    assert!(matches(&firewall, &row), "{row:?}");
    let trail = rule(
        "product: aws\nservice: cloudtrail",
        "s:\n  eventSource: iam.amazonaws.com\n  eventName: CreateUser\n  sourceIPAddress: 192.0.2.7\ncondition: s",
    );
    let line = r#"{"eventVersion":"1.08","userIdentity":{"type":"Root","userName":"bob"},"eventTime":"2023-11-14T22:13:20Z",
        "eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1","sourceIPAddress":"192.0.2.7",
        "requestParameters":{"tags":["a","admin"]}}"#;
    let row = parsed(Format::Json, &line.replace('\n', ""));
    assert!(matches(&trail, &row), "{row:?}");
    let nested = rule(
        "product: aws\nservice: cloudtrail",
        "s:\n  requestParameters.tags: admin\n  userIdentity.type: root\ncondition: s",
    );
    assert!(matches(&nested, &row));
}

#[test]
fn warnings_say_what_is_not_known() {
    let check = |logsource: &str, detection: &str, expected: &str| {
        let assessment = assessment::of_detection(&rule(logsource, detection));
        assert!(assessment.can_be_evaluated(), "{:?}", assessment.refused);
        let found = assessment.warnings.join("\n");
        assert!(if expected.is_empty() { found.is_empty() } else { found.contains(expected) }, "{logsource}: {found}");
    };
    check("category: webserver", "s:\n  cs-method: GET\ncondition: s", "");
    check("category: webserver", "s:\n  cs-nonsense: GET\ncondition: s", "field cs-nonsense is not known");
    check("product: windows\nservice: security", "s:\n  AnyField: x\ncondition: s", "");
    check(
        "product: macos\ncategory: process_creation",
        "s:\n  f: x\ncondition: s",
        "is not known: the rule is asked of every",
    );
    check("product: windows\nservice: unheard", "s:\n  f: x\ncondition: s", "of a wider one");
    check("", "s:\n  f: x\ncondition: s", "states no log source");
}

#[test]
fn a_field_is_read_from_a_record_as_rules_see_it() {
    let security = rule("product: windows\nservice: security", "s:\n  EventID: 1\ncondition: s").logsource;
    let login = parsed(Format::Auto, LOGIN);
    let value = |name: &str| RuleField::new(&security, name).value(&login).map(std::borrow::Cow::into_owned);
    assert_eq!(value("TargetUserName").as_deref(), Some("bob"));
    assert_eq!(value("IpAddress").as_deref(), Some("192.0.2.7"));
    assert_eq!(value("EventID").as_deref(), Some("4625"));
    assert_eq!(value("Nothing"), None);
    let behind = with(&[("EventData.LogonType", "3")]);
    assert_eq!(RuleField::new(&security, "LogonType").value(&behind).as_deref(), Some("3"));
}

#[test]
fn what_a_program_tells_of_an_event_in_its_own_form_has_its_own_names() {
    let rule = rule("product: windows\nservice: system", "s:\n  EventID: 104\n  SubjectUserName: bob\ncondition: s");
    let event = r##"{"Event":{"System":{"Provider":{"#attributes":{"Name":"Eventlog"}},"EventID":104,"Channel":"System","Computer":"pc1"},"UserData":{"LogFileCleared":{"SubjectUserName":"bob","BackupPath":"x"}}}}"##;
    assert!(matches(&rule, &parsed(Format::Json, event)));
    let backup = super::rule("product: windows\nservice: system", "s:\n  BackupPath: x\ncondition: s");
    assert!(matches(&backup, &parsed(Format::Json, event)));
}
