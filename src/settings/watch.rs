//! Hands the settings to whoever follows them, as soon as they change.

use std::sync::Arc;

use tokio::sync::watch;

use super::Settings;

/// Whoever reads the settings from where they are stored publishes them here.
#[derive(Clone, Debug)]
pub struct SettingsPublisher {
    sender: watch::Sender<Arc<Settings>>,
}

/// The settings that hold now, and word of every change. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct SettingsWatch {
    current: watch::Receiver<Arc<Settings>>,
}

/// Both ends; `first` holds until something is published.
#[must_use]
pub fn channel(first: Settings) -> (SettingsPublisher, SettingsWatch) {
    let (sender, current) = watch::channel(Arc::new(first));
    (SettingsPublisher { sender }, SettingsWatch { current })
}

impl SettingsPublisher {
    /// Makes `settings` hold; whether they differ from those that held. Followers hear only of a difference.
    pub fn publish(&self, settings: Settings) -> bool {
        self.sender.send_if_modified(|current| {
            let differs = **current != settings;
            if differs {
                *current = Arc::new(settings);
            }
            differs
        })
    }
}

impl SettingsWatch {
    /// What holds now.
    #[must_use]
    pub fn current(&self) -> Arc<Settings> {
        self.current.borrow().clone()
    }

    /// What holds after the next change that this follower has not seen; waits for ever where nobody publishes any more.
    ///
    /// Cancel-safe: a change is seen by the next call.
    pub async fn changed(&mut self) -> Arc<Settings> {
        if self.current.changed().await.is_err() {
            return std::future::pending().await;
        }
        self.current.borrow_and_update().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn followers_hear_of_differences_only() {
        let (publisher, mut follower) = channel(Settings::defaults(184));
        assert!(!publisher.publish(Settings::defaults(184)));
        assert!(publisher.publish(Settings::defaults(30)));
        assert!(publisher.publish(Settings::defaults(7)));
        assert_eq!(follower.current().retention_days, 7);
        assert_eq!(follower.changed().await.retention_days, 7);
        drop(publisher);
        let more = tokio::time::timeout(std::time::Duration::from_millis(1), follower.changed()).await;
        assert!(more.is_err(), "there is no change without a publisher");
        assert_eq!(follower.current().retention_days, 7);
    }
}
