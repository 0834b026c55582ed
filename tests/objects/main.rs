//! Uploaded files in a folder, and in a server that speaks S3's protocol.
#![expect(clippy::unwrap_used, reason = "a test that fails may panic")]

#[path = "../it/certificates.rs"]
mod certificates;
mod folder;
mod https;
#[path = "../support/no_tls.rs"]
mod no_tls;
mod s3;
#[path = "../support/s3_server.rs"]
mod s3_server;
mod stores;
