//! Who may import whom: the arrows of docs/ARCHITECTURE.md, held by reading the code.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

use std::collections::BTreeSet;
use std::path::Path;

/// Each module with those of ours that it may use. What stands in no list may be used by `daemon` and the program alone.
const ALLOWED: [(&str, &[&str]); 32] = [
    (
        "alerts",
        &[
            "clock",
            "config",
            "meta",
            "metrics",
            "notify",
            "query",
            "record",
            "rules",
            "settings",
            "spool",
            "store",
            "telemetry",
        ],
    ),
    ("account_commands", &["auth", "cli", "config", "meta", "printing"]),
    ("auth", &["config", "smtp"]),
    ("clock", &[]),
    ("config", &[]),
    ("metrics", &[]),
    ("printing", &[]),
    ("telemetry", &["config"]),
    ("tls", &["config"]),
    ("http_server", &["config", "tls"]),
    ("query", &["record", "spelling"]),
    ("record", &[]),
    ("rules", &["query", "record", "spelling"]),
    ("spool", &[]),
    ("settings", &["spelling"]),
    ("smtp", &["config"]),
    ("spelling", &[]),
    ("engine", &[]),
    ("engine_commands", &["config", "engine", "printing"]),
    ("archive", &[]),
    ("event_log", &["telemetry"]),
    ("ingest", &["metrics", "record", "spool"]),
    (
        "jobs",
        &[
            "archive",
            "clock",
            "config",
            "event_log",
            "ingest",
            "meta",
            "metrics",
            "objects",
            "record",
            "spool",
            "store",
            "telemetry",
            "tls",
        ],
    ),
    ("meta", &["telemetry"]),
    ("notify", &["config", "smtp", "telemetry", "tls"]),
    ("objects", &["config", "telemetry", "tls"]),
    ("store", &["config", "metrics", "query", "record", "settings", "spool", "telemetry"]),
    ("sources", &["auth", "clock", "config", "ingest", "meta", "metrics", "record", "telemetry", "tls"]),
    (
        "api",
        &[
            "alerts",
            "archive",
            "auth",
            "clock",
            "config",
            "ingest",
            "jobs",
            "meta",
            "metrics",
            "notify",
            "objects",
            "query",
            "record",
            "rules",
            "settings",
            "spelling",
            "spool",
            "store",
            "telemetry",
        ],
    ),
    ("cli", &["archive", "config", "event_log", "meta", "printing", "query", "record", "rules", "tls"]),
    (
        "daemon",
        &[
            "alerts",
            "api",
            "auth",
            "clock",
            "config",
            "engine",
            "engine_commands",
            "http_server",
            "ingest",
            "jobs",
            "meta",
            "metrics",
            "notify",
            "objects",
            "printing",
            "record",
            "rules",
            "settings",
            "sources",
            "spool",
            "store",
            "telemetry",
            "tls",
        ],
    ),
    ("main", &[]),
];

fn rust_files(path: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// The modules behind every `crate::` of a text.
fn used(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| line.split("crate::").skip(1).map(str::to_owned).collect::<Vec<_>>())
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>())
        .filter(|module| !module.is_empty())
        .collect()
}

#[test]
fn imports_go_one_way() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&source, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&source).unwrap();
        let module = inside.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs");
        if module == "lib" {
            continue;
        }
        let allowed = ALLOWED.iter().find(|(name, _)| *name == module).map(|(_, allowed)| *allowed);
        let Some(allowed) = allowed else {
            wrong.push(format!(
                "{module} is new: say in tests/architecture.rs and docs/ARCHITECTURE.md what it may use"
            ));
            continue;
        };
        for other in used(&std::fs::read_to_string(&file).unwrap()) {
            if other != module && !allowed.contains(&other.as_str()) {
                wrong.push(format!("{} uses {other}, which {module} may not", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_parsers_touch_no_clock_file_or_socket() {
    let mut files = Vec::new();
    rust_files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("parsers/src"), &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        for word in [
            "std::fs",
            "std::net::Tcp",
            "std::net::Udp",
            "SystemTime::now",
            "time::SystemTime",
            "Instant::now",
            "Utc::now",
            "tokio",
        ] {
            assert!(!text.contains(word), "{} uses {word}", file.display());
        }
    }
}
