//! Who asks: a person in a session, or a program with a token.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;

use super::error::ApiError;
use super::peer::Peer;
use super::state::Api;
use crate::meta::{Actor, Role, TokenAccess};
use crate::query::ast::{Expr, Term, TextTest};
use crate::query::field::TextField;

/// So much of a user agent is kept.
const USER_AGENT_CHARACTERS_MAX: usize = 200;

/// Whose credentials a request carries. It is among the request's extensions where they were good.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    Person { session_id: i64, user_id: i64, username: Arc<str>, role: Role },
    Program(Arc<TokenAccess>),
}

/// Under which names the records of a request are filed.
#[derive(Clone, Debug)]
pub(super) struct Filing {
    pub(super) origin: String,
    /// The source of all of them, whatever they say.
    pub(super) source: Option<String>,
}

impl Caller {
    /// `route` is the origin of what people send.
    pub(super) fn filing(&self, route: &str) -> Filing {
        match self {
            Self::Person { .. } => Filing { origin: route.to_owned(), source: None },
            Self::Program(token) => Filing { origin: format!("token:{}", token.name), source: token.source.clone() },
        }
    }

    /// What of `selection` this caller may see: a plain user only the records that name it.
    pub(super) fn visible(&self, selection: Expr) -> Expr {
        match self {
            Self::Person { username, role: Role::User, .. } => {
                let own = TextTest::Equals(username.to_string());
                Expr::And(vec![Expr::Term(Term::Text { field: TextField::UserName, test: own }), selection])
            }
            Self::Person { .. } | Self::Program(_) => selection,
        }
    }

    fn actor(&self) -> Actor {
        match self {
            Self::Person { user_id, username, .. } => {
                Actor { user_id: Some(*user_id), username: Some(username.to_string()), ..Actor::default() }
            }
            Self::Program(token) => {
                Actor { username: Some(format!("token {}", token.name)), token_id: Some(token.id), ..Actor::default() }
            }
        }
    }
}

impl FromRequestParts<Api> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _api: &Api) -> Result<Self, ApiError> {
        parts.extensions.get().cloned().ok_or_else(ApiError::not_authenticated)
    }
}

/// Who asks, as the operation log names them; also someone unknown.
#[derive(Clone, Debug)]
pub(super) struct By(pub(super) Actor);

impl FromRequestParts<Api> for By {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _api: &Api) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Caller>().map(Caller::actor).unwrap_or_default();
        let user_agent = parts.headers.get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
        Ok(Self(Actor {
            ip: parts.extensions.get::<Peer>().map(|peer| peer.0),
            user_agent: user_agent.map(|text| text.chars().take(USER_AGENT_CHARACTERS_MAX).collect()),
            ..known
        }))
    }
}
