//! RELP, the protocol of rsyslog's omrelp: each `syslog` command is answered once its record is durable.

use logseal_parsers::framing::datagram;
use logseal_parsers::framing::relp::{Command, RelpFramer, RelpStep};

use super::admission::Refusal;
use super::dialogue::{Dialogue, Next};
use super::gathered::Gathered;
use super::intake::Whole;

/// What is offered in answer to `open`.
const OFFERS: &str = concat!("relp_version=0\nrelp_software=logseal,", env!("CARGO_PKG_VERSION"), "\ncommands=syslog");

const SERVERCLOSE: &[u8] = b"0 serverclose 0\n";

/// One session.
pub(super) struct Relp {
    framer: RelpFramer,
    opened: bool,
    /// Why the client is not let in.
    refusal: Option<Refusal>,
}

impl Relp {
    /// A session whose records are cut at `frame_bytes_max`; where there is a `refusal`, one that is not opened.
    pub(super) fn new(frame_bytes_max: usize, refusal: Option<Refusal>) -> Self {
        Self { framer: RelpFramer::new(frame_bytes_max), opened: false, refusal }
    }

    fn command(&mut self, command: &Command<'_>, gathered: &mut Gathered<'_>) -> anyhow::Result<Next> {
        match command.name {
            b"open" => {
                anyhow::ensure!(!self.opened, "RELP: a second open within one session");
                if let Some(refusal) = &self.refusal {
                    respond(command, &format!("500 {}", refusal.told()), gathered);
                    gathered.answer(SERVERCLOSE);
                    return Err(gathered.refuse(refusal).into());
                }
                if !offers_syslog(command.data) {
                    respond(command, "500 the command syslog is not among those offered", gathered);
                    return Ok(Next::Closed);
                }
                self.opened = true;
                respond(command, &format!("200 OK\n{OFFERS}"), gathered);
            }
            b"syslog" => {
                anyhow::ensure!(self.opened, "RELP: a record before the session was opened");
                let whole = if command.truncated { Whole::NotAtLimit } else { Whole::Yes };
                for line in datagram(command.data) {
                    gathered.add_line(line, whole);
                }
                respond(command, "200 OK", gathered);
            }
            b"close" => {
                respond(command, "", gathered);
                gathered.answer(SERVERCLOSE);
                return Ok(Next::Closed);
            }
            _ => respond(command, "500 unknown command", gathered),
        }
        Ok(Next::Took(command.consumed))
    }
}

impl Dialogue for Relp {
    fn buffer_bytes(&self) -> usize {
        self.framer.buffer_bytes()
    }

    fn next(&mut self, unread: &[u8], gathered: &mut Gathered<'_>) -> anyhow::Result<Next> {
        match self.framer.next(unread) {
            Ok(RelpStep::Command(command)) => self.command(&command, gathered),
            Ok(RelpStep::NeedMore { consumed }) => Ok(Next::NeedMore(consumed)),
            Err(fault) => Err(anyhow::anyhow!("RELP: {fault}")),
        }
    }

    fn goodbye(&self) -> &'static [u8] {
        SERVERCLOSE
    }
}

fn respond(command: &Command<'_>, data: &str, gathered: &mut Gathered<'_>) {
    let (transaction, octets) = (command.transaction, data.len());
    let blank = if data.is_empty() { "" } else { " " };
    gathered.answer(format!("{transaction} rsp {octets}{blank}{data}\n").as_bytes());
}

/// Whether a client's offers have the command `syslog`, or say nothing of commands.
fn offers_syslog(offers: &[u8]) -> bool {
    let mut commands = offers.split(|b| *b == b'\n').filter_map(|line| line.strip_prefix(b"commands="));
    commands.next().is_none_or(|commands| commands.split(|b| *b == b',').any(|command| command == b"syslog"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_cannot_send_syslog_is_told() {
        assert!(offers_syslog(b"relp_version=0\ncommands=eventlog,syslog\n"));
        assert!(offers_syslog(b"relp_version=0"));
        assert!(!offers_syslog(b"commands=eventlog,syslog2"));
    }
}
