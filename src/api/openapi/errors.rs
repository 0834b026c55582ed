//! The errors of every operation, added to the document by what the operation is.

use utoipa::Modify;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{
    Content, HeaderBuilder, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Response, ResponseBuilder, Type,
};

/// A status that operations answer in one form.
struct Told {
    status: &'static str,
    /// Of the response among the document's components.
    name: &'static str,
    description: &'static str,
}

const fn told(status: &'static str, name: &'static str, description: &'static str) -> Told {
    Told { status, name, description }
}

/// Of every operation.
const ALWAYS: [Told; 6] = [
    told("403", "Forbidden", "The caller may not do this, or the request comes from a web page of another site."),
    told("414", "UriTooLong", "Path and query have more than 32 KiB."),
    told("422", "Unprocessable", "Parameters or fields are wrong; `errors` names all of them."),
    told("431", "HeadersTooLarge", "The headers have more than 32 KiB."),
    told("500", "InternalError", "A fault of the daemon; its log says more under the trace id."),
    told("503", "Unavailable", "Worth another try after `Retry-After` seconds."),
];
/// Of those that count who asks.
const LIMITED: Told = told("429", "TooManyRequests", "Too many requests, failed logins or codes; see `Retry-After`.");
/// Of those that ask for credentials.
const PROTECTED: Told = told("401", "NotAuthenticated", "No credentials, or such as are not good any more.");
/// Of those that name something.
const NAMED: Told = told("404", "NotFound", "There is no such thing.");
/// Of those that read a body.
const WITH_BODY: [Told; 4] = [
    told("400", "BrokenBody", "The connection failed before the whole body had come."),
    told("408", "SlowBody", "The body was not whole in time."),
    told("413", "TooLarge", "The body is over its limit, counted after decompression."),
    told("415", "UnsupportedMediaType", "A `Content-Type` or `Content-Encoding` that is not read."),
];
const CONFLICT: Told = told("409", "Conflict", "A name is taken, or the last active admin would go.");

/// Adds them.
pub(super) struct Errors;

impl Modify for Errors {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for error in ALWAYS.iter().chain(&WITH_BODY).chain([&LIMITED, &PROTECTED, &NAMED, &CONFLICT]) {
            components.responses.insert(error.name.to_owned(), RefOr::T(response(error)));
        }
        for (path, item) in &mut document.paths.paths {
            let is_named = path.contains('{');
            for operation in operations(item) {
                add(operation, is_named);
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete].into_iter().flatten()
}

fn add(operation: &mut Operation, is_named: bool) {
    let is_protected = operation.security.as_ref().is_some_and(|needs| !needs.is_empty());
    let mut errors: Vec<&Told> = ALWAYS.iter().collect();
    if is_protected {
        errors.push(&PROTECTED);
    }
    if is_protected || operation.request_body.is_some() {
        errors.push(&LIMITED);
    }
    if is_named {
        errors.push(&NAMED);
    }
    if operation.request_body.is_some() {
        errors.extend(&WITH_BODY);
    }
    let responses = &mut operation.responses.responses;
    for error in errors {
        responses.entry(error.status.to_owned()).or_insert_with(|| RefOr::Ref(Ref::from_response_name(error.name)));
    }
    // Named by the operation itself where it may happen.
    for error in [&PROTECTED, &CONFLICT] {
        responses.entry(error.status.to_owned()).and_modify(|response| {
            *response = RefOr::Ref(Ref::from_response_name(error.name));
        });
    }
}

fn response(error: &Told) -> Response {
    let header = |description: &str, kind: Type| {
        HeaderBuilder::new().schema(Some(ObjectBuilder::new().schema_type(kind))).description(Some(description)).build()
    };
    let mut response = ResponseBuilder::new()
        .description(error.description)
        .content("application/json", Content::new(Some(Ref::from_schema_name("Error"))))
        .header("X-Trace-Id", header("Finds the request in the daemon's log.", Type::String));
    if matches!(error.status, "429" | "503") {
        response = response.header("Retry-After", header("In seconds.", Type::Integer));
    }
    response.build()
}
