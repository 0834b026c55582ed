//! Bodies that routes read field by field (`fields.rs`, `record.rs`), as the document tells them, and a record as its JSON
//! is written by hand (`record::LogRow`).
#![expect(dead_code, reason = "these types describe, and are never made")]

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::ToSchema;

use crate::meta::{AlertStatus, ChannelKind, Matcher, Role, Scope, Severity, UserStatus};

/// One event of a stream of server-sent events (WHATWG HTML, section 9.2).
#[derive(ToSchema)]
#[schema(as = ServerSentEvent)]
pub(in crate::api) struct EventShape {
    event: String,
    /// To be sent back as `Last-Event-ID`.
    id: Option<String>,
    /// JSON.
    data: String,
}

/// A stored record. Absent values are null.
#[derive(ToSchema)]
#[schema(as = Record)]
pub(in crate::api) struct RecordShape {
    /// Below 2^53, in the order of acknowledgement, without a gap.
    #[schema(examples(1001), minimum = 1)]
    id: u64,
    #[schema(format = DateTime, examples("2026-11-20T10:20:30.123456Z"))]
    timestamp: String,
    #[schema(format = DateTime)]
    received_at: String,
    level: LevelShape,
    #[schema(required)]
    source: Option<String>,
    #[schema(required)]
    host: Option<String>,
    #[schema(required)]
    app: Option<String>,
    #[schema(required)]
    proc_id: Option<String>,
    #[schema(required)]
    msg_id: Option<String>,
    #[schema(required)]
    ip: Option<String>,
    #[schema(required)]
    user_name: Option<String>,
    message: String,
    /// The original text.
    raw_data: String,
    /// The exact original bytes, where they are not UTF-8.
    #[schema(required = false)]
    raw_data_base64: Option<String>,
    attributes: BTreeMap<String, String>,
    #[schema(required, maximum = 7)]
    severity: Option<u8>,
    #[schema(required, maximum = 23)]
    facility: Option<u8>,
    #[schema(required)]
    format: Option<String>,
    #[schema(required)]
    parse_error: Option<String>,
    #[schema(required)]
    origin: Option<String>,
    #[schema(required)]
    cluster: Option<String>,
}

/// How grave a record is.
#[derive(ToSchema)]
#[schema(as = Level, rename_all = "UPPERCASE")]
pub(in crate::api) enum LevelShape {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
    Unknown,
}

/// A record as `POST /logs` takes it.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"source": "demo", "level": "INFO", "timestamp": "2026-11-20T10:20:30Z", "message": "hello"}))]
pub(in crate::api) struct NewRecord {
    /// At most 128 bytes.
    #[schema(min_length = 1, max_length = 128)]
    source: String,
    level: LevelShape,
    /// The years 1900 to 2299.
    #[schema(format = DateTime, pattern = "^(19|20|21|22)[0-9]{2}-")]
    timestamp: String,
    message: String,
    host: Option<String>,
    app: Option<String>,
    user_name: Option<String>,
    #[schema(schema_with = address)]
    ip: Option<String>,
    attributes: Option<BTreeMap<String, Value>>,
    /// The original text; else it is the record's own JSON text.
    raw_data: Option<String>,
}

/// One record, or several of which the good ones are stored.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "describes a body, is never made")]
pub(in crate::api) enum NewRecords {
    One(NewRecord),
    Many(Vec<NewRecord>),
}

/// A login.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "admin", "password": "correct horse battery"}))]
pub(in crate::api) struct Login {
    #[schema(min_length = 1, max_length = 254)]
    username: String,
    #[schema(max_length = 1024, format = Password)]
    password: String,
}

/// The holder of a refresh token.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct Refresh {
    #[schema(min_length = 1, max_length = 128)]
    refresh_token: String,
}

/// A change of the own password.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct PasswordChange {
    #[schema(max_length = 1024, format = Password)]
    old_password: String,
    #[schema(min_length = 8, max_length = 128, format = Password)]
    new_password: String,
}

/// A registration. `email` and `code` are needed where the server can send mail.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct RegistrationForm {
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]
    username: String,
    #[schema(min_length = 8, max_length = 128, format = Password)]
    password: String,
    #[schema(format = Email)]
    email: Option<String>,
    #[schema(min_length = 6, max_length = 6)]
    code: Option<String>,
}

/// Where a code is to be sent, and what for.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct CodeRequest {
    #[schema(format = Email)]
    email: String,
    purpose: CodePurposeShape,
}

/// What a code is good for.
#[derive(ToSchema)]
#[schema(as = CodePurpose, rename_all = "snake_case")]
pub(in crate::api) enum CodePurposeShape {
    Register,
    PasswordReset,
}

/// A new password for who has a code.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct PasswordReset {
    #[schema(format = Email)]
    email: String,
    #[schema(min_length = 6, max_length = 6)]
    code: String,
    #[schema(min_length = 8, max_length = 128, format = Password)]
    new_password: String,
}

/// An account to be made.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"username": "alice", "password": "correct horse battery", "role": "auditor"}))]
pub(in crate::api) struct NewUserForm {
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]
    username: String,
    #[schema(min_length = 8, max_length = 128, format = Password)]
    password: String,
    role: Role,
    #[schema(format = Email)]
    email: Option<String>,
}

/// What is to be changed of an account; what is not sent stays.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"role": "auditor"}))]
pub(in crate::api) struct UserChanges {
    #[schema(min_length = 8, max_length = 128, format = Password)]
    password: Option<String>,
    role: Option<Role>,
    status: Option<UserStatus>,
    /// Null takes it away.
    #[schema(format = Email)]
    email: Option<String>,
}

/// An API token to be made.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "web-1", "scopes": ["ingest"]}))]
pub(in crate::api) struct NewTokenForm {
    #[schema(pattern = "^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    name: String,
    #[schema(min_items = 1)]
    scopes: Vec<Scope>,
    /// Replaces the source of all that the token sends; at most 128 bytes.
    #[schema(min_length = 1, max_length = 128)]
    source: Option<String>,
    /// In requests a second.
    #[schema(minimum = 1, maximum = 1_000_000)]
    rate_limit: Option<u32>,
    /// In the future.
    #[schema(format = DateTime, pattern = "^[2-8][0-9]{3}-")]
    expires_at: Option<String>,
}

fn address() -> utoipa::openapi::schema::Schema {
    use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, OneOfBuilder, SchemaFormat, SchemaType, Type};
    let of_format = |format| {
        let text = ObjectBuilder::new().schema_type(SchemaType::Type(Type::String));
        text.format(Some(SchemaFormat::KnownFormat(format)))
    };
    let null = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Null));
    OneOfBuilder::new().item(of_format(KnownFormat::Ipv4)).item(of_format(KnownFormat::Ipv6)).item(null).into()
}

/// What somebody does about an alert.
#[derive(ToSchema)]
pub(in crate::api) struct AlertChange {
    /// The way goes forward only: new, processing, resolved.
    status: Option<AlertStatus>,
    #[schema(max_length = 4000)]
    comment: Option<String>,
}

/// A silence to be made.
#[derive(ToSchema)]
pub(in crate::api) struct NewSilenceForm {
    /// An alert must fit all of them.
    #[schema(min_items = 1, max_items = 20)]
    matchers: Vec<Matcher>,
    /// Now where it is not given.
    #[schema(format = DateTime)]
    starts_at: Option<String>,
    #[schema(format = DateTime)]
    ends_at: String,
    #[schema(max_length = 4000)]
    comment: Option<String>,
}

/// A group of hosts.
#[derive(ToSchema)]
pub(in crate::api) struct ClusterForm {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Names, or patterns in which `*` stands for anything.
    #[schema(min_items = 1, max_items = 10000)]
    hosts: Vec<String>,
    /// What people note about it.
    attributes: Option<BTreeMap<String, Value>>,
}

/// Another description of a group of hosts; what is not given stays.
#[derive(ToSchema)]
pub(in crate::api) struct ClusterChange {
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    #[schema(min_items = 1, max_items = 10000)]
    hosts: Option<Vec<String>>,
    attributes: Option<BTreeMap<String, Value>>,
}

/// Who is to be told of alerts.
#[derive(ToSchema)]
pub(in crate::api) struct ChannelForm {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    kind: ChannelKind,
    /// As the kind needs it.
    config: BTreeMap<String, Value>,
    /// `true` where it is not given.
    enabled: Option<bool>,
    /// It is not told of less; `info` where it is not given.
    severity_min: Option<Severity>,
    /// It is told of these rules' alerts alone; of all where there are none.
    #[schema(max_items = 1000)]
    rule_codes: Option<Vec<String>>,
    /// Whether it is told of the end; `true` where it is not given.
    tell_resolved: Option<bool>,
    /// It is told of so many alerts in an hour; 60 where it is not given.
    #[schema(minimum = 1, maximum = 10000)]
    per_hour_max: Option<u32>,
}

/// Another description of a job, or a step of its life.
#[derive(ToSchema)]
pub(in crate::api) struct JobChange {
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    #[schema(max_length = 16384)]
    description: Option<String>,
    /// `cancelled` ends it; `queued` lets one that failed or was cancelled go on.
    #[schema(pattern = "^(cancelled|queued)$")]
    status: Option<String>,
}
