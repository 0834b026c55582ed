//! Users and tokens as lines of columns.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::meta::{ApiToken, User};

/// A line for each user.
pub(super) fn users(users: &[User]) -> String {
    columns(users.iter().map(|user| {
        [
            format!("{:5}", user.id),
            user.username.clone(),
            user.role.to_string(),
            user.status.to_string(),
            format!("last login {}", when(user.last_login_at)),
        ]
    }))
}

/// A line for each token, never with its secret. What is not bound to a source or a rate says so.
pub(super) fn tokens(tokens: &[ApiToken], now: DateTime<Utc>) -> String {
    columns(tokens.iter().map(|token| {
        [
            format!("{:5}", token.id),
            token.name.clone(),
            format!("{}…", token.prefix),
            token.scopes.to_string(),
            format!("source {}", token.source.as_deref().unwrap_or("any")),
            token.rate_limit.map_or_else(|| "no rate".to_owned(), |rate| format!("{rate}/s")),
            match token.expires_at {
                Some(end) if end <= now => format!("expired {}", when(Some(end))),
                end => format!("expires {}", when(end)),
            },
            format!("last used {}", when(token.last_used_at)),
        ]
    }))
}

fn when(time: Option<DateTime<Utc>>) -> String {
    time.map_or_else(|| "never".to_owned(), |time| time.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Lines whose cells stand below each other, each column as wide as its widest cell.
fn columns<const N: usize>(rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<_> = rows.collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let mut text = String::new();
    for row in rows {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        text += cells.join("  ").trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::{Role, Scope, UserStatus};

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn cells_stand_below_each_other() {
        let rows = [["a", "user", "x"], ["longer", "no", "y"], ["ü", "", ""]];
        let text = columns(rows.iter().map(|row| row.map(str::to_owned)));
        assert_eq!(text, "a       user  x\nlonger  no    y\nü\n");
        let roles = [Role::Admin, Role::User].map(|role| [role.to_string(), UserStatus::Active.to_string()]);
        assert_eq!(columns(roles.into_iter()), "admin  active\nuser   active\n");
    }

    #[test]
    fn a_token_is_told_with_its_bounds_and_whether_they_are_past() {
        let token = |source: Option<&str>, rate_limit, expires_at| ApiToken {
            id: 7,
            name: "web".to_owned(),
            prefix: "ls_abc".to_owned(),
            scopes: [Scope::Ingest].into_iter().collect(),
            source: source.map(str::to_owned),
            rate_limit,
            created_at: time("2026-01-01T00:00:00Z"),
            created_by: None,
            expires_at,
            last_used_at: None,
        };
        let end = Some(time("2026-11-20T10:00:00.5Z"));
        let shown = |token, now| tokens(&[token], time(now));
        assert_eq!(
            shown(token(None, None, None), "2026-11-20T10:00:00Z"),
            "    7  web  ls_abc…  ingest  source any  no rate  expires never  last used never\n"
        );
        assert_eq!(
            shown(token(Some("WEB"), Some(500), end), "2026-11-20T10:00:00Z"),
            "    7  web  ls_abc…  ingest  source WEB  500/s  expires 2026-11-20T10:00:00Z  last used never\n"
        );
        assert_eq!(
            shown(token(Some("WEB"), Some(500), end), "2026-11-20T10:00:01Z"),
            "    7  web  ls_abc…  ingest  source WEB  500/s  expired 2026-11-20T10:00:00Z  last used never\n"
        );
    }
}
