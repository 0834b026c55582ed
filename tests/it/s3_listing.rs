//! What is in an archive that lies in a bucket.

use rand::RngExt as _;
use serde_json::json;

use crate::app::App;
use crate::crash::seeded;
use crate::s3_server;
use crate::uploads::{form, id_of, upload, zip};

/// Lines that do not become much smaller when they are packed.
fn noise(bytes: usize) -> Vec<u8> {
    let mut rng = seeded();
    let mut line = || (0..8000).map(|_| char::from(rng.random_range(b'!'..b'~'))).chain(['\n']).collect::<String>();
    (0..bytes.div_ceil(8001)).map(|_| line()).collect::<String>().into_bytes()
}

#[test]
fn a_large_zip_in_a_bucket_is_listed_without_a_copy_and_a_broken_one_with_one() {
    let storage = s3_server::shared().config("listing");
    let tables = format!(
        "[storage]\nurl = {:?}\nendpoint = {:?}\naccess_key_id = {:?}\nsecret_access_key = {:?}\n",
        storage.url,
        storage.endpoint,
        storage.access_key_id,
        storage.secret_access_key.expose()
    );
    let app = App::start_with("syslog = []", &tables);
    let noise = noise(6 << 20);
    let whole = zip(&[("a.log", b"one\n"), ("noise.log", &noise), ("z.log", b"two\n")]);
    assert!(whole.len() > 4 << 20, "a smaller one is copied");
    // Without its directory, it is searched from end to end.
    let broken = whole[..whole.len() - 40].to_vec();
    let whole = id_of(&upload(&app, form("whole.zip", whole)));
    let broken = id_of(&upload(&app, form("broken.zip", broken)));
    let listed = |id: &str| {
        let contents = app.get(&format!("/api/v1/jobs/{id}/zip-contents"));
        let paths: Vec<_> = contents["list"].as_array().unwrap().iter().map(|entry| entry["path"].clone()).collect();
        assert_eq!(paths, [json!("a.log"), json!("noise.log"), json!("z.log")], "{contents}");
        app.get(&format!("/api/v1/jobs/{id}/zip-info"))
    };
    let info = listed(&broken);
    assert_eq!(info["problem"], "it is damaged: its directory is missing; the entries were searched for", "{info}");

    // From now on, no copy can be made.
    let copies = app.dir.path().join("data/uploads");
    std::fs::remove_dir_all(&copies).unwrap();
    std::fs::write(&copies, "no folder").unwrap();
    let info = listed(&whole);
    assert_eq!((&info["entries"], &info["problem"]), (&json!(3), &json!(null)), "{info}");
    assert_eq!(info["size"], json!(noise.len() + 8));
}
