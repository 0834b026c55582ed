//! The building blocks of authentication. They know neither the database nor HTTP: who keeps users and sessions, and who
//! asks for them, puts these together.

pub mod account_name;
pub mod attempt;
pub mod code;
pub mod jwt;
pub mod mail;
pub mod password;
pub mod password_policy;
pub mod rate;
pub mod secret;
pub mod server_secret;
pub mod throttle;
