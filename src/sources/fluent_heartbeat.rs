//! Fluentd's heartbeat over UDP (`heartbeat_type udp`): whoever asks whether there is anyone is answered one octet.

use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::sender_rate::SenderRate;
use crate::config::listener::ListenerConfig;

/// The answer, as Fluentd gives it.
const PAYLOAD: &[u8] = b"\0";
/// More than a heartbeat has.
const DATAGRAM_BYTES_MAX: usize = 128;
/// Answers to one address in a second. Two servers that are made to take each other for clients would answer without an end.
const ANSWERS_PER_SECOND: u32 = 100;

/// Answers until `stop`.
pub(super) async fn answer(socket: &UdpSocket, config: &ListenerConfig, stop: &CancellationToken) {
    let rate = SenderRate::new(ANSWERS_PER_SECOND);
    let mut buffer = [0; DATAGRAM_BYTES_MAX];
    loop {
        let received = tokio::select! {
            received = socket.recv_from(&mut buffer) => received,
            () = stop.cancelled() => return,
        };
        let answered = match received {
            Ok((_, sender)) if config.allows(sender.ip()) && rate.allows(sender.ip().to_canonical()) => {
                socket.try_send_to(PAYLOAD, sender).map(|_| ())
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = answered {
            debug!(%error, "a heartbeat was not answered");
            // Not a loop without a pause, should the error be there to stay.
            tokio::task::yield_now().await;
        }
    }
}
