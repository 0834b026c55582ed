//! What a person sees when the daemon is up: where everything is, and a line to try.

use std::net::SocketAddr;
use std::path::Path;

use crate::auth::secret::Secret;
use crate::config::listener::{Protocol, Transport};

/// A listener as the banner shows it.
pub(super) struct Listening {
    pub(super) protocol: Protocol,
    pub(super) transport: Transport,
    pub(super) address: SocketAddr,
    pub(super) source: String,
}

/// The text that is printed to standard output once everything takes records; `api` is its address with the scheme.
pub(super) fn text(
    api: &str,
    listeners: &[Listening],
    otlp_grpc: Option<SocketAddr>,
    data_dir: &Path,
    store: &str,
    first_password: Option<&(&'static str, Secret)>,
) -> String {
    let mut lines = vec![format!("logseal {} is up", env!("CARGO_PKG_VERSION")), format!("  api          {api}")];
    for listener in listeners {
        lines.push(format!(
            "  {:6} {:5} {} (source \"{}\")",
            listener.protocol, listener.transport, listener.address, listener.source
        ));
    }
    if let Some(address) = otlp_grpc {
        lines.push(format!("  otlp grpc    {address}"));
    }
    lines.push(format!("  store        {store}"));
    lines.push(format!("  data         {}", data_dir.display()));
    if let Some((username, password)) = first_password {
        lines.push(first_login(username, password));
    }
    if let Some(line) = line_to_try(listeners) {
        lines.push("try".to_owned());
        lines.push(format!("  {line}"));
        let token = data_dir.join("cli.token");
        lines.push(format!(
            "  curl -H \"Authorization: Bearer $(cat '{}')\" '{api}/api/v1/logs?keyword=hello'",
            token.display()
        ));
    }
    lines.join("\n") + "\n"
}

/// How somebody signs in who has never done so.
pub(super) fn first_login(username: &str, password: &Secret) -> String {
    format!("  first login  {username} / {}   (shown at this start only: change it)", password.expose())
}

fn line_to_try(listeners: &[Listening]) -> Option<String> {
    let listener = listeners.iter().find(|l| l.protocol == Protocol::Syslog && l.transport != Transport::Tls)?;
    let transport = match listener.transport {
        Transport::Udp => "--udp",
        Transport::Tcp | Transport::Tls => "--tcp",
    };
    let (host, port) = (listener.address.ip(), listener.address.port());
    let host = if host.is_unspecified() { "127.0.0.1".to_owned() } else { host.to_string() };
    Some(format!("logger {transport} --server {host} --port {port} 'hello logseal'"))
}
