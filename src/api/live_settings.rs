//! The settings as they are stored, and as everyone in this daemon follows them.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::meta::{Actor, Meta, MetaError, SettingChange};
use crate::settings::Settings;
use crate::settings::changes::Change;
use crate::settings::describe::SettingInfo;
use crate::settings::watch::{self, SettingsPublisher, SettingsWatch};
use crate::telemetry::chain;

/// A change by another daemon is seen after so long.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Reads, changes and follows what is stored. Cloning is cheap.
#[derive(Clone)]
pub struct LiveSettings {
    meta: Meta,
    defaults: Arc<Settings>,
    publisher: SettingsPublisher,
    watch: SettingsWatch,
    /// One reads and publishes at a time, so that older values are never published behind newer ones.
    loading: Arc<Mutex<()>>,
}

impl LiveSettings {
    /// With what is stored now.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn open(meta: Meta, defaults: Settings) -> Result<Self, MetaError> {
        let (publisher, watch) = watch::channel(defaults.clone());
        let settings = Self { meta, defaults: Arc::new(defaults), publisher, watch, loading: Arc::default() };
        settings.load().await?;
        Ok(settings)
    }

    /// For those who follow.
    #[must_use]
    pub fn watch(&self) -> SettingsWatch {
        self.watch.clone()
    }

    /// What there is, with values, bounds and descriptions.
    pub(super) fn describe(&self) -> Vec<SettingInfo> {
        self.watch.current().describe(&self.defaults)
    }

    /// What the settings would be with `changes`; nothing is changed.
    ///
    /// # Errors
    /// [`MetaError`].
    pub(super) async fn changed(&self, changes: &[Change]) -> Result<Settings, MetaError> {
        let mut stored = self.meta.settings().await?;
        stored.retain(|(key, _)| changes.iter().all(|change| change.key != *key));
        stored.extend(changes.iter().filter_map(|change| Some((change.key.clone(), change.value.clone()?))));
        Ok(Settings::from_stored(&self.defaults, stored).0)
    }

    /// Stores `changes`, all or none, and has everyone follow them.
    pub(super) async fn change(&self, changes: Vec<Change>, by: &Actor, now: DateTime<Utc>) -> Result<(), MetaError> {
        let changes: Vec<_> =
            changes.into_iter().map(|change| SettingChange { key: change.key, value: change.value }).collect();
        self.meta.put_settings(&changes, by, now).await?;
        self.load().await.map(drop)
    }

    /// Looks for changes by other daemons until `stop`.
    pub async fn follow(self, stop: CancellationToken) {
        let mut seen = None;
        loop {
            match self.meta.settings_version().await {
                Ok(version) if seen != Some(version) => match self.load().await {
                    Ok(differs) => {
                        if differs {
                            info!("the settings have changed");
                        }
                        seen = Some(version);
                    }
                    Err(error) => debug!(error = %chain(&error), "reading the settings failed"),
                },
                Ok(_) => {}
                Err(error) => debug!(error = %chain(&error), "looking for changed settings failed"),
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    async fn load(&self) -> Result<bool, MetaError> {
        let _turn = self.loading.lock().await;
        let (settings, problems) = Settings::from_stored(&self.defaults, self.meta.settings().await?);
        for problem in problems {
            warn!("{problem}");
        }
        Ok(self.publisher.publish(settings))
    }
}
