//! Syslog as RFC 5424 has it, over UDP (RFC 5426), TCP (RFC 6587, octet-counted) and TLS (RFC 5425).
//!
//! ```text
//! <131>1 2027-01-15T08:00:00.250Z HOST logseal - raised [alert@32473 id="8812" rule="…" …] HIGH: … TEXT
//! ```
//!
//! 32473 is the enterprise number that RFC 5612 sets aside for examples; logseal has none of its own.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout, timeout_at};

use super::message::{AlertFacts, Message, Severity};
use super::network::{Connection, Network};
use super::send_error::SendError;
use super::target::{Syslog, Transport};
use super::words::{cut, milliseconds, one_line, title};

const VALUE_CHARACTERS_MAX: usize = 200;
const NAME_CHARACTERS_MAX: usize = 32;
/// What every receiver should take (RFC 5425, 5426).
const BYTES_MAX: usize = 2048;
/// How long the receiver is given to close, which tells that it did not reset the connection before it read.
const CLOSE_MAX: Duration = Duration::from_secs(1);

/// The kind of program that a record comes from, 0 to 23.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facility(u8);

impl Facility {
    pub const LOCAL0: Self = Self(16);

    /// By their numbers.
    pub const NAMES: [&'static str; 24] = [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
        "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
    ];

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let number = Self::NAMES.iter().position(|known| *known == name)?;
        u8::try_from(number).ok().map(Self)
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.get(usize::from(self.0)).copied().unwrap_or("local0")
    }
}

impl Network {
    /// Over UDP nobody says whether it arrived; over TCP and TLS that it was read is as good as sure once the receiver closes.
    ///
    /// # Errors
    /// The receiver is not there or breaks off ([`SendError::Later`]), or may not be connected to.
    pub(super) async fn log(
        &self,
        channel: &Syslog,
        hostname: &str,
        message: &Message,
        now: DateTime<Utc>,
    ) -> Result<(), SendError> {
        let record = record(channel.facility, hostname, message, now);
        let whole = self.deadlines.whole;
        let host = &channel.host;
        let late = |_| SendError::later(format!("{host} did not take the message within {whole:?}"));
        let sent = async {
            match channel.transport {
                Transport::Udp => self.datagram(channel, &record).await,
                Transport::Tcp | Transport::Tls => {
                    let is_encrypted = channel.transport == Transport::Tls;
                    let connection = self.connect(host, channel.port, is_encrypted).await?;
                    deliver(connection, &record)
                        .await
                        .map_err(|error| SendError::later(format!("{host} broke off: {error}")))
                }
            }
        };
        timeout(whole, sent).await.map_err(late)?
    }

    async fn datagram(&self, channel: &Syslog, record: &str) -> Result<(), SendError> {
        let host = &channel.host;
        let deadline = Instant::now() + self.deadlines.connect;
        let late = |_| SendError::later(format!("{host} could not be resolved within {:?}", self.deadlines.connect));
        let addresses = timeout_at(deadline, self.allowed.resolve(host, channel.port)).await.map_err(late)??;
        let mut problem = SendError::later(format!("{host} has no address"));
        for address in addresses {
            let any = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            let sent = async {
                let socket = UdpSocket::bind(any).await?;
                socket.connect(address).await?;
                socket.send(record.as_bytes()).await
            };
            match sent.await {
                Ok(_) => return Ok(()),
                Err(error) => problem = SendError::later(format!("cannot send to {host}: {error}")),
            }
        }
        Err(problem)
    }
}

async fn deliver(mut connection: Connection, record: &str) -> std::io::Result<()> {
    connection.write_all(format!("{} {record}", record.len()).as_bytes()).await?;
    connection.flush().await?;
    connection.shutdown().await?;
    let closed = async {
        let mut unread = [0; 256];
        while connection.read(&mut unread).await? != 0 {}
        Ok::<_, std::io::Error>(())
    };
    match timeout(CLOSE_MAX, closed).await {
        // TLS without its own goodbye: the message was taken all the same.
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(()),
        Ok(closed) => closed,
        // Many never close.
        Err(_) => Ok(()),
    }
}

fn record(facility: Facility, hostname: &str, message: &Message, now: DateTime<Utc>) -> String {
    let alert = &message.alert;
    let priority = u16::from(facility.0) * 8 + severity(alert.severity);
    let header = format!(
        "<{priority}>1 {} {} logseal - {} {}",
        milliseconds(now),
        host(hostname),
        message.event.name(),
        structured_data(alert)
    );
    let title = title(message);
    let text = format!("{title}: {}", one_line(&alert.description));
    let text = if alert.description.is_empty() { title.as_str() } else { text.as_str() };
    // The facts come first: a receiver that cuts loses the end of the text.
    let room = BYTES_MAX.saturating_sub(header.len() + 1);
    format!("{header} {}", bytes_cut(text, room))
}

fn structured_data(alert: &AlertFacts) -> String {
    let count = alert.log_count.to_string();
    let first_seen = milliseconds(alert.triggered_at);
    let hosts = alert.hosts.join(",");
    let mut parameters: Vec<(String, &str)> = [
        ("id", alert.id.as_str()),
        ("rule", &alert.rule_code),
        ("severity", alert.severity.name()),
        ("status", alert.status.name()),
        ("triggeredAt", &first_seen),
        ("count", &count),
        ("ip", alert.related_ip.as_deref().unwrap_or_default()),
        ("user", alert.related_user.as_deref().unwrap_or_default()),
        ("hosts", &hosts),
        ("cluster", alert.cluster.as_deref().unwrap_or_default()),
        ("url", &alert.url),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    parameters.extend(alert.group.iter().map(|(name, value)| (parameter_name(name), value.as_str())));
    let mut data = String::from("[alert@32473");
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        data.push_str(&format!(" {name}=\"{}\"", escaped(value)));
    }
    data.push(']');
    data
}

/// As RFC 5424 counts them.
fn severity(severity: Severity) -> u16 {
    match severity {
        Severity::Critical => 2,
        Severity::High => 3,
        Severity::Medium => 4,
        Severity::Low => 5,
        Severity::Info => 6,
    }
}

/// `group.` and the field's name, of printable ASCII without what ends a name.
fn parameter_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_graphic() && !matches!(c, '=' | ']' | '"') { c } else { '_' };
    format!("group.{name}").chars().map(plain).take(NAME_CHARACTERS_MAX).collect()
}

fn host(hostname: &str) -> String {
    let plain: String = hostname.chars().filter(char::is_ascii_graphic).take(255).collect();
    if plain.is_empty() { "-".to_owned() } else { plain }
}

fn escaped(value: &str) -> String {
    let value = one_line(value);
    let value = cut(&value, VALUE_CHARACTERS_MAX);
    value.replace('\\', "\\\\").replace('"', "\\\"").replace(']', "\\]")
}

fn bytes_cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::{Event, sample};

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_700, 0).unwrap()
    }

    fn of(message: &Message) -> String {
        record(Facility::LOCAL0, "logs1", message, now())
    }

    #[test]
    fn a_record_tells_the_alert() {
        insta::assert_snapshot!("syslog_raised", of(&sample(Event::Raised)));
        insta::assert_snapshot!("syslog_test", of(&Message::test("https://logs.example.net", now())));
    }

    #[test]
    fn values_cannot_leave_their_quotes() {
        assert_eq!(escaped("a\"] b\\\n"), "a\\\"\\] b\\\\ ");
        assert_eq!(parameter_name("a=b]c\"d é"), "group.a_b_c_d__");
        assert_eq!(parameter_name(&"x".repeat(100)).len(), 32);
    }

    #[test]
    fn the_text_is_cut_to_what_every_receiver_takes() {
        let mut message = sample(Event::Raised);
        message.alert.description = "é".repeat(4000);
        let record = of(&message);
        assert!(record.len() <= BYTES_MAX && record.len() > BYTES_MAX - 2, "{}", record.len());
    }

    #[test]
    fn every_facility_has_its_number_and_a_host_its_dash() {
        for (name, number) in [("kern", 0), ("authpriv", 10), ("local0", 16), ("local7", 23)] {
            let facility = Facility::from_name(name).unwrap();
            assert_eq!((facility.0, facility.name()), (number, name));
        }
        assert_eq!(Facility::from_name("local8"), None);
        assert_eq!((host(""), host("a b\n")), ("-".to_owned(), "ab".to_owned()));
    }
}
