//! Who does something.

use std::net::IpAddr;

/// Who does something, and from where. The default is the daemon itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    pub user_id: Option<i64>,
    pub username: Option<String>,
    /// The API token that was used, where it was one.
    pub token_id: Option<i64>,
    pub ip: Option<IpAddr>,
    pub user_agent: Option<String>,
}
