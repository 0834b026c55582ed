//! Entries of the operation log on their way to become log records.

use sqlx::AssertSqlSafe;

use super::{Meta, MetaError, Operation, both};

/// Bound in one statement.
const IDS_MAX: usize = 500;

impl Meta {
    /// The oldest entries of this daemon that it has not published yet, at most `limit`.
    ///
    /// # Errors
    /// [`MetaError`].
    pub async fn outbox(&self, limit: u32) -> Result<Vec<Operation>, MetaError> {
        both!(at self, db => sqlx::query_as(
            "SELECT o.id, o.node, o.user_id, o.username, o.token_id, o.action, o.target, o.ip, o.user_agent, o.created_at, o.detail
             FROM operation_log_outbox b JOIN operation_logs o ON o.id = b.operation_id
             WHERE b.node = $1 ORDER BY b.operation_id LIMIT $2")
            .bind(i64::from(self.node))
            .bind(i64::from(limit))
            .fetch_all(db)
            .await?)
    }

    /// Takes published entries from the outbox. By their ids: one with a smaller id may be committed later than one with a larger.
    ///
    /// # Errors
    /// [`MetaError`]; those that are left are published once more.
    pub async fn outbox_done(&self, ids: &[i64]) -> Result<(), MetaError> {
        for ids in ids.chunks(IDS_MAX) {
            let places: Vec<String> = (1..=ids.len()).map(|n| format!("${n}")).collect();
            let sql = format!("DELETE FROM operation_log_outbox WHERE operation_id IN ({})", places.join(", "));
            both!(at self, db => {
                let mut query = sqlx::query(AssertSqlSafe(sql));
                for id in ids {
                    query = query.bind(id);
                }
                query.execute(db).await?.rows_affected()
            })?;
        }
        Ok(())
    }
}
