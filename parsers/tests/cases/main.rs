//! The parsers against real cases: what devices and programs send, with the values that are expected of it.
//!
//! The cases belong to others and are not part of this repository. They are looked for in the folder that the
//! environment variable `LOGSEAL_CASES` names, else in `../shared/cases` beside the checkout; recorded clients likewise by
//! `LOGSEAL_WIRE` and in `../shared/wire`. Without them these tests print a notice and pass.
//!
//! Required cases must pass. `cases_exceptions.txt` lists those that are judged wrong, with the reason; one that is listed
//! there and passes is an error too. Lenient cases are counted only.
//!
//! A suite whose format is stated is run once more without it. `cases_undetected.txt` lists the cases whose lines do not say what
//! they are, with the reason.

#![expect(clippy::indexing_slicing, reason = "an index into a case that is not there is a failure of the test")]

mod compare;
mod fluent;
mod gelf;
mod push;
mod run;
mod view;
mod wire;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use logseal_parsers::{Context, Format, timestamp};
use serde_json::Value;

use compare::Difference;

/// The folder that `variable` names, else `shared/<name>` beside the checkout; `None` with a notice where there is none.
fn folder(variable: &str, name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared").join(name);
    let folder = std::env::var_os(variable).map_or_else(beside, PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    notice(&format!("NOTICE: {name} folder not found, nothing is checked against it; set {variable} to where it is"));
    None
}

/// Prints a line that is seen even when a test passes: the harness captures what the print macros write.
fn notice(text: &str) {
    // One write, so that lines of tests that run at the same time do not mix.
    let line = format!("\n{text}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("standard error can be written");
}

/// Ids of cases that are judged wrong, with the reason.
fn exceptions() -> BTreeMap<String, String> {
    listed(include_str!("../cases_exceptions.txt"))
}

/// Ids of cases whose lines do not say what they are, with the reason; and those that are judged wrong.
fn undetected() -> BTreeMap<String, String> {
    let mut ids = exceptions();
    ids.extend(listed(include_str!("../cases_undetected.txt")));
    ids
}

fn listed(list: &str) -> BTreeMap<String, String> {
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pairs = lines.map(|line| line.split_once('\t').expect("an exception is an id, a tab and a reason"));
    pairs.map(|(id, reason)| (id.to_owned(), reason.to_owned())).collect()
}

/// Runs the cases of a suite and fails with all that are not as they must be.
fn check(suite: &str, format: Format) {
    check_those(suite, format, |_| true);
}

/// As [`check`], of the cases that `is_meant` says.
fn check_those(suite: &str, format: Format, is_meant: impl Fn(&Value) -> bool) {
    check_in(suite, format, &is_meant, &exceptions());
}

/// As [`check`], with the format stated and without it.
fn check_detected(suite: &str, format: Format) {
    check(suite, format);
    check_in(suite, Format::Auto, &|_| true, &undetected());
}

fn check_in(suite: &str, format: Format, is_meant: &dyn Fn(&Value) -> bool, exceptions: &BTreeMap<String, String>) {
    let Some(folder) = folder("LOGSEAL_CASES", "cases") else {
        return;
    };
    let path = folder.join(format!("{suite}.ndjson"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("read {}: {error}", path.display()));
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a case is JSON"));
    let header = lines.next().expect("a suite has a header");
    let mut report = String::new();
    let (mut passed, mut required, mut lenient_passed, mut lenient, mut excepted) = (0, 0, 0, 0, 0);
    for case in lines.filter(is_meant) {
        let id = case["id"].as_str().expect("a case has an id");
        let differences = run::differences(&case, format, &context(&header, &case));
        if case["lenient"] == true || case["optional"] == true {
            lenient += 1;
            lenient_passed += usize::from(differences.is_empty());
            continue;
        }
        match exceptions.get(id) {
            Some(reason) if differences.is_empty() => {
                writeln!(report, "{id} passes, but is listed as an exception: {reason}").expect("a text can grow");
            }
            Some(_) => excepted += 1,
            None => {
                required += 1;
                passed += usize::from(differences.is_empty());
                describe(&mut report, id, &case, &differences);
            }
        }
    }
    notice(&format!(
        "{suite} as {format}: required {passed}/{required}, lenient {lenient_passed}/{lenient}, exceptions {excepted}"
    ));
    assert!(required + lenient > 0, "{suite} holds no case");
    assert!(report.is_empty(), "{suite} as {format}:\n{report}");
}

/// When and where a case's line arrives: at the end of the day on which the suite was made, in the zone the case states.
fn context(header: &Value, case: &Value) -> Context {
    // fail2ban's tests run in this zone, and their expectations are its local times.
    let default = (case["source"] == "fail2ban" && case["lenient_time"] == true).then_some("Europe/Zurich");
    let zone =
        case["context"]["tz"].as_str().or(default).map(|zone| zone.parse().expect("a known zone")).unwrap_or_default();
    let built = header["built"].as_str().expect("the header says when the suite was made");
    let received_at = timestamp::parse(&format!("{built}T23:59:59Z"), zone).expect("a date");
    Context { received_at, zone }
}

fn describe(report: &mut String, id: &str, case: &Value, differences: &[Difference]) {
    if differences.is_empty() {
        return;
    }
    writeln!(report, "{id}").expect("a text can grow");
    for Difference { key, expected, got } in differences {
        writeln!(report, "    {key}: expected {expected}, got {got}").expect("a text can grow");
    }
    if case.get("input").is_some() || case.get("input_b64").is_some() {
        writeln!(report, "    line: {:?}", String::from_utf8_lossy(&run::input(case))).expect("a text can grow");
    }
}

#[test]
fn rfc3164_cases_pass() {
    check_detected("rfc3164", Format::Syslog);
}

#[test]
fn rfc5424_cases_pass() {
    check_detected("rfc5424", Format::Syslog);
}

#[test]
fn syslog_vendor_cases_pass() {
    check_detected("syslog_vendor", Format::Syslog);
}

#[test]
fn syslog_wire_cases_pass() {
    check_detected("syslog_wire", Format::Syslog);
}

#[test]
fn framing_cases_pass() {
    check("framing", Format::Syslog);
}

#[test]
fn json_lines_cases_pass() {
    check("json_lines", Format::Auto);
}

#[test]
fn access_log_cases_pass() {
    check("access_log", Format::Auto);
}

#[test]
fn w3c_tsv_cases_pass() {
    check("w3c_tsv", Format::Auto);
}

#[test]
fn weberror_log_cases_pass() {
    check("weberror_log", Format::Auto);
}

#[test]
fn app_log_cases_pass() {
    check("app_log", Format::Auto);
}

#[test]
fn loghub_cases_pass() {
    check("loghub", Format::Auto);
}

#[test]
fn cef_cases_pass() {
    check_detected("cef", Format::Cef);
}

#[test]
fn leef_cases_pass() {
    check_detected("leef", Format::Leef);
}

#[test]
fn logfmt_cases_pass() {
    check_detected("logfmt", Format::Logfmt);
}

#[test]
fn auditd_cases_pass() {
    check_detected("auditd", Format::Auditd);
}

#[test]
fn firewall_cases_pass() {
    check("firewall", Format::Auto);
}

#[test]
fn auth_events_cases_pass() {
    check("auth_events", Format::Auto);
}

#[test]
fn es_bulk_cases_pass() {
    check("es_bulk", Format::Json);
}

#[test]
fn splunk_hec_cases_pass() {
    check("splunk_hec", Format::Auto);
}

#[test]
fn gelf_cases_pass() {
    check_those("gelf", Format::Auto, |case| case["format"] == "gelf_http" || case["format"] == "gelf_json");
}

#[test]
fn journald_upload_cases_pass() {
    check("journald_upload", Format::Auto);
}

#[test]
fn http_push_cases_pass() {
    check("http_push", Format::Json);
}

#[test]
fn otlp_logs_cases_pass() {
    check("otlp_logs", Format::Auto);
}

#[test]
fn loki_push_cases_pass() {
    check("loki_push", Format::Auto);
}

#[test]
fn fluent_forward_cases_pass() {
    check("fluent_forward", Format::Json);
}

#[test]
fn exceptions_name_cases_that_exist() {
    let Some(folder) = folder("LOGSEAL_CASES", "cases") else {
        return;
    };
    for id in undetected().keys() {
        let suite = id.split('/').next().unwrap_or_default();
        let text = fs::read_to_string(folder.join(format!("{suite}.ndjson"))).unwrap_or_default();
        assert!(text.contains(&format!("\"id\": \"{id}\"")), "{id} is an exception, but no case");
    }
}
