//! Clusters: machines that belong together.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::types::Json;
use utoipa::ToSchema;

use super::column::Time;
use super::transaction::Tx;
use super::{Action, Actor, Meta, MetaError, both, pattern, text};

/// Machines that belong together.
#[derive(Clone, Debug, PartialEq, Serialize, sqlx::FromRow, ToSchema)]
pub struct Cluster {
    pub id: i64,
    pub name: String,
    /// Names of hosts, or patterns in which `*` stands for anything.
    #[sqlx(json)]
    pub hosts: Vec<String>,
    /// What people note about it; an object.
    #[sqlx(json)]
    #[schema(value_type = Object)]
    pub attributes: Value,
    #[sqlx(try_from = "Time")]
    pub created_at: DateTime<Utc>,
    #[sqlx(try_from = "Time")]
    pub updated_at: DateTime<Utc>,
}

/// A cluster as it is to be.
#[derive(Clone, Copy, Debug)]
pub struct NewCluster<'a> {
    pub name: &'a str,
    pub hosts: &'a [String],
    pub attributes: &'a Value,
}

/// The cluster that has `host`: the first of `clusters`, which [`Meta::clusters`] gives by name.
#[must_use]
pub fn cluster_of<'a>(clusters: &'a [Cluster], host: &str) -> Option<&'a Cluster> {
    clusters.iter().find(|cluster| cluster.hosts.iter().any(|name| pattern::matches(name, host)))
}

/// A query for whole clusters. The columns are those of [`Cluster`].
macro_rules! clusters {
    ($before:literal, $after:literal) => {
        concat!($before, " id, name, hosts, attributes, created_at, updated_at ", $after)
    };
}

impl Meta {
    /// All of them, by name.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn clusters(&self) -> Result<Vec<Cluster>, MetaError> {
        both!(at self, db => sqlx::query_as(clusters!("SELECT", "FROM clusters ORDER BY name")).fetch_all(db).await?)
    }

    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn cluster(&self, id: i64) -> Result<Cluster, MetaError> {
        both!(at self, db => sqlx::query_as(clusters!("SELECT", "FROM clusters WHERE id = $1")).bind(id).fetch_one(db).await?)
    }

    /// # Errors
    /// [`MetaError::Conflict`] of `name`.
    pub async fn create_cluster(
        &self,
        new: &NewCluster<'_>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Cluster, MetaError> {
        let mut tx = self.begin().await?;
        let cluster: Cluster = both!(in tx, db => sqlx::query_as(clusters!(
            "INSERT INTO clusters (name, hosts, attributes, created_at, updated_at) VALUES ($1, $2, $3, $4, $4) RETURNING", ""))
            .bind(text::clean(new.name))
            .bind(Json(text::clean_all(new.hosts)))
            .bind(Json(text::clean_json(new.attributes.clone())))
            .bind(Time(now))
            .fetch_one(db)
            .await?)?;
        let detail = json!({ "after": described(&cluster) });
        tx.record(Action::ClusterCreated, Some(&target(cluster.id)), detail, by, now).await?;
        tx.commit().await?;
        Ok(cluster)
    }

    /// Without a difference nothing is written.
    ///
    /// # Errors
    /// [`MetaError::NotFound`], [`MetaError::Conflict`] of `name`.
    pub async fn replace_cluster(
        &self,
        id: i64,
        new: &NewCluster<'_>,
        by: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Cluster, MetaError> {
        let mut tx = self.begin().await?;
        let before: Cluster = both!(in tx, db => sqlx::query_as(clusters!("SELECT", "FROM clusters WHERE id = $1"))
            .bind(id)
            .fetch_one(db)
            .await?)?;
        let after: Cluster = both!(in tx, db => sqlx::query_as(clusters!(
            "UPDATE clusters SET name = $2, hosts = $3, attributes = $4, updated_at = $5 WHERE id = $1 RETURNING", ""))
            .bind(id)
            .bind(text::clean(new.name))
            .bind(Json(text::clean_all(new.hosts)))
            .bind(Json(text::clean_json(new.attributes.clone())))
            .bind(Time(now))
            .fetch_one(db)
            .await?)?;
        if described(&before) == described(&after) {
            return Ok(before);
        }
        let detail = json!({ "before": described(&before), "after": described(&after) });
        tx.record(Action::ClusterUpdated, Some(&target(id)), detail, by, now).await?;
        tx.commit().await?;
        Ok(after)
    }

    /// Alerts that were of it keep its name.
    ///
    /// # Errors
    /// [`MetaError::NotFound`].
    pub async fn delete_cluster(&self, id: i64, by: &Actor, now: DateTime<Utc>) -> Result<(), MetaError> {
        let mut tx = self.begin().await?;
        let gone: Cluster = both!(in tx, db => sqlx::query_as(clusters!("DELETE FROM clusters WHERE id = $1 RETURNING", ""))
            .bind(id)
            .fetch_one(db)
            .await?)?;
        let detail = json!({ "before": described(&gone) });
        tx.record(Action::ClusterDeleted, Some(&target(id)), detail, by, now).await?;
        tx.commit().await
    }
}

impl Tx {
    /// As [`Meta::clusters`].
    pub(super) async fn clusters(&mut self) -> Result<Vec<Cluster>, MetaError> {
        both!(in self, db => sqlx::query_as(clusters!("SELECT", "FROM clusters ORDER BY name")).fetch_all(db).await?)
    }
}

fn target(id: i64) -> String {
    format!("cluster {id}")
}

fn described(cluster: &Cluster) -> Value {
    json!({ "name": cluster.name, "hosts": cluster.hosts, "attributes": cluster.attributes })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(name: &str, hosts: &[&str]) -> Cluster {
        Cluster {
            id: 1,
            name: name.to_owned(),
            hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
            attributes: json!({}),
            created_at: DateTime::UNIX_EPOCH,
            updated_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_host_is_of_the_first_cluster_that_has_it() {
        let clusters = [cluster("db", &["db1", "db2"]), cluster("edge", &["edge*", "db*"])];
        let of = |host| cluster_of(&clusters, host).map(|cluster| cluster.name.as_str());
        assert_eq!(of("db1"), Some("db"));
        assert_eq!(of("db3"), Some("edge"));
        assert_eq!(of("edge7"), Some("edge"));
        assert_eq!(of("web1"), None);
        assert_eq!(of(""), None);
    }
}
