//! How a session ended, by the first letter of HAProxy's termination state (section 8.5 of its manual).

use crate::Level;

/// The event that ended a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// `-`: both sides closed with nothing left to be sent.
    Normal,
    /// `L`: HAProxy answered by itself, with its statistics or a redirect.
    Local,
    ClientAborted,
    ClientTimeout,
    ServerAborted,
    ServerTimeout,
    /// `P`: a rule that denies, a limit of connections, or a server's answer that was blocked.
    ProxyRefused,
    /// `R`: memory, sockets or source ports ran out.
    ResourceExhausted,
    /// `I`: a check of HAProxy's of itself failed.
    InternalError,
    /// `D`: the server was found to be down, which ends its sessions.
    ServerDown,
    /// `U`: an active server came up, which ends those of its backup.
    BackupReplaced,
    /// `K`: by hand.
    Killed,
}

impl Ending {
    /// That of a `termination_state`; `None` for letters that the manual does not know.
    pub(super) fn of(state: &[u8]) -> Option<Self> {
        Some(match state.first()? {
            b'-' => Self::Normal,
            b'L' => Self::Local,
            b'C' => Self::ClientAborted,
            b'c' => Self::ClientTimeout,
            b'S' => Self::ServerAborted,
            b's' => Self::ServerTimeout,
            b'P' => Self::ProxyRefused,
            b'R' => Self::ResourceExhausted,
            b'I' => Self::InternalError,
            b'D' => Self::ServerDown,
            b'U' => Self::BackupReplaced,
            b'K' => Self::Killed,
            _ => return None,
        })
    }

    /// The value of the attribute `ended_by`, which a session that ended well does not have.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Normal => "",
            Self::Local => "proxy",
            Self::ClientAborted => "client_aborted",
            Self::ClientTimeout => "client_timeout",
            Self::ServerAborted => "server_aborted",
            Self::ServerTimeout => "server_timeout",
            Self::ProxyRefused => "proxy_refused",
            Self::ResourceExhausted => "resource_exhausted",
            Self::InternalError => "internal_error",
            Self::ServerDown => "server_down",
            Self::BackupReplaced => "backup_replaced",
            Self::Killed => "killed",
        }
    }

    /// How grave it is by itself. A session of a backend that has no server for it (`is_served` is false) is as lost as a request that
    /// is answered with 503.
    pub(super) fn level(self, is_served: bool) -> Level {
        match self {
            Self::Normal | Self::Local => Level::Info,
            Self::ResourceExhausted | Self::InternalError => Level::Error,
            Self::ServerAborted | Self::ServerTimeout if !is_served => Level::Error,
            _ => Level::Warn,
        }
    }
}
