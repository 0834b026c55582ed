//! The HTTP library wants to know whom TLS trusts where none is spoken, too.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

pub(crate) fn trusting_nobody() -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth()
}
