//! Telling people of alerts, over webhooks, mail, chats, Alertmanager and syslog.
//!
//! A [`message::Message`] says what happened, a [`target::ChannelConfig`] who is told and how, and [`sender::Sender`] tells them once.
//! Whether it is tried again is decided by the caller: [`send_error::SendError`] says whether that makes sense, and [`backoff`] when.
//! Nothing here knows the database. What people configure decides where this machine connects to, so [`guard`] stands before every
//! connection but the one to the mail server, which the configuration of the daemon names.

pub mod backoff;
pub mod guard;
pub mod message;
pub mod send_error;
pub mod sender;
pub mod target;
pub mod web_address;

mod alertmanager;
mod email;
mod http_post;
pub mod network;
mod slack;
mod syslog;
mod target_fields;
mod target_read;
mod teams;
mod webhook;
mod words;

#[cfg(test)]
mod tests;
