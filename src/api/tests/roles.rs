//! Every route with everyone who might ask.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;
use crate::auth::jwt::Signer;
use crate::auth::secret::Secret;
use crate::meta::Role;

/// Who a route is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum For {
    Anyone,
    SignedIn,
    Ingest,
    Search,
    Auditor,
    Upload,
    Manage,
    Admin,
}

impl For {
    /// What the document says of it.
    fn told(self) -> Value {
        match self {
            Self::Anyone => Value::Null,
            Self::SignedIn => serde_json::json!([{ "bearer": ["user"] }]),
            Self::Ingest => serde_json::json!([{ "bearer": ["user", "ingest"] }]),
            Self::Search => serde_json::json!([{ "bearer": ["user", "read"] }]),
            Self::Auditor => serde_json::json!([{ "bearer": ["auditor", "read"] }]),
            Self::Upload => serde_json::json!([{ "bearer": ["auditor", "ingest"] }]),
            Self::Manage => serde_json::json!([{ "bearer": ["auditor", "admin"] }]),
            Self::Admin => serde_json::json!([{ "bearer": ["admin"] }]),
        }
    }

    /// user, auditor, admin; tokens with ingest, read, admin.
    pub(super) fn admits(self) -> [bool; 6] {
        match self {
            Self::Anyone => [true; 6],
            Self::SignedIn => [true, true, true, false, false, false],
            Self::Ingest => [true, true, true, true, false, false],
            Self::Search => [true, true, true, false, true, true],
            Self::Auditor => [false, true, true, false, true, true],
            Self::Upload => [false, true, true, true, false, false],
            Self::Manage => [false, true, true, false, false, true],
            Self::Admin => [false, false, true, false, false, true],
        }
    }
}

/// With parameters that no route knows, so that whoever is let in gets a 422 and changes nothing.
pub(super) const ROUTES: [(&str, &str, For); 89] = [
    ("GET", "/health", For::Anyone),
    ("GET", "/docs", For::Anyone),
    ("GET", "/docs/", For::Anyone),
    ("GET", "/docs/index.html", For::Anyone),
    ("GET", "/metrics", For::Auditor),
    ("GET", "/api/v1/openapi.json", For::Anyone),
    ("GET", "/api/v1/health", For::Anyone),
    ("GET", "/api/v1/metrics", For::Auditor),
    ("GET", "/api/v1/logs", For::Search),
    ("POST", "/api/v1/logs", For::Ingest),
    ("POST", "/api/v1/logs/bulk", For::Ingest),
    ("GET", "/api/v1/logs/export", For::Auditor),
    ("GET", "/api/v1/logs/tail", For::Auditor),
    ("GET", "/api/v1/logs/facets", For::Auditor),
    ("GET", "/api/v1/logs/1", For::Auditor),
    ("GET", "/api/v1/logs/1/context", For::Auditor),
    ("GET", "/api/v1/stats/logs-by-time", For::Auditor),
    ("GET", "/api/v1/stats/logs-by-level", For::Auditor),
    ("GET", "/api/v1/stats/top", For::Auditor),
    ("GET", "/api/v1/stats/patterns", For::Auditor),
    ("POST", "/api/v1/auth/login", For::Anyone),
    ("POST", "/api/v1/auth/refresh", For::Anyone),
    ("POST", "/api/v1/user/register", For::Anyone),
    ("POST", "/api/v1/auth/verification-codes", For::Anyone),
    ("POST", "/api/v1/auth/password-reset", For::Anyone),
    ("POST", "/api/v1/auth/logout", For::SignedIn),
    ("GET", "/api/v1/auth/me", For::SignedIn),
    ("POST", "/api/v1/auth/password", For::SignedIn),
    ("GET", "/api/v1/auth/sessions", For::SignedIn),
    ("DELETE", "/api/v1/auth/sessions/1", For::SignedIn),
    ("GET", "/api/v1/admin/users", For::Admin),
    ("POST", "/api/v1/admin/users", For::Admin),
    ("GET", "/api/v1/admin/users/1", For::Admin),
    ("PATCH", "/api/v1/admin/users/1", For::Admin),
    ("DELETE", "/api/v1/admin/users/1", For::Admin),
    ("GET", "/api/v1/admin/tokens", For::Admin),
    ("POST", "/api/v1/admin/tokens", For::Admin),
    ("DELETE", "/api/v1/admin/tokens/1", For::Admin),
    ("GET", "/api/v1/admin/config", For::Admin),
    ("PUT", "/api/v1/admin/config", For::Admin),
    ("POST", "/api/v1/admin/retention/preview", For::Admin),
    ("GET", "/api/v1/admin/sources", For::Admin),
    ("GET", "/api/v1/operation-logs", For::Auditor),
    ("POST", "/api/v1/logs/upload", For::Upload),
    ("GET", "/api/v1/alerts", For::Auditor),
    ("GET", "/api/v1/alerts/stream", For::Auditor),
    ("GET", "/api/v1/alerts/1", For::Auditor),
    ("GET", "/api/v1/ws/status", For::Auditor),
    ("PATCH", "/api/v1/alerts/1", For::Manage),
    ("GET", "/api/v1/faults", For::Auditor),
    ("GET", "/api/v1/faults/1", For::Auditor),
    ("GET", "/api/v1/silences", For::Auditor),
    ("POST", "/api/v1/silences", For::Admin),
    ("DELETE", "/api/v1/silences/1", For::Admin),
    ("GET", "/api/v1/clusters", For::Auditor),
    ("POST", "/api/v1/clusters", For::Admin),
    ("GET", "/api/v1/clusters/1", For::Auditor),
    ("PATCH", "/api/v1/clusters/1", For::Admin),
    ("DELETE", "/api/v1/clusters/1", For::Admin),
    ("GET", "/api/v1/channels", For::Admin),
    ("POST", "/api/v1/channels", For::Admin),
    ("GET", "/api/v1/channels/1", For::Admin),
    ("PUT", "/api/v1/channels/1", For::Admin),
    ("DELETE", "/api/v1/channels/1", For::Admin),
    ("GET", "/api/v1/channels/1/deliveries", For::Admin),
    ("POST", "/api/v1/channels/1/test", For::Admin),
    ("GET", "/api/v1/rules", For::Auditor),
    ("POST", "/api/v1/rules", For::Admin),
    ("POST", "/api/v1/rules/import", For::Admin),
    ("POST", "/api/v1/rules/backtest", For::Auditor),
    ("GET", "/api/v1/rules/1", For::Auditor),
    ("PUT", "/api/v1/rules/1", For::Admin),
    ("DELETE", "/api/v1/rules/1", For::Admin),
    ("POST", "/api/v1/rules/1/backtest", For::Auditor),
    ("GET", "/api/v1/jobs", For::Auditor),
    ("POST", "/api/v1/jobs", For::Upload),
    ("GET", "/api/v1/jobs/1", For::Auditor),
    ("PATCH", "/api/v1/jobs/1", For::Manage),
    ("DELETE", "/api/v1/jobs/1", For::Manage),
    ("GET", "/api/v1/jobs/1/file", For::Auditor),
    ("GET", "/api/v1/jobs/1/results", For::Auditor),
    ("GET", "/api/v1/jobs/1/zip-contents", For::Auditor),
    ("GET", "/api/v1/jobs/1/zip-info", For::Auditor),
    ("GET", "/api/v1/jobs/1/events", For::Auditor),
    ("GET", "/api/v1/ws/jobs/1", For::Auditor),
    ("GET", "/api/v1/internal/jobs/1/file", For::Anyone),
    ("POST", "/api/v1/internal/jobs/1/completion", For::Anyone),
    ("HEAD", "/api/v1/logs", For::Search),
    ("HEAD", "/api/v1/operation-logs", For::Auditor),
];

/// The routes of shippers' protocols. They know no wrong parameters: whoever may send gets past the gate.
pub(super) const SHIPPERS_ROUTES: [(&str, &str); 53] = [
    ("POST", "/_bulk"),
    ("PUT", "/_bulk"),
    ("POST", "/logs-app/_bulk"),
    ("PUT", "/logs-app/_bulk"),
    ("POST", "/_bulk/"),
    ("POST", "/logs-app/_bulk/"),
    ("POST", "/logs-app/events/_bulk"),
    ("POST", "/logs-app/_doc/_bulk"),
    ("POST", "/logs-app/_doc"),
    ("POST", "/logs-app/_doc/"),
    ("POST", "/logs-app/_doc/1"),
    ("PUT", "/logs-app/_doc/1"),
    ("POST", "/logs-app/_create/1"),
    ("PUT", "/logs-app/_create/1"),
    ("PUT", "/logs-app"),
    ("GET", "/logs-app/_alias/logs"),
    ("PUT", "/logs-app/_mapping"),
    ("PUT", "/logs-app/_settings"),
    ("GET", "/_alias/logs"),
    ("GET", "/_cluster/settings"),
    ("GET", "/_cluster/health"),
    ("GET", "/_cluster/health/logs-app"),
    ("GET", "/_cat/health"),
    ("GET", "/_license"),
    ("GET", "/_xpack"),
    ("GET", "/_nodes"),
    ("GET", "/_nodes/http"),
    ("POST", "/_refresh"),
    ("GET", "/logs-app/_refresh"),
    ("HEAD", "/_index_template/logs"),
    ("PUT", "/_component_template/logs"),
    ("GET", "/_template/logs"),
    ("PUT", "/_data_stream/logs"),
    ("PUT", "/_data_stream/logs/_lifecycle"),
    ("GET", "/_data_stream/logs"),
    ("GET", "/_ilm/policy/logs"),
    ("PUT", "/_ilm/policy/logs"),
    ("PUT", "/_ingest/pipeline/logs"),
    ("POST", "/services/collector"),
    ("POST", "/services/collector/event"),
    ("POST", "/services/collector/event/1.0"),
    ("POST", "/services/collector/raw"),
    ("POST", "/services/collector/raw/1.0"),
    ("POST", "/services/collector/ack"),
    ("POST", "/"),
    ("POST", "/gelf"),
    ("POST", "/upload"),
    ("POST", "/v1/logs"),
    ("POST", "/otlp/v1/logs"),
    ("POST", "/loki/api/v1/push"),
    ("POST", "/api/prom/push"),
    ("POST", "/api/v2/logs"),
    ("POST", "/v1/input"),
];

pub(super) async fn program(app: &App, scope: Scope) -> String {
    let secret = Secret::api_token();
    let name = format!("program {scope}");
    let new = NewToken {
        name: &name,
        secret_hash: secret.hash(),
        prefix: "ls_",
        scopes: [scope].into_iter().collect(),
        source: None,
        rate_limit: None,
        expires_at: None,
    };
    app.accounts.meta.create_token(&new, &Actor::default(), crate::clock::now()).await.unwrap();
    secret.expose().to_owned()
}

/// Credentials that look as good ones do.
pub(super) async fn strangers(app: &App) -> Vec<(&'static str, String)> {
    let ended = app.signed_in("admin").await.access;
    app.ask(Method::POST, "/api/v1/auth/logout", &ended, Value::Null).await;
    let live = app.signed_in("admin").await.access;
    let now = crate::clock::now();
    let claims = app.accounts.signer.verify(&live, now).unwrap();
    let issue = |signer: &Signer, at| signer.issue(claims.user_id, claims.session_id, at, Duration::from_secs(60));
    let foreign = Signer::new(&ServerSecret::given("another secret of 32 bytes, or more").unwrap());
    let payload = live.split('.').nth(1).unwrap();
    let unsigned = format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#));
    vec![
        ("logged out", ended),
        ("expired", issue(&app.accounts.signer, now - chrono::TimeDelta::minutes(2))),
        ("forged", issue(&foreign, now)),
        ("alg none", unsigned),
        ("unknown token", Secret::api_token().expose().to_owned()),
        ("nobody", String::new()),
    ]
}

pub(super) async fn status(app: &App, method: &str, path: &str, token: &str) -> StatusCode {
    let bearer = format!("Bearer {token}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let path = format!("{path}?no-such-parameter=1");
    app.send(request(method.parse().unwrap(), &path, &headers, Body::empty())).await.status
}

pub(super) fn with_many_requests() -> App {
    App::with_accounts(|accounts| {
        let mut config = (*accounts.config).clone();
        config.requests_per_second_per_user = 100_000.try_into().unwrap();
        accounts.config = Arc::new(config);
    })
}

/// Credentials of a person of each role and of a token of each scope, in the order of [`For::admits`].
pub(super) async fn known(app: &App) -> Vec<String> {
    let mut known = Vec::new();
    for role in [Role::User, Role::Auditor, Role::Admin] {
        app.user(&role.to_string(), role).await;
        known.push(app.signed_in(&role.to_string()).await.access);
    }
    for scope in [Scope::Ingest, Scope::Read, Scope::Admin] {
        known.push(program(app, scope).await);
    }
    known
}

#[tokio::test(flavor = "multi_thread")]
async fn every_shippers_route_admits_who_may_send_and_nobody_else() {
    let app = with_many_requests();
    app.user("user", Role::User).await;
    app.user("admin", Role::Admin).await;
    let person = app.signed_in("user").await.access;
    let good = [person, program(&app, Scope::Ingest).await];
    let others = [program(&app, Scope::Read).await, program(&app, Scope::Admin).await];
    let strangers = strangers(&app).await;
    for (method, path) in SHIPPERS_ROUTES {
        for token in strangers.iter().map(|(_, token)| token).chain(&others) {
            let status = status(&app, method, path, token).await;
            assert!([StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status), "{method} {path}: {status}");
        }
        for token in &good {
            let status = status(&app, method, path, token).await;
            assert!(![StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status), "{method} {path}: {status}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_admits_whom_it_is_for_and_nobody_else() {
    let app = with_many_requests();
    let known = known(&app).await;
    let strangers = strangers(&app).await;
    for (method, path, whom) in ROUTES {
        for (who, token) in &strangers {
            let status = status(&app, method, path, token).await;
            let is_open = matches!(whom, For::Anyone);
            assert_eq!(status == StatusCode::UNAUTHORIZED, !is_open, "{method} {path} {who}: {status}");
        }
        for (at, (token, admits)) in known.iter().zip(whom.admits()).enumerate() {
            let status = status(&app, method, path, token).await;
            let expected = if admits { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::FORBIDDEN };
            assert_eq!(status, expected, "{method} {path} {whom:?} caller {at}");
        }
    }
}

#[test]
fn the_document_has_every_route_and_says_whom_it_is_for() {
    let document = serde_json::to_value(super::super::openapi::document()).unwrap();
    let mut told: Vec<(String, String)> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        told.extend(item.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())));
    }
    let in_document = |path: &str| path.starts_with("/api/v1/") && path != "/api/v1/openapi.json";
    for (method, path, whom) in ROUTES.into_iter().filter(|(method, path, _)| *method != "HEAD" && in_document(path)) {
        let path = path.replace("/1", "/{id}");
        let operation = &document["paths"][&path][method.to_lowercase()];
        assert!(operation.is_object(), "{method} {path} is not in the document");
        assert_eq!(operation["security"], whom.told(), "{method} {path}");
        told.retain(|one| *one != (method.to_owned(), path.clone()));
    }
    assert_eq!(told, [], "the document has what no route serves");
}
