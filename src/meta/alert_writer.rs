//! Writes alerts within one transaction that holds their lock: raising, going on, ending, resolving, with all that follows from it.

use chrono::{DateTime, Utc};

use super::alert_going::Going;
use super::alert_parts::{count, keep_first, open_key};
use super::alert_raising::{Found, Raising};
use super::alert_rows::Step;
use super::clusters::{Cluster, cluster_of};
use super::delivery_queue::DeliveryQueue;
use super::fault_book::FaultBook;
use super::fault_choice::Place;
use super::transaction::Tx;
use super::{Actor, Alert, AlertStatus, ContinuedAlert, EndedAlert, MetaError, RaisedAlert, text};

/// One transaction's changes of alerts.
pub(super) struct AlertWriter {
    tx: Tx,
    /// The number that taking the lock gave, and the last one that a change has.
    locked: i64,
    last: i64,
    now: DateTime<Utc>,
    going: Going,
    raising: Raising,
    /// Alerts that were made, as they were then.
    made: Vec<Alert>,
    faults: FaultBook,
    queue: DeliveryQueue,
    /// Read once they are needed.
    clusters: Option<Vec<Cluster>>,
}

impl AlertWriter {
    /// `version` is what the lock of alerts gave in `tx`.
    pub(super) fn new(tx: Tx, version: i64, now: DateTime<Utc>) -> Self {
        Self {
            tx,
            locked: version,
            last: version - 1,
            now,
            going: Going::default(),
            raising: Raising::default(),
            made: Vec::new(),
            faults: FaultBook::default(),
            queue: DeliveryQueue::new(now),
            clusters: None,
        }
    }

    /// Reads at once what [`AlertWriter::raise`] and [`AlertWriter::go_on`] will be asked about next. Other alerts are read one by one.
    pub(super) async fn read_ahead(&mut self, raised: &[&RaisedAlert], going: &[&str]) -> Result<(), MetaError> {
        self.write().await?;
        self.raising = Raising::read(&mut self.tx, raised).await?;
        self.going = Going::read(&mut self.tx, going).await?;
        Ok(())
    }

    /// Writes the alerts that are raised and go on. Must come before anything else reads alerts.
    async fn write(&mut self) -> Result<(), MetaError> {
        let made = self.raising.write(&mut self.tx).await?;
        for alert in &made {
            if alert.silenced_by.is_none() {
                self.queue.raised(&mut self.tx, alert).await?;
            }
            self.going.know(&alert.episode, alert.clone(), alert.log_count);
        }
        self.made.extend(made);
        self.going.write(&mut self.tx).await
    }

    /// Writes what was gathered, and gives the transaction back, with the alerts that were made.
    pub(super) async fn finish(mut self) -> Result<(Tx, Vec<Alert>), MetaError> {
        self.write().await?;
        self.faults.write(&mut self.tx).await?;
        self.queue.write_summaries(&mut self.tx).await?;
        // So many changes were made; where there was none, nobody has to look for one.
        if self.last != self.locked {
            self.tx.set_alerts_version(self.last).await?;
        }
        Ok((self.tx, self.made))
    }

    /// Makes an alert, unless the episode is known or joins an open one.
    pub(super) async fn raise(&mut self, raised: &RaisedAlert) -> Result<(), MetaError> {
        let key = open_key(&raised.rule_code, &raised.group);
        match self.raising.find(&raised.episode, &key) {
            Found::Known => return Ok(()),
            Found::New => {}
            Found::Unsure => {
                self.write().await?;
                if self.tx.alert_by_episode(&raised.episode).await?.is_some() {
                    return Ok(());
                }
                if let Some(alert) = self.tx.alert_by_open_key(&key).await? {
                    return self.join(alert, raised).await;
                }
            }
        }
        let mut alert = self.new_alert(raised);
        let clusters = self.clusters_of(&alert.hosts).await?;
        alert.cluster = clusters.first().cloned().flatten();
        let clusters: Vec<String> = clusters.into_iter().flatten().collect();
        let place = Place { hosts: &alert.hosts, clusters: &clusters, at: alert.triggered_at };
        alert.fault_id = Some(self.faults.join(&mut self.tx, &alert, place).await?);
        alert.silenced_by = self.queue.silenced_by(&mut self.tx, &alert).await?;
        self.raising.put(alert, key);
        if self.raising.is_full() { self.write().await } else { Ok(()) }
    }

    /// The rule is satisfied again for a group that has an open alert.
    async fn join(&mut self, mut alert: Alert, raised: &RaisedAlert) -> Result<(), MetaError> {
        self.tx.add_episode(&text::whole(&raised.episode), alert.id, count(raised.count)).await?;
        let more = ContinuedAlert {
            episode: raised.episode.clone(),
            total: raised.count,
            last_seen_at: raised.last_seen_at,
            ip: raised.ip,
            user: raised.user.clone(),
            hosts: raised.hosts.clone(),
            samples: raised.samples.clone(),
        };
        alert.lasting = true;
        self.add(&mut alert, count(raised.count), &more).await?;
        self.update(&mut alert).await
    }

    /// Adds what came to the episode's alert. Where that was resolved since, what came before counts for nothing, and what came after it is
    /// a new alert: this daemon could not hear of it, or would have judged anew. Says whether they count on an open alert; if not, the rule
    /// has to be satisfied anew.
    pub(super) async fn go_on(&mut self, continued: &ContinuedAlert) -> Result<bool, MetaError> {
        let mut known = self.going.take(&continued.episode);
        if known.is_none() {
            self.write().await?;
            known = self.going.take(&continued.episode);
        }
        if known.is_none() {
            known = self.tx.counted_alert(&continued.episode).await?;
        }
        let Some((mut alert, counted)) = known else { return Ok(false) };
        let added = count(continued.total).saturating_sub(counted).max(0);
        if alert.status == AlertStatus::Resolved {
            let is_later = alert.resolved_at.is_some_and(|resolved_at| continued.last_seen_at > resolved_at);
            if added == 0 || !is_later {
                return Ok(false);
            }
            self.raise_again(&alert, added.unsigned_abs(), continued).await?;
            return Ok(true);
        }
        if added > 0 {
            let tells = self.add(&mut alert, added, continued).await?;
            alert.version = self.next_version();
            self.going.put(&continued.episode, alert, counted + added, tells);
        } else {
            self.going.know(&continued.episode, alert, counted);
        }
        Ok(true)
    }

    /// The episode leaves its resolved alert for a new one of the same rule and group, or for the one that is open.
    async fn raise_again(&mut self, resolved: &Alert, added: u64, more: &ContinuedAlert) -> Result<(), MetaError> {
        let again = RaisedAlert {
            // Names it among all, and is the same however often it is tried.
            episode: format!("{}+{}", more.episode, resolved.id),
            rule_code: resolved.rule_code.clone(),
            rule_name: resolved.rule_name.clone(),
            severity: resolved.severity,
            tags: resolved.tags.clone(),
            group: resolved.group.clone(),
            triggered_at: more.last_seen_at,
            last_seen_at: more.last_seen_at,
            count: added,
            description: resolved.description.clone(),
            ip: more.ip.or(resolved.related_ip),
            user: more.user.clone().or_else(|| resolved.related_user.clone()),
            // What came says only which hosts are new.
            hosts: [resolved.hosts.as_slice(), &more.hosts].concat(),
            samples: more.samples.clone(),
        };
        self.raise(&again).await?;
        self.write().await?;
        self.tx.end_episode(&again.episode, more.last_seen_at).await?;
        self.tx.move_episode(&more.episode, &again.episode, count(more.total)).await?;
        self.going.forget(&more.episode);
        Ok(())
    }

    /// The alert, where that resolved it.
    pub(super) async fn end(&mut self, ended: &EndedAlert) -> Result<Option<Alert>, MetaError> {
        self.write().await?;
        let was_lasting = self.tx.end_episode(&ended.episode, ended.at).await?;
        let Some(mut alert) = self.tx.alert_by_episode(&ended.episode).await? else { return Ok(None) };
        let goes_on = self.tx.count_lasting_episodes(alert.id).await? > 0;
        if !was_lasting || goes_on || alert.status == AlertStatus::Resolved {
            return Ok(None);
        }
        if ended.resolve_when_quiet {
            self.resolve(&mut alert, ended.at, None, None).await?;
            return Ok(Some(alert));
        }
        alert.lasting = false;
        self.update(&mut alert).await?;
        Ok(None)
    }

    /// Sets a status that the alert may have, or only notes a comment.
    pub(super) async fn set_status(
        &mut self,
        alert: &mut Alert,
        status: AlertStatus,
        comment: Option<&str>,
        by: &Actor,
    ) -> Result<(), MetaError> {
        let now = self.now;
        if status == AlertStatus::Resolved && alert.status != status {
            return self.resolve(alert, now, Some(by), comment).await;
        }
        let from = Some(alert.status);
        alert.status = status;
        self.update(alert).await?;
        self.tx.note(alert, &Step { at: now, by: Some(by), from, comment }).await
    }

    /// Resolves it; by itself where `by` is `None`.
    async fn resolve(
        &mut self,
        alert: &mut Alert,
        at: DateTime<Utc>,
        by: Option<&Actor>,
        comment: Option<&str>,
    ) -> Result<(), MetaError> {
        let from = Some(alert.status);
        alert.status = AlertStatus::Resolved;
        alert.resolved_at = Some(at);
        alert.lasting = false;
        self.update(alert).await?;
        self.tx.end_episodes(alert.id, at).await?;
        self.tx.note(alert, &Step { at, by, from, comment }).await?;
        if let Some(fault) = alert.fault_id {
            self.faults.alert_resolved(&mut self.tx, fault, at).await?;
        }
        self.queue.resolved(&mut self.tx, alert).await
    }

    /// Adds what came to the alert, `added` records, and to its fault; the alert is not written yet. Says whether it told more than counts.
    async fn add(&mut self, alert: &mut Alert, added: i64, more: &ContinuedAlert) -> Result<bool, MetaError> {
        let told = |alert: &Alert| {
            let (hosts, samples) = (alert.hosts.len(), alert.sample_log_ids.len());
            (hosts, samples, alert.related_ip.is_some(), alert.related_user.is_some())
        };
        let before = told(alert);
        alert.log_count = alert.log_count.saturating_add(added);
        alert.last_seen_at = alert.last_seen_at.max(more.last_seen_at);
        alert.related_ip = alert.related_ip.or(more.ip);
        alert.related_user = alert.related_user.take().or_else(|| more.user.as_deref().map(text::whole));
        keep_first(&mut alert.hosts, &text::clean_all(&more.hosts));
        keep_first(&mut alert.sample_log_ids, &more.samples);
        if let Some(fault) = alert.fault_id {
            let clusters: Vec<String> = self.clusters_of(&alert.hosts).await?.into_iter().flatten().collect();
            let place = Place { hosts: &alert.hosts, clusters: &clusters, at: alert.last_seen_at };
            self.faults.see(&mut self.tx, fault, alert.severity, place).await?;
        }
        Ok(told(alert) != before)
    }

    async fn update(&mut self, alert: &mut Alert) -> Result<(), MetaError> {
        alert.version = self.next_version();
        self.tx.update_alert(alert).await?;
        self.going.written(alert);
        Ok(())
    }

    fn next_version(&mut self) -> i64 {
        self.last += 1;
        self.last
    }

    /// For each host the name of its cluster.
    async fn clusters_of(&mut self, hosts: &[String]) -> Result<Vec<Option<String>>, MetaError> {
        if self.clusters.is_none() {
            self.clusters = Some(self.tx.clusters().await?);
        }
        let clusters = self.clusters.as_deref().unwrap_or_default();
        Ok(hosts.iter().map(|host| cluster_of(clusters, host).map(|cluster| cluster.name.clone())).collect())
    }

    /// What is known without the database.
    fn new_alert(&mut self, raised: &RaisedAlert) -> Alert {
        let (mut hosts, mut samples) = (Vec::new(), Vec::new());
        keep_first(&mut hosts, &text::clean_all(&raised.hosts));
        keep_first(&mut samples, &raised.samples);
        Alert {
            id: 0,
            version: self.next_version(),
            episode: text::whole(&raised.episode),
            rule_code: text::clean(&raised.rule_code),
            rule_name: text::clean(&raised.rule_name),
            severity: raised.severity,
            status: AlertStatus::New,
            lasting: true,
            triggered_at: raised.triggered_at,
            last_seen_at: raised.last_seen_at,
            log_count: count(raised.count),
            related_ip: raised.ip,
            related_user: raised.user.as_deref().map(text::whole),
            hosts,
            cluster: None,
            group: raised.group.iter().map(|(name, value)| (text::whole(name), text::whole(value))).collect(),
            description: text::whole(&raised.description),
            sample_log_ids: samples,
            tags: text::clean_all(&raised.tags),
            node: i64::from(self.tx.node),
            fault_id: None,
            silenced_by: None,
            resolved_at: None,
        }
    }
}
