//! The arguments of `logseal user` and `logseal token`, which are run on the metadata database of the configuration.

use std::num::NonZeroU32;

use chrono::TimeDelta;
use clap::Subcommand;

use super::progress::duration;
use crate::meta::{Role, Scope};

/// What can be done with accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Makes a user; the password is asked for, or read as one line from standard input.
    Add {
        name: String,
        #[arg(long, default_value = "user")]
        role: Role,
        #[arg(long)]
        email: Option<String>,
        /// Draws a password and prints it.
        #[arg(long)]
        generate: bool,
    },
    /// Sets a user's password and ends its sessions.
    Passwd {
        name: String,
        /// Draws a password and prints it.
        #[arg(long)]
        generate: bool,
    },
    /// Lists the users.
    List,
    /// Ends a user's sessions and refuses new ones.
    Disable { name: String },
    /// Lets a disabled user sign in again.
    Enable { name: String },
}

/// What can be done with API tokens.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Makes a token and prints it, the only time, alone on standard output.
    Add {
        name: String,
        /// ingest, read, admin; several with commas.
        #[arg(long, value_delimiter = ',', required = true)]
        scope: Vec<Scope>,
        /// The source of all that it sends.
        #[arg(long)]
        source: Option<String>,
        /// Requests a second.
        #[arg(long)]
        rate_limit: Option<NonZeroU32>,
        /// How long it holds, as 90d or 12h.
        #[arg(long, value_name = "SPAN", value_parser = span)]
        expires: Option<TimeDelta>,
    },
    /// Lists the tokens.
    List,
    /// Has a token refused from now on, by its name or its id.
    Revoke { token: String },
}

fn span(text: &str) -> Result<TimeDelta, String> {
    let span = TimeDelta::from_std(duration(text)?).map_err(|error| error.to_string())?;
    if span.is_zero() { Err("it would have expired when it is made".to_owned()) } else { Ok(span) }
}
