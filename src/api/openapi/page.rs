//! `GET /docs`: the document for people. The page and its scripts are part of the binary; it loads nothing from elsewhere.

use std::sync::Arc;

use axum::extract::{Path, Request};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use utoipa_swagger_ui::Config;

use crate::api::error::ApiError;
use crate::api::params::Params;

/// Where the page reads the document.
const DOCUMENT: &str = "/api/v1/openapi.json";
/// The page runs its own scripts, sets styles on its elements, and talks to this daemon; to nobody else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// `GET /docs`
pub(in crate::api) async fn moved(request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    Ok(Redirect::permanent("/docs/").into_response())
}

/// `GET /docs/`
pub(in crate::api) async fn index(request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    file("index.html")
}

/// `GET /docs/{file}`
pub(in crate::api) async fn part(Path(name): Path<String>, request: Request) -> Result<Response, ApiError> {
    Params::of(request.uri()).finish()?;
    file(&name)
}

fn file(name: &str) -> Result<Response, ApiError> {
    let config = Config::from(DOCUMENT).try_it_out_enabled(true).persist_authorization(false);
    let found =
        utoipa_swagger_ui::serve(name, Arc::new(config)).map_err(|error| ApiError::internal(error.to_string()))?;
    let file = found.ok_or_else(|| ApiError::not_found("page", name))?;
    let headers = [(header::CONTENT_TYPE, file.content_type), (header::CONTENT_SECURITY_POLICY, POLICY.to_owned())];
    Ok((headers, file.bytes.into_owned()).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_and_all_that_it_names_are_in_the_binary() {
        let config = || Arc::new(Config::from(DOCUMENT));
        let page = utoipa_swagger_ui::serve("index.html", config()).unwrap().unwrap();
        let html = String::from_utf8(page.bytes.into_owned()).unwrap();
        let named: Vec<&str> = html
            .split(['"', '\''])
            .filter(|word| word.ends_with(".js") || word.ends_with(".css") || word.ends_with(".png"))
            .collect();
        assert!(named.len() >= 4, "{html}");
        for name in named {
            assert!(!name.contains("//"), "{name} comes from elsewhere");
            let name = name.trim_start_matches("./");
            assert!(utoipa_swagger_ui::serve(name, config()).unwrap().is_some(), "{name}");
        }
    }
}
