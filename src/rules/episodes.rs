//! Alerts that last, and the effects that tell of them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::effect::{Continued, Effect, Ended, NAMED_MAX, Raised};
use super::room;
use crate::record::LogRow;

/// An alert that lasts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Episode {
    pub(super) id: String,
    /// The watermark when the last record of it came.
    pub(super) heard: i64,
    last_seen_at: i64,
    samples: usize,
    hosts: Vec<String>,
    has_ip: bool,
    has_user: bool,
    /// Which effect, of which batch, tells that it goes on.
    #[serde(skip)]
    told: (u64, usize),
}

/// Whom a record is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct About {
    pub(super) ip: Option<IpAddr>,
    pub(super) user: Option<String>,
    pub(super) host: Option<String>,
}

impl About {
    pub(super) fn row(row: &LogRow<'_>) -> Self {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self { ip: row.ip, user: text(&row.user_name), host: text(&row.host) }
    }
}

impl Episode {
    /// The bytes that it takes.
    pub(super) fn bytes(&self) -> usize {
        // By their lengths, which are the same for an episode that was read back. Texts may have been written into more room.
        let hosts: usize = self.hosts.iter().map(|host| 2 * host.len()).sum();
        size_of::<Self>() + 2 * self.id.len() + hosts + room::counted::<String>(self.hosts.len())
    }
}

/// Effects that nobody has taken yet.
#[derive(Debug)]
pub(super) struct Pending {
    effects: Vec<Effect>,
    /// Tells the effects before from those after they were taken.
    batch: u64,
}

impl Pending {
    pub(super) fn new(effects: Vec<Effect>) -> Self {
        Self { effects, batch: 1 }
    }

    pub(super) fn effects(&self) -> &[Effect] {
        &self.effects
    }

    pub(super) fn take(&mut self) -> Vec<Effect> {
        self.batch += 1;
        std::mem::take(&mut self.effects)
    }

    /// An alert begins. The hosts that it has already are those of earlier records.
    pub(super) fn raise(&mut self, mut raised: Raised, about: About, now: i64) -> Episode {
        if let Some(host) = about.host {
            raised.hosts.retain(|other| *other != host);
            raised.hosts.insert(0, host);
        }
        raised.hosts.truncate(NAMED_MAX);
        raised.ip = about.ip;
        raised.user = about.user;
        raised.samples.truncate(NAMED_MAX);
        let episode = Episode {
            id: raised.episode.clone(),
            heard: now,
            last_seen_at: raised.last_seen_at,
            samples: raised.samples.len(),
            hosts: raised.hosts.clone(),
            has_ip: raised.ip.is_some(),
            has_user: raised.user.is_some(),
            told: (0, 0),
        };
        self.effects.push(Effect::Raised(raised));
        episode
    }

    /// `added` more records of an alert came, the last one at `time`.
    pub(super) fn go_on(&mut self, episode: &mut Episode, rule: &str, more: &More<'_, '_>) {
        episode.heard = more.now;
        episode.last_seen_at = episode.last_seen_at.max(more.time);
        let Some(told) = self.told(episode, rule) else { return };
        told.added += more.added;
        told.last_seen_at = episode.last_seen_at;
        let Some(row) = more.row else { return };
        if episode.samples < NAMED_MAX {
            episode.samples += 1;
            told.samples.push(row.id);
        }
        if !episode.has_ip && row.ip.is_some() {
            episode.has_ip = true;
            told.ip = row.ip;
        }
        if !episode.has_user && !row.user_name.is_empty() {
            episode.has_user = true;
            told.user = Some(row.user_name.clone().into_owned());
        }
        let is_new = !row.host.is_empty() && !episode.hosts.iter().any(|host| *host == row.host);
        if is_new && episode.hosts.len() < NAMED_MAX {
            episode.hosts.push(row.host.clone().into_owned());
            told.hosts.push(row.host.clone().into_owned());
        }
    }

    /// The effect of this batch that tells that `episode` goes on.
    fn told(&mut self, episode: &mut Episode, rule: &str) -> Option<&mut Continued> {
        if episode.told.0 != self.batch {
            episode.told = (self.batch, self.effects.len());
            let continued = Continued { episode: episode.id.clone(), rule: rule.to_owned(), ..Continued::default() };
            self.effects.push(Effect::Continued(continued));
        }
        match self.effects.get_mut(episode.told.1) {
            Some(Effect::Continued(continued)) => Some(continued),
            _ => None,
        }
    }

    /// An alert ended.
    pub(super) fn end(&mut self, episode: Episode, rule: &str, at: i64) {
        self.effects.push(Effect::Ended(Ended { episode: episode.id, rule: rule.to_owned(), at }));
    }
}

/// What more of an alert came.
pub(super) struct More<'a, 'r> {
    pub(super) added: u64,
    pub(super) time: i64,
    pub(super) now: i64,
    pub(super) row: Option<&'a LogRow<'r>>,
}
