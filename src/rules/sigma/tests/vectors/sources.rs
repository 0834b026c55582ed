//! Log sources and the places of fields, for which the crate has pipelines and a classifier and we have a table.

use logseal_parsers::Format;

use super::super::super::matcher::SigmaMatcher;
use super::super::{parsed, rule};
use super::check_rule;

#[test]
fn names_of_nested_fields_are_joined_and_one_that_is_there_as_such_counts() {
    let cloud = rule("product: cloud", "s:\n  actor.id: admin\n  actor.type: User\ncondition: s");
    check_rule(
        &cloud,
        &[(r#"{"actor":{"id":"admin","type":"User"}}"#, true), (r#"{"actor":{"id":"admin","type":"App"}}"#, false)],
    );
    // Records are flat: of two fields with one name the first counts, as it stands in the record.
    let of = |value: &str| rule("product: test", &format!("s:\n  actor.id: {value}\ncondition: s"));
    let flat_first = r#"{"actor.id":"flat","actor":{"id":"nested"}}"#;
    check_rule(&of("flat"), &[(flat_first, true)]);
    check_rule(&of("nested"), &[(flat_first, false)]);
}

/// What the reader of JSON takes for the host, the person and so on leaves no attribute behind.
#[test]
fn a_field_that_became_a_column_is_found_under_the_name_that_it_was_sent_by() {
    for (name, value) in [
        ("login", "bob"),
        ("account_name", "bob"),
        ("src.ip", "192.0.2.7"),
        ("remote_address", "192.0.2.7"),
        ("text", "it happened"),
        ("node", "web1"),
        ("_hostname", "web1"),
        ("service_name", "shop"),
        ("process.id", "42"),
        ("message_id", "4711"),
        ("UtcTime", "x"),
    ] {
        let found = rule("category: test", &format!("s:\n  {name}: '{value}'\ncondition: s"));
        let other = rule("category: test", &format!("s:\n  {name}: other\ncondition: s"));
        let event = format!(r#"{{"{name}":"{value}","a":"b"}}"#);
        check_rule(&found, &[(&event, true)]);
        check_rule(&other, &[(&event, false)]);
    }
}

#[test]
fn values_of_several_kinds_are_compared() {
    let scan = rule("product: firewall", "s:\n  DestinationPort: 22\n  Protocol: TCP\ncondition: s");
    check_rule(
        &scan,
        &[
            (r#"{"DestinationPort":22,"Protocol":"TCP","SourceIP":"10.0.0.1"}"#, true),
            (r#"{"DestinationPort":23,"Protocol":"TCP"}"#, false),
        ],
    );
}

#[test]
fn rules_for_windows_find_fields_in_the_names_of_ecs() {
    let whoami = rule(
        "product: windows\ncategory: process_creation",
        "sel:\n  CommandLine|contains: whoami\nfilter:\n  User: SYSTEM\ncondition: sel and not filter",
    );
    let event = |user: &str| {
        format!(
            r#"{{"winlog":{{"channel":"Microsoft-Windows-Sysmon/Operational","event_id":1}},"process":{{"command_line":"cmd /c whoami"}},"user":{{"name":"{user}"}}}}"#
        )
    };
    check_rule(&whoami, &[(&event("attacker"), true), (&event("SYSTEM"), false)]);
}

/// A name that stands for several fields means the first of them that a record has; the crate's pipelines mean any.
#[test]
fn each_place_of_a_field_is_looked_in_and_the_other_fields_still_count() {
    let evil = rule("product: windows", "s:\n  Image: /tmp/evil\n  User: alice\ncondition: s");
    let event = |fields: &str, user: &str| format!(r#"{{"Channel":"x",{fields},"User":"{user}"}}"#);
    for field in ["Image", "NewProcessName", "process.executable"] {
        let one = format!(r#""{field}":"/tmp/evil""#);
        let other = format!(r#""{field}":"/tmp/good""#);
        check_rule(
            &evil,
            &[(&event(&one, "alice"), true), (&event(&one, "bob"), false), (&event(&other, "alice"), false)],
        );
    }
    check_rule(&evil, &[(r#"{"Channel":"x","User":"alice"}"#, false)]);
    let both = r#""Image":"/tmp/good","NewProcessName":"/tmp/evil""#;
    check_rule(&evil, &[(&event(both, "alice"), false)]);
}

/// Rules of the public collection write `data.protoPayload.…`, and exports have the bare entry.
#[test]
fn rules_for_gcp_find_fields_with_and_without_the_envelope() {
    let list = rule(
        "product: gcp\nservice: gcp.audit",
        "s:\n  data.protoPayload.serviceName: storage.googleapis.com\n  data.protoPayload.methodName: storage.buckets.list\n  \
         data.protoPayload.authenticationInfo.principalEmail: a@example.org\n  data.textPayload: hello\ncondition: s",
    );
    let bare = r#"{"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"storage.googleapis.com","methodName":"storage.buckets.list","authenticationInfo":{"principalEmail":"a@example.org"}},"textPayload":"hello"}"#;
    let other = bare.replace("buckets.list", "buckets.get");
    let enveloped = format!(r#"{{"data":{bare}}}"#);
    check_rule(&list, &[(bare, true), (&enveloped, true), (&other, false)]);
    // Of another product the name is what it says.
    let elsewhere = rule("product: x", "s:\n  data.protoPayload.methodName: storage.buckets.list\ncondition: s");
    check_rule(&elsewhere, &[(bare, false), (&enveloped, true)]);
}

/// Log sources with a short event of each, and a selection that it meets.
const EVENTS: [(&str, &str, &str); 13] = [
    (
        "product: aws\nservice: cloudtrail",
        r#"{"eventVersion":"1.05","eventSource":"s3.amazonaws.com","eventName":"ListBuckets","awsRegion":"us-east-1"}"#,
        "eventSource: s3.amazonaws.com",
    ),
    (
        "product: aws",
        r#"{"version":2,"interface_id":"eni-0123","srcaddr":"10.0.1.100","dstaddr":"10.0.2.50","dstport":443,"action":"ACCEPT"}"#,
        "dstport: 443",
    ),
    (
        "product: azure\nservice: activitylogs",
        r#"{"category":"Administrative","operationName":{"value":"Microsoft.Network/azureFirewalls/write"},"tenantId":"1"}"#,
        "operationName.value|endswith: /write",
    ),
    (
        "product: azure\nservice: auditlogs",
        r#"{"category":"AuditLogs","properties":{"activityDisplayName":"Add service principal"},"tenantId":"1"}"#,
        "properties.activityDisplayName: Add service principal",
    ),
    (
        "product: azure\nservice: signinlogs",
        r#"{"category":"SignInLogs","properties":{"appDisplayName":"Azure CLI","mfaResult":"ok"}}"#,
        "properties.mfaResult: ok",
    ),
    (
        "product: gcp\nservice: gcp.audit",
        r#"{"logName":"projects/p/logs/cloudaudit","protoPayload":{"serviceName":"iam","methodName":"create"}}"#,
        "data.protoPayload.serviceName: iam",
    ),
    (
        "product: github\nservice: audit",
        r#"{"action":"repo.create","actor":"admin","org":{"login":"my-org"},"repo":{"name":"r"}}"#,
        "action: repo.create",
    ),
    (
        "product: kubernetes\nservice: audit",
        r#"{"kind":"Event","apiVersion":"audit.k8s.io/v1","auditID":"a-1","verb":"list","objectRef":{"resource":"pods"}}"#,
        "objectRef.resource: pods",
    ),
    (
        "product: m365\nservice: audit",
        r#"{"CreationTime":"2024-01-15T10:30:00","Operation":"Disable","Workload":"AzureActiveDirectory","UserType":0}"#,
        "Operation: Disable",
    ),
    (
        "product: okta\nservice: okta",
        r#"{"eventType":"user.lifecycle.activate","outcome":{"result":"SUCCESS"},"published":"2024-01-15T10:30:00Z"}"#,
        "outcome.result: SUCCESS",
    ),
    // Not in the table, so that they are asked of every record.
    ("product: docker", r#"{"Type":"container","Action":"start","Actor":{"ID":"abc"},"from":"nginx"}"#, "from: nginx"),
    (
        "product: onelogin\nservice: onelogin.events",
        r#"{"event_type_id":8,"event_type":"User.Login"}"#,
        "event_type_id: 8",
    ),
    ("product: osquery", r#"{"name":"users","hostIdentifier":"w1","columns":{"uid":"1000"}}"#, "columns.uid: 1000"),
];

#[test]
fn a_rule_for_a_log_source_is_asked_of_its_events() {
    for (logsource, event, selection) in EVENTS {
        check_rule(&rule(logsource, &format!("s:\n  {selection}\ncondition: s")), &[(event, true)]);
    }
}

#[test]
fn a_rule_for_a_log_source_is_not_asked_of_the_events_of_others() {
    let known: Vec<_> = EVENTS.iter().take(10).collect();
    // What every record lacks, so that nothing but the log source decides.
    let rules: Vec<_> =
        known.iter().map(|(logsource, ..)| rule(logsource, "s:\n  nothing: null\ncondition: s")).collect();
    let matcher = SigmaMatcher::new(&rules).unwrap();
    for (number, (logsource, event, _)) in known.iter().enumerate() {
        let mut found = Vec::new();
        matcher.matches(&parsed(Format::Json, event), &mut found);
        // Rules for a product without a service are for all of its services.
        found.retain(|other| *other == number || known[*other].0 != "product: aws");
        assert_eq!(found, [number], "{logsource}");
    }
}
