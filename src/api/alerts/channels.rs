//! Channels: who is told of alerts, and how.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::super::caller::By;
use super::super::error::{ApiError, FieldFault};
use super::super::fields::{Fields, path_id};
use super::super::listed::{Listed, Paging};
use super::super::openapi::bodies;
use super::super::openapi::parameters::PageParameters;
use super::super::params::Params;
use super::super::state::Api;
use crate::alerts::config_of;
use crate::clock::now;
use crate::meta::{Channel, ChannelKind, Delivery, DeliveryStatus, NewChannel, Severity};
use crate::notify::target::{ChannelConfig, Kind};
use crate::rules::check::CODE_BYTES_MAX;

const NAME_CHARACTERS_MAX: usize = 200;
const CODES_MAX: usize = 1000;
const PER_HOUR_DEFAULT: u64 = 60;
const PER_HOUR_MAX: u64 = 10_000;
/// A test is waited for so long: a receiver has 15 s to take it.
const TEST_WAIT_MAX: Duration = Duration::from_secs(20);
const TEST_LOOK_EVERY: Duration = Duration::from_millis(50);

/// A channel without its secrets.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Channel)]
pub(in crate::api) struct Shown {
    #[serde(flatten)]
    channel: Channel,
    /// As it was given; secrets are null, and `has_secret` says that there is one.
    #[schema(value_type = Object)]
    config: Value,
}

impl Shown {
    fn of(channel: Channel) -> Self {
        let config = config_of(&channel).map_or(Value::Null, |config| config.masked());
        Self { channel, config }
    }
}

/// What became of a test.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChannelTest)]
pub(in crate::api) struct Tested {
    delivery_id: i64,
    /// `sent`, `failed`, or `queued` where it is tried again.
    status: DeliveryStatus,
    error: Option<String>,
}

/// `GET /channels`
#[utoipa::path(
    get,
    path = "/api/v1/channels",
    tag = "Alerts",
    operation_id = "list_channels",
    summary = "Who is told of alerts, by name",
    security(("bearer" = ["admin"])),
    params(PageParameters),
    responses((status = 200, description = "A page", body = Listed<Shown>))
)]
pub(in crate::api) async fn list(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let paging = Paging::of(&mut params);
    params.finish()?;
    let channels = api.accounts.meta.channels().await?;
    Ok(Json(paging.cut(channels.into_iter().map(Shown::of).collect())).into_response())
}

/// `GET /channels/{id}`
#[utoipa::path(
    get,
    path = "/api/v1/channels/{id}",
    tag = "Alerts",
    operation_id = "get_channel",
    summary = "One channel, without its secrets",
    security(("bearer" = ["admin"])),
    params(("id" = i64, Path, description = "The channel's id", minimum = 1)),
    responses((status = 200, description = "The channel", body = Shown))
)]
pub(in crate::api) async fn by_id(
    State(api): State<Api>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    Ok(Json(Shown::of(channel(&api, &id).await?)).into_response())
}

/// `POST /channels`
#[utoipa::path(
    post,
    path = "/api/v1/channels",
    tag = "Alerts",
    operation_id = "create_channel",
    summary = "Tell somebody of alerts",
    security(("bearer" = ["admin"])),
    request_body = bodies::ChannelForm,
    responses((status = 201, description = "The channel", body = Shown), (status = 409, description = "The name is taken"))
)]
pub(in crate::api) async fn create(State(api): State<Api>, By(by): By, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let form = Form::read(&api, request, None).await?;
    let made = api.accounts.meta.create_channel(&form.as_new(), &by, now()).await?;
    Ok((StatusCode::CREATED, Json(Shown::of(made))).into_response())
}

/// `PUT /channels/{id}`: secrets that are null or left out stay as they are.
#[utoipa::path(
    put,
    path = "/api/v1/channels/{id}",
    tag = "Alerts",
    operation_id = "replace_channel",
    summary = "Change a channel; secrets that are null or left out stay, while it goes to the same place",
    security(("bearer" = ["admin"])),
    params(("id" = i64, Path, description = "The channel's id", minimum = 1)),
    request_body = bodies::ChannelForm,
    responses((status = 200, description = "The channel", body = Shown), (status = 409, description = "The name is taken"))
)]
pub(in crate::api) async fn replace(
    State(api): State<Api>,
    Path(id): Path<String>,
    By(by): By,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let before = channel(&api, &id).await?;
    let form = Form::read(&api, request, config_of(&before).ok().as_ref()).await?;
    let changed = api.accounts.meta.replace_channel(before.id, &form.as_new(), &by, now()).await;
    Ok(Json(Shown::of(changed.map_err(ApiError::of_thing("channel", &id))?)).into_response())
}

/// `DELETE /channels/{id}`
#[utoipa::path(
    delete,
    path = "/api/v1/channels/{id}",
    tag = "Alerts",
    operation_id = "delete_channel",
    summary = "Forget a channel, and what it was still to be told",
    security(("bearer" = ["admin"])),
    params(("id" = i64, Path, description = "The channel's id", minimum = 1)),
    responses((status = 204, description = "It is gone"))
)]
pub(in crate::api) async fn delete(
    State(api): State<Api>,
    Path(id): Path<String>,
    By(by): By,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    api.accounts.meta.delete_channel(path_id(&id)?, &by, now()).await.map_err(ApiError::of_thing("channel", &id))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /channels/{id}/deliveries`
#[utoipa::path(
    get,
    path = "/api/v1/channels/{id}/deliveries",
    tag = "Alerts",
    operation_id = "list_deliveries",
    summary = "What a channel was told, and what failed, the last first",
    security(("bearer" = ["admin"])),
    params(
        ("id" = i64, Path, description = "The channel's id", minimum = 1),
        PageParameters,
        ("status" = Option<DeliveryStatus>, Query, description = "How it went"),
    ),
    responses((status = 200, description = "A page", body = Listed<Delivery>))
)]
pub(in crate::api) async fn deliveries(
    State(api): State<Api>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let paging = Paging::of(&mut params);
    let status = params.choice("status", &STATUSES);
    params.finish()?;
    let channel = channel(&api, &id).await?;
    let page = api.accounts.meta.deliveries(channel.id, status, paging.page(), paging.size).await?;
    Ok(Json(paging.listed(page.total, page.list)).into_response())
}

const STATUSES: [(&str, DeliveryStatus); 4] = [
    ("queued", DeliveryStatus::Queued),
    ("sent", DeliveryStatus::Sent),
    ("failed", DeliveryStatus::Failed),
    ("dropped", DeliveryStatus::Dropped),
];

/// `POST /channels/{id}/test`: answers when the receiver has, or after 20 s.
#[utoipa::path(
    post,
    path = "/api/v1/channels/{id}/test",
    tag = "Alerts",
    operation_id = "test_channel",
    summary = "Tell a channel that nothing has happened",
    security(("bearer" = ["admin"])),
    params(("id" = i64, Path, description = "The channel's id", minimum = 1)),
    responses((status = 200, description = "How it went", body = Tested))
)]
pub(in crate::api) async fn test(
    State(api): State<Api>,
    Path(id): Path<String>,
    By(by): By,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let meta = &api.accounts.meta;
    let mut delivery =
        meta.test_channel(path_id(&id)?, &by, now()).await.map_err(ApiError::of_thing("channel", &id))?;
    api.alerts.changed();
    let deadline = Instant::now() + TEST_WAIT_MAX;
    let is_open = |delivery: &Delivery| delivery.status == DeliveryStatus::Queued && delivery.last_error.is_none();
    while is_open(&delivery) && Instant::now() < deadline && !api.stop.is_cancelled() {
        tokio::time::sleep(TEST_LOOK_EVERY).await;
        delivery = meta.delivery(delivery.id).await.map_err(ApiError::of_thing("channel", &id))?;
    }
    let Delivery { id: delivery_id, status, last_error: error, .. } = delivery;
    Ok(Json(Tested { delivery_id, status, error }).into_response())
}

async fn channel(api: &Api, id: &str) -> Result<Channel, ApiError> {
    api.accounts.meta.channel(path_id(id)?).await.map_err(ApiError::of_thing("channel", id))
}

/// A channel as a body describes it.
struct Form {
    name: String,
    kind: ChannelKind,
    config: Value,
    enabled: bool,
    severity_min: Severity,
    rule_codes: Vec<String>,
    tell_resolved: bool,
    per_hour_max: u32,
}

impl Form {
    /// `stored` is what the channel had, whose secrets stay where the body gives none.
    async fn read(api: &Api, request: Request, stored: Option<&ChannelConfig>) -> Result<Self, ApiError> {
        let mut fields = Fields::of(api, request).await?;
        // What an answer has beyond a form may be sent back.
        for added in ["id", "created_at", "updated_at"] {
            fields.json(added);
        }
        let name = fields.required_text("name", 1..=NAME_CHARACTERS_MAX);
        let kind: Option<ChannelKind> = fields.parsed("kind");
        let kind = fields.required("kind", kind);
        let config = fields.json("config");
        let config = fields.required("config", config).unwrap_or_default();
        let enabled = fields.flag("enabled").unwrap_or(true);
        let severity_min = fields.parsed("severity_min").unwrap_or(Severity::Info);
        let rule_codes = fields.texts("rule_codes").unwrap_or_default();
        let fits = |code: &String| (1..=CODE_BYTES_MAX).contains(&code.chars().count());
        if rule_codes.len() > CODES_MAX || !rule_codes.iter().all(fits) {
            let detail = format!("rule_codes must be at most {CODES_MAX}, of 1 to {CODE_BYTES_MAX} characters each");
            fields.fault("rule_codes", detail);
        }
        let tell_resolved = fields.flag("tell_resolved").unwrap_or(true);
        let per_hour_max = fields.whole("per_hour_max", 1..=PER_HOUR_MAX).unwrap_or(PER_HOUR_DEFAULT);
        fields.finish()?;
        let kind = kind.unwrap_or(ChannelKind::Webhook);
        let target = Kind::from_name(&kind.to_string()).expect("both lists have the same kinds: a test holds it");
        let config = ChannelConfig::read(target, &config, stored).map_err(|faults| {
            let in_words = |fault: crate::notify::target::Fault| {
                let field =
                    if fault.field.is_empty() { "config".to_owned() } else { format!("config.{}", fault.field) };
                let detail = format!("{field}: {}", fault.problem);
                FieldFault::new(field, detail)
            };
            ApiError::parameters(faults.into_iter().map(in_words).collect())
        })?;
        if target == Kind::Email && !api.mail {
            let detail = "no mail can be sent: the configuration has no [smtp]";
            return Err(ApiError::parameters(vec![FieldFault::new("kind", detail)]));
        }
        let per_hour_max = u32::try_from(per_hour_max).unwrap_or(u32::MAX);
        let config = config.stored();
        Ok(Self { name, kind, config, enabled, severity_min, rule_codes, tell_resolved, per_hour_max })
    }

    fn as_new(&self) -> NewChannel<'_> {
        NewChannel {
            name: &self.name,
            kind: self.kind,
            config: &self.config,
            enabled: self.enabled,
            severity_min: self.severity_min,
            rule_codes: &self.rule_codes,
            tell_resolved: self.tell_resolved,
            per_hour_max: self.per_hour_max,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_channel_is_known_to_the_database_and_to_the_sender() {
        for kind in Kind::ALL {
            assert_eq!(kind.name().parse::<ChannelKind>().unwrap().to_string(), kind.name());
        }
    }
}
