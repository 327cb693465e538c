//! The description of this interface, for programs (`/openapi.json`) and for people (`/docs`). Both work without any other
//! host.

use std::sync::OnceLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::Response,
};
use frameos_app::Body as Kept;

use super::{
    Api,
    extract::{Conditional, PathText, Public},
    failure::ApiFailure,
    openapi::{STYLE, document, page},
    reply::{Document, Page, Reply, Replying, Stylesheet, tagged},
};

/// The texts that are served, made when somebody first asks.
#[derive(Default)]
pub(crate) struct Description(OnceLock<Made>);

struct Made {
    json: Kept,
    page: Kept,
    style_name: String,
}

impl Description {
    fn made(&self) -> &Made {
        self.0.get_or_init(|| {
            let document = document();
            let hash = hex::encode(&digest(&SHA256, STYLE.as_bytes()).as_ref()[..8]);
            let style_name = format!("style-{hash}.css");
            let page = page(&document, &format!("/docs/{style_name}"));
            Made {
                json: Kept::new(document.to_string().as_bytes()),
                page: Kept::new(page.as_bytes()),
                style_name,
            }
        })
    }
}

/// `GET /openapi.json`
pub(crate) async fn json(
    State(api): State<Api>,
    _: Public,
    Conditional(headers): Conditional,
) -> Replying<Document> {
    Ok(tagged(&headers, api.description().made().json.clone()))
}

/// `GET /docs`
pub(crate) async fn html(
    State(api): State<Api>,
    _: Public,
    Conditional(headers): Conditional,
) -> Replying<Page> {
    let mut reply = tagged(&headers, api.description().made().page.clone());
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Ok(reply)
}

/// `GET /docs/:file`: the page's look, under a name that changes with it.
pub(crate) async fn style(
    State(api): State<Api>,
    _: Public,
    PathText(file): PathText,
) -> Replying<Stylesheet> {
    let made = api.description().made();
    if file != made.style_name {
        return Err(ApiFailure::not_found());
    }
    let mut response = Response::new(Body::from(STYLE));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    Ok(Reply::of(response))
}
