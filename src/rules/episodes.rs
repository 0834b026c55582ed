//! Alerts that last, and the effects that tell of them.

use std::collections::HashMap;
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
    /// So many records count.
    count: u64,
    samples: usize,
    hosts: Vec<String>,
    has_ip: bool,
    has_user: bool,
    /// Which of the effects that are held back, of which batch of them, tells that it goes on.
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

/// Alerts that go on are told at once while there are no more than these.
const TOLD_AT_ONCE: usize = 100;
/// Where there are more, they are told so often: what it takes to tell of an alert is the same for one record and for a thousand.
const TOLD_EVERY_MICROS: i64 = 5_000_000;

/// Effects that nobody has taken yet.
#[derive(Debug)]
pub(super) struct Pending {
    effects: Vec<Effect>,
    /// Alerts that go on, at most once each. Those without an episode were told since.
    held: Vec<Continued>,
    /// The watermark when the first of them did.
    held_since: i64,
    /// Tells those that are held from those that were before.
    batch: u64,
}

impl Pending {
    pub(super) fn new() -> Self {
        Self::restored(Vec::new(), Vec::new(), i64::MIN)
    }

    /// Effects as they were when a checkpoint was written.
    pub(super) fn restored(effects: Vec<Effect>, held: Vec<Continued>, held_since: i64) -> Self {
        Self { effects, held, held_since, batch: 1 }
    }

    pub(super) fn effects(&self) -> &[Effect] {
        &self.effects
    }

    /// What is held back, and since when.
    pub(super) fn held(&self) -> (&[Continued], i64) {
        (&self.held, self.held_since)
    }

    /// All effects.
    pub(super) fn take(&mut self) -> Vec<Effect> {
        self.batch += 1;
        let held = self.held.drain(..).filter(|continued| !continued.episode.is_empty());
        self.effects.extend(held.map(Effect::Continued));
        std::mem::take(&mut self.effects)
    }

    /// Those that are to be told by the watermark `now`: where many alerts go on, not each time that they do.
    pub(super) fn take_due(&mut self, now: i64) -> Vec<Effect> {
        let is_held = self.held.len() > TOLD_AT_ONCE && now < self.held_since.saturating_add(TOLD_EVERY_MICROS);
        if is_held { std::mem::take(&mut self.effects) } else { self.take() }
    }

    /// Finds again where episodes are held, after they were read back.
    pub(super) fn find<'e>(&self, episodes: impl Iterator<Item = &'e mut Episode>) {
        let places: HashMap<&str, usize> =
            self.held.iter().enumerate().map(|(at, held)| (held.episode.as_str(), at)).collect();
        for episode in episodes {
            if let Some(at) = places.get(episode.id.as_str()) {
                episode.told = (self.batch, *at);
            }
        }
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
            count: raised.count,
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
        episode.count += more.added;
        if self.held.is_empty() {
            self.held_since = more.now;
        }
        let Some(told) = self.told(episode, rule) else { return };
        told.total = episode.count;
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

    /// The effect that is held back and tells that `episode` goes on.
    fn told(&mut self, episode: &mut Episode, rule: &str) -> Option<&mut Continued> {
        if episode.told.0 != self.batch {
            episode.told = (self.batch, self.held.len());
            let continued = Continued { episode: episode.id.clone(), rule: rule.to_owned(), ..Continued::default() };
            self.held.push(continued);
        }
        self.held.get_mut(episode.told.1)
    }

    /// An alert ended, and what is held back of it is told before.
    pub(super) fn end(&mut self, episode: Episode, rule: &str, at: i64) {
        if episode.told.0 == self.batch
            && let Some(held) = self.held.get_mut(episode.told.1)
        {
            self.effects.push(Effect::Continued(std::mem::take(held)));
        }
        self.effects.push(Effect::Ended(Ended { episode: episode.id, rule: rule.to_owned(), at }));
    }

    /// An alert was resolved while it lasted. If something is held back of it, which may be of a new alert, that is told, and ends.
    pub(super) fn close(&mut self, episode: Episode, rule: &str) {
        if episode.told.0 == self.batch {
            let at = episode.last_seen_at;
            self.end(episode, rule, at);
        }
    }
}

/// What more of an alert came.
pub(super) struct More<'a, 'r> {
    pub(super) added: u64,
    pub(super) time: i64,
    pub(super) now: i64,
    pub(super) row: Option<&'a LogRow<'r>>,
}
