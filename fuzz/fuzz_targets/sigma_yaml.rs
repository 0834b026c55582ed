//! Any text is taken as Sigma's rules or refused with a reason: neither hangs nor panics, and what is taken is asked of a record
//! with the same answer by the index and without it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logseal::record::LogRow;
use logseal::rules::sigma::document::{DetectionRule, SigmaDocument, SigmaRules};
use logseal::rules::sigma::matcher::SigmaMatcher;
use logseal::rules::sigma::{assessment, filters, import};

/// A record with fields that seeds ask for.
fn record() -> LogRow<'static> {
    let attributes = [
        ("Image", "C:\\Windows\\System32\\certutil.exe"),
        ("CommandLine", "certutil -decode a\nb"),
        ("f", "Zm9vYmFy"),
        ("who", "bob"),
        ("list", "[\"a\",1,true,null]"),
        ("time", "2023-11-14T22:13:20Z"),
    ];
    LogRow {
        attributes: attributes.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        host: "web1".into(),
        app: "sshd".into(),
        ip: Some([192, 0, 2, 7].into()),
        message: b"Failed password for bob"[..].into(),
        ..LogRow::default()
    }
}

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let imported = import::assess(text);
    let Ok(documents) = SigmaRules::parse(text) else {
        assert!(imported.is_err_and(|faults| !faults.is_empty()), "a text that cannot be read is imported");
        return;
    };
    assert!(imported.is_ok_and(|rules| !rules.is_empty()), "nothing is said of a text that can be read");
    let (mut rules, mut filtering) = (Vec::new(), Vec::new());
    for document in documents {
        match document {
            SigmaDocument::Detection(rule) => rules.push(*rule),
            SigmaDocument::Filter(filter) => filtering.push(*filter),
            SigmaDocument::Correlation(_) => {}
        }
    }
    if let Err(refused) = filters::apply(&filtering, &mut rules) {
        assert!(!refused.is_empty());
    }
    let can = |rule: &&DetectionRule| assessment::of_detection(rule).can_be_evaluated();
    let taken: Vec<&DetectionRule> = rules.iter().filter(can).collect();
    let matcher = SigmaMatcher::new(taken).expect("what was assessed can be evaluated");
    let row = record();
    let (mut found, mut unindexed) = (Vec::new(), Vec::new());
    matcher.matches(&row, &mut found);
    matcher.matches_unindexed(&row, &mut unindexed);
    assert_eq!(found, unindexed, "the index gives another answer");
});
