//! Starts what watches the stream with rules, and what tells people.

use anyhow::Context as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::alerts::{self, Alerts, Deliver, Follow, WatchTroubles};
use crate::clock::now;
use crate::config::Config;
use crate::meta::Meta;
use crate::metrics::Metrics;
use crate::notify::guard::Allowed;
use crate::notify::network::Deadlines;
use crate::notify::sender::{Sender, Settings};
use crate::settings::watch::SettingsWatch;
use crate::spool::follower::Follower;
use crate::spool::ledger::Monitor;

const STATE_FILE: &str = "alerts.state";

pub(super) struct Alerting {
    pub(super) follower: Follower,
    pub(super) alerts: Alerts,
    pub(super) meta: Meta,
    pub(super) settings: SettingsWatch,
    pub(super) monitor: Monitor,
    pub(super) metrics: Metrics,
}

impl Alerting {
    /// Starts all of it on `side`: the delivery and the watch of our own troubles end with `stop`, the follower, whose handle is returned, once the
    /// spool's writer is gone and all is evaluated, or with `end`.
    pub(super) async fn start(
        self,
        config: &Config,
        public_url: &str,
        side: &TaskTracker,
        stop: &CancellationToken,
        end: &CancellationToken,
    ) -> anyhow::Result<JoinHandle<()>> {
        let Self { follower, alerts, meta, settings, monitor, metrics } = self;
        alerts::ship(&meta, now()).await.context("put the rules in place that come with the program")?;
        let sender = Sender::new(
            Settings {
                allowed: Allowed { private: config.alerts.private_targets },
                deadlines: Deadlines::default(),
                authorities: None,
                hostname: hostname(),
            },
            config.smtp.as_ref(),
        )
        .context("set up the channels of alerts")?;
        let deliver = Deliver { meta: meta.clone(), alerts: alerts.clone(), sender, public_url: public_url.to_owned() };
        side.spawn(deliver.run(stop.clone()));
        let troubles = WatchTroubles {
            meta: meta.clone(),
            alerts: alerts.clone(),
            monitor,
            metrics,
            node: config.node,
            spool_bytes_max: config.spool.disk_bytes_max,
        };
        side.spawn(troubles.run(stop.clone()));
        let limits = crate::alerts::limits(&config.alerts);
        let follow = Follow { follower, meta, alerts, settings, limits, state: config.data_dir.join(STATE_FILE) };
        Ok(side.spawn(follow.run(end.clone())))
    }
}

/// This machine's name, as syslog receivers are told it.
fn hostname() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}
