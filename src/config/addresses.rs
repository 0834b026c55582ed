//! Two listeners on one address: the second would not be bound, which is known before the start.

use std::net::SocketAddr;

use super::listener::{ListenerConfig, Transport};
use super::{Config, ConfigError};

/// What is listened on, and the key that says so.
struct Bound {
    key: String,
    address: SocketAddr,
    is_udp: bool,
}

impl Bound {
    /// An address that stands for all of its family takes the port of each. Port 0 is a free one each time.
    fn collides(&self, other: &Self) -> bool {
        let (a, b) = (self.address.ip(), other.address.ip());
        let is_one = a == b || (a.is_ipv4() == b.is_ipv4() && (a.is_unspecified() || b.is_unspecified()));
        let port = self.address.port();
        self.is_udp == other.is_udp && port != 0 && port == other.address.port() && is_one
    }
}

/// # Errors
/// The key of the second of two listeners that cannot be bound together.
pub(super) fn check(config: &Config) -> Result<(), ConfigError> {
    let all = all(config);
    for (at, bound) in all.iter().enumerate() {
        if let Some(before) = all.iter().take(at).find(|before| before.collides(bound)) {
            let transport = if bound.is_udp { "udp" } else { "tcp" };
            let detail = format!("{} ({transport}) is taken by {} ({})", bound.address, before.key, before.address);
            return Err(ConfigError::Value { key: bound.key.clone(), detail });
        }
    }
    Ok(())
}

fn all(config: &Config) -> Vec<Bound> {
    let mut all = vec![Bound { key: "api.listen".to_owned(), address: config.api.listen, is_udp: false }];
    all.extend(config.otlp.iter().map(|otlp| Bound { key: "otlp.grpc".to_owned(), address: otlp.grpc, is_udp: false }));
    for (table, listeners) in [("syslog", &config.syslog), ("listener", &config.listener)] {
        for (at, listener) in listeners.iter().enumerate() {
            all.extend(bound_by(&format!("{table}[{at}]"), listener));
        }
    }
    all
}

fn bound_by(table: &str, listener: &ListenerConfig) -> impl Iterator<Item = Bound> {
    let (address, is_udp) = (listener.listen(), listener.transport == Transport::Udp);
    let heartbeat =
        listener.udp_heartbeat.then(|| Bound { key: format!("{table}.udp_heartbeat"), address, is_udp: true });
    std::iter::once(Bound { key: format!("{table}.listen"), address, is_udp }).chain(heartbeat)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_listeners_on_one_address_the_second_is_refused() {
        let check = |text: &str, expected: Option<&str>| {
            let config: Config = toml::from_str(text).unwrap();
            assert_eq!(check(&config).err().map(|error| error.to_string()).as_deref(), expected, "{text}");
        };
        let two = |a: &str, b: &str| format!("[[syslog]]\nlisten = \"{a}\"\n[[syslog]]\nlisten = \"{b}\"\n");
        check("", None);
        check(
            &two("127.0.0.1:5514", "127.0.0.1:5514"),
            Some("syslog[1].listen: 127.0.0.1:5514 (tcp) is taken by syslog[0].listen (127.0.0.1:5514)"),
        );
        check(
            &two("0.0.0.0:5514", "127.0.0.1:5514"),
            Some("syslog[1].listen: 127.0.0.1:5514 (tcp) is taken by syslog[0].listen (0.0.0.0:5514)"),
        );
        check(&two("127.0.0.1:0", "127.0.0.1:0"), None);
        check(&two("127.0.0.1:5514", "127.0.0.2:5514"), None);
        check(&two("[::1]:5514", "0.0.0.0:5514"), None);
        let datagrams = "[[syslog]]\ntransport = \"udp\"\n[[listener]]\ntransport = \"udp\"\n";
        check(
            datagrams,
            Some("listener[0].listen: 127.0.0.1:5514 (udp) is taken by syslog[0].listen (127.0.0.1:5514)"),
        );
        check(
            "[otlp]\ngrpc = \"127.0.0.1:8080\"\n",
            Some("otlp.grpc: 127.0.0.1:8080 (tcp) is taken by api.listen (127.0.0.1:8080)"),
        );
        check(
            "[[listener]]\nprotocol = \"fluent\"\nudp_heartbeat = true\n\
             [[listener]]\nprotocol = \"gelf\"\ntransport = \"udp\"\nlisten = \"127.0.0.1:24224\"\n",
            Some("listener[1].listen: 127.0.0.1:24224 (udp) is taken by listener[0].udp_heartbeat (127.0.0.1:24224)"),
        );
    }
}
