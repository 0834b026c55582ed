//! Modifiers, null and existence.

use super::check_selection as check;

#[test]
fn a_value_is_encoded_before_it_is_compared() {
    // The whole value: `Test` in UTF-16 and then in base64.
    check(
        "Payload|wide|base64: Test",
        &[(r#"{"Payload":"VABlAHMAdAA="}"#, true), (r#"{"Payload":"VGVzdA=="}"#, false)],
    );
    // Some part of it, though the rule does not say `contains`.
    check(
        "Data|base64offset: Test",
        &[
            (r#"{"Data":"prefix VGVzdA== suffix"}"#, true),
            (r#"{"Data":"eFRlc3Q="}"#, true),
            (r#"{"Data":"nope"}"#, false),
        ],
    );
    check(
        "CommandLine|windash|contains: '-Force'",
        &[
            (r#"{"CommandLine":"powershell /Force"}"#, true),
            (r#"{"CommandLine":"powershell -Force"}"#, true),
            (r#"{"CommandLine":"powershell -Help"}"#, false),
        ],
    );
}

#[test]
fn beginnings_ends_and_cases_are_compared() {
    check(
        "Image|startswith: 'C:\\Windows'\nImage|endswith: cmd.exe",
        &[
            (r#"{"Image":"C:\\Windows\\System32\\cmd.exe"}"#, true),
            (r#"{"Image":"C:\\Windows\\System32\\powershell.exe"}"#, false),
            (r#"{"Image":"D:\\cmd.exe"}"#, false),
        ],
    );
    check(
        "CommandLine|cased: PowerShell",
        &[(r#"{"CommandLine":"PowerShell"}"#, true), (r#"{"CommandLine":"powershell"}"#, false)],
    );
}

#[test]
fn numbers_are_compared_as_numbers() {
    check("Port|gt: 80", &[(r#"{"Port":443}"#, true), (r#"{"Port":80}"#, false), (r#"{"Port":9}"#, false)]);
    check("Port: 80", &[(r#"{"Port":80}"#, true), (r#"{"Port":443}"#, false), (r#"{"Port":8080}"#, false)]);
    check(
        "Image|endswith: '\\net.exe'\nCode|gte: 4624",
        &[(r#"{"Image":"C:\\net.exe","Code":4624}"#, true), (r#"{"Image":"C:\\net.exe","Code":1}"#, false)],
    );
}

#[test]
fn a_field_is_there_or_is_not() {
    check("Image|exists: true", &[(r#"{"Image":"foo.exe"}"#, true), (r#"{"CommandLine":"foo"}"#, false)]);
    check("Image|exists: false", &[(r#"{"Image":"foo.exe"}"#, false), (r#"{"CommandLine":"foo"}"#, true)]);
    check(
        "sandbox|exists: false\nprotocol: TCP",
        &[
            (r#"{"protocol":"TCP"}"#, true),
            (r#"{"protocol":"TCP","sandbox":"x"}"#, false),
            (r#"{"protocol":"UDP"}"#, false),
        ],
    );
}

#[test]
fn null_is_a_null_and_a_field_that_is_not_there() {
    check(
        "Image: null",
        &[(r#"{"Image":null}"#, true), (r#"{"CommandLine":"whoami"}"#, true), (r#"{"Image":"cmd"}"#, false)],
    );
}

#[test]
fn a_field_is_compared_with_another() {
    check(
        "Target|fieldref: Source",
        &[(r#"{"Target":"a.exe","Source":"a.exe"}"#, true), (r#"{"Target":"a.exe","Source":"b.exe"}"#, false)],
    );
    check(
        "identity.arn|fieldref|contains: response.key.name",
        &[
            (r#"{"identity.arn":"arn:user/alice","response.key.name":"alice"}"#, true),
            (r#"{"identity.arn":"arn:user/Alice","response.key.name":"alice"}"#, true),
            (r#"{"identity":{"arn":"arn:user/alice"},"response":{"key":{"name":"alice"}}}"#, true),
            (r#"{"identity.arn":"arn:user/bob","response.key.name":"alice"}"#, false),
        ],
    );
    check(
        "Image|fieldref|startswith: Folder",
        &[
            (r#"{"Image":"C:\\Windows\\cmd.exe","Folder":"C:\\Windows"}"#, true),
            (r#"{"Image":"C:\\Windows\\cmd.exe","Folder":"cmd.exe"}"#, false),
        ],
    );
    check(
        "Image|fieldref|endswith: Name",
        &[
            (r#"{"Image":"C:\\Temp\\net.exe","Name":"net.exe"}"#, true),
            (r#"{"Image":"C:\\Temp\\net.exe","Name":"cmd.exe"}"#, false),
        ],
    );
    check(
        "Text|fieldref|contains|cased: Token",
        &[(r#"{"Text":"id=Admin","Token":"Admin"}"#, true), (r#"{"Text":"id=Admin","Token":"admin"}"#, false)],
    );
    check(
        "Text|fieldref|contains: Code",
        &[(r#"{"Text":"exit 42","Code":42}"#, true), (r#"{"Text":"exit 4","Code":42}"#, false)],
    );
    check(
        "Line|fieldref|contains|all:\n  - Who\n  - Where",
        &[
            (r#"{"Line":"alice@host","Who":"alice","Where":"host"}"#, true),
            (r#"{"Line":"alice@other","Who":"alice","Where":"host"}"#, false),
        ],
    );
}

/// `neq` is about the whole item, and a field that is not there is different from nothing.
#[test]
fn a_field_that_is_there_is_different() {
    check(
        "Account|neq: [root, admin]",
        &[
            (r#"{"Account":"alice"}"#, true),
            (r#"{"Account":"ROOT"}"#, false),
            (r#"{"Account":"admin"}"#, false),
            (r#"{"Other":"x"}"#, false),
        ],
    );
    check(
        "CommandLine|contains|all|neq: [whoami, /all]",
        &[
            (r#"{"CommandLine":"whoami"}"#, true),
            (r#"{"CommandLine":"whoami /all"}"#, false),
            (r#"{"Other":"x"}"#, false),
        ],
    );
    check(
        "CommandLine|re|neq: whoami\nSourceIp|cidr|neq: 10.0.0.0/8",
        &[
            (r#"{"CommandLine":"ipconfig","SourceIp":"192.168.1.1"}"#, true),
            (r#"{"CommandLine":"whoami /all","SourceIp":"192.168.1.1"}"#, false),
            (r#"{"CommandLine":"ipconfig","SourceIp":"10.1.2.3"}"#, false),
            (r#"{"CommandLine":"ipconfig"}"#, false),
        ],
    );
    check("Account|neq: null", &[(r#"{"Account":"alice"}"#, true), (r#"{"Other":"x"}"#, false)]);
    check(
        "Account|neq: ''",
        &[(r#"{"Account":"alice"}"#, true), (r#"{"Account":""}"#, false), (r#"{"Other":"x"}"#, false)],
    );
    check(
        "Image|fieldref|neq: Parent",
        &[
            (r#"{"Image":"a.exe","Parent":"b.exe"}"#, true),
            (r#"{"Image":"a.exe","Parent":"a.exe"}"#, false),
            (r#"{"Image":"a.exe"}"#, true),
            (r#"{"Parent":"a.exe"}"#, false),
        ],
    );
}
