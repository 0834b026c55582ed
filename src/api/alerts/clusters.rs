//! Clusters: which hosts belong together.

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::caller::By;
use super::super::error::ApiError;
use super::super::fields::{Fields, path_id};
use super::super::listed::{Listed, Paging};
use super::super::openapi::bodies;
use super::super::openapi::parameters::PageParameters;
use super::super::params::Params;
use super::super::state::Api;
use crate::clock::now;
use crate::meta::{Cluster, NewCluster};

const NAME_CHARACTERS_MAX: usize = 200;
const HOSTS_MAX: usize = 10_000;

/// `GET /clusters`
#[utoipa::path(
    get,
    path = "/api/v1/clusters",
    tag = "Alerts",
    operation_id = "list_clusters",
    summary = "Groups of hosts, by name",
    security(("bearer" = ["auditor", "read"])),
    params(PageParameters),
    responses((status = 200, description = "A page", body = Listed<Cluster>))
)]
pub(in crate::api) async fn list(State(api): State<Api>, request: Request) -> Result<Response, ApiError> {
    let mut params = Params::of(request.uri());
    let paging = Paging::of(&mut params);
    params.finish()?;
    Ok(Json(paging.cut(api.accounts.meta.clusters().await?)).into_response())
}

/// `GET /clusters/{id}`
#[utoipa::path(
    get,
    path = "/api/v1/clusters/{id}",
    tag = "Alerts",
    operation_id = "get_cluster",
    summary = "One group of hosts",
    security(("bearer" = ["auditor", "read"])),
    params(("id" = i64, Path, description = "The cluster's id", minimum = 1)),
    responses((status = 200, description = "The cluster", body = Cluster))
)]
pub(in crate::api) async fn by_id(
    State(api): State<Api>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let cluster = api.accounts.meta.cluster(path_id(&id)?).await.map_err(ApiError::of_thing("cluster", &id))?;
    Ok(Json(cluster).into_response())
}

/// `POST /clusters`
#[utoipa::path(
    post,
    path = "/api/v1/clusters",
    tag = "Alerts",
    operation_id = "create_cluster",
    summary = "Name a group of hosts",
    security(("bearer" = ["admin"])),
    request_body = bodies::ClusterForm,
    responses((status = 201, description = "The cluster", body = Cluster), (status = 409, description = "The name is taken"))
)]
pub(in crate::api) async fn create(State(api): State<Api>, By(by): By, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let mut fields = Fields::of_large(&api, request).await?;
    let name = fields.required_text("name", 1..=NAME_CHARACTERS_MAX);
    let hosts = hosts(&mut fields);
    let hosts = fields.required("hosts", hosts).unwrap_or_default();
    let attributes = attributes(&mut fields).unwrap_or_else(|| json!({}));
    fields.finish()?;
    let new = NewCluster { name: &name, hosts: &hosts, attributes: &attributes };
    let cluster = api.accounts.meta.create_cluster(&new, &by, now()).await?;
    Ok((StatusCode::CREATED, Json(cluster)).into_response())
}

/// `PATCH /clusters/{id}`
#[utoipa::path(
    patch,
    path = "/api/v1/clusters/{id}",
    tag = "Alerts",
    operation_id = "update_cluster",
    summary = "Change a group of hosts; what is not given stays",
    security(("bearer" = ["admin"])),
    params(("id" = i64, Path, description = "The cluster's id", minimum = 1)),
    request_body = bodies::ClusterChange,
    responses((status = 200, description = "The cluster", body = Cluster), (status = 409, description = "The name is taken"))
)]
pub(in crate::api) async fn update(
    State(api): State<Api>,
    Path(id): Path<String>,
    By(by): By,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    let number = path_id(&id)?;
    let mut fields = Fields::of_large(&api, request).await?;
    let name = fields.text("name", 1..=NAME_CHARACTERS_MAX);
    let (hosts, attributes) = (hosts(&mut fields), attributes(&mut fields));
    fields.finish()?;
    let meta = &api.accounts.meta;
    let before = meta.cluster(number).await.map_err(ApiError::of_thing("cluster", &id))?;
    let new = NewCluster {
        name: name.as_deref().unwrap_or(&before.name),
        hosts: hosts.as_deref().unwrap_or(&before.hosts),
        attributes: attributes.as_ref().unwrap_or(&before.attributes),
    };
    let cluster = meta.replace_cluster(number, &new, &by, now()).await.map_err(ApiError::of_thing("cluster", &id))?;
    Ok(Json(cluster).into_response())
}

/// `DELETE /clusters/{id}`
#[utoipa::path(
    delete,
    path = "/api/v1/clusters/{id}",
    tag = "Alerts",
    operation_id = "delete_cluster",
    summary = "Forget a group of hosts; alerts keep its name",
    security(("bearer" = ["admin"])),
    params(("id" = i64, Path, description = "The cluster's id", minimum = 1)),
    responses((status = 204, description = "It is gone"))
)]
pub(in crate::api) async fn delete(
    State(api): State<Api>,
    Path(id): Path<String>,
    By(by): By,
    request: Request,
) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    api.accounts.meta.delete_cluster(path_id(&id)?, &by, now()).await.map_err(ApiError::of_thing("cluster", &id))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn hosts(fields: &mut Fields) -> Option<Vec<String>> {
    let hosts = fields.texts("hosts")?;
    let fits = |host: &String| (1..=NAME_CHARACTERS_MAX).contains(&host.chars().count());
    if hosts.is_empty() || hosts.len() > HOSTS_MAX || !hosts.iter().all(fits) {
        fields.fault(
            "hosts",
            format!("hosts must be 1 to {HOSTS_MAX} names or patterns of 1 to {NAME_CHARACTERS_MAX} characters"),
        );
    }
    Some(hosts)
}

fn attributes(fields: &mut Fields) -> Option<Value> {
    let attributes = fields.json("attributes")?;
    if !attributes.is_object() {
        fields.fault("attributes", "attributes must be an object");
    }
    Some(attributes)
}
