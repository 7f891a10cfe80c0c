use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::fmt::Write;

/// The built page; empty when it was never built.
#[derive(RustEmbed)]
#[folder = "../client/web/dist"]
struct Page;

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><title>Farfield</title>\
    <p>This relay was built without its page: build the page with <code>cargo xtask page</code>, then the relay again.</p>\
    </html>\n";

/// Everything comes from the relay itself, as files: no inline script, no inline style, no other site.
const POLICY: &str = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

/// `GET /` and `GET /i/{id}`: the page itself.
pub(super) async fn index(headers: HeaderMap) -> Response {
    match Page::get("index.html") {
        Some(file) => serve("index.html", &file, &headers),
        None => guarded(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response()),
    }
}

/// Everything else: a file of the page, or nothing.
pub(super) async fn file(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let readable = method == Method::GET || method == Method::HEAD;
    match Page::get(path).filter(|_| readable) {
        Some(file) => serve(path, &file, &headers),
        None => (StatusCode::NOT_FOUND, "there is nothing here; open the whole invitation link\n").into_response(),
    }
}

fn serve(path: &str, file: &EmbeddedFile, asked: &HeaderMap) -> Response {
    let tag = etag(file);
    let caching = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let fixed = [(header::CACHE_CONTROL, caching), (header::ETAG, tag.as_str())];
    if asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return guarded((StatusCode::NOT_MODIFIED, fixed).into_response());
    }
    let kind = content_type(path);
    guarded((fixed, [(header::CONTENT_TYPE, kind)], Body::from(file.data.clone().into_owned())).into_response())
}

fn content_type(path: &str) -> String {
    let guess = mime_guess::from_path(path).first_or_octet_stream();
    let is_text = guess.type_() == "text" || guess.essence_str().ends_with("javascript");
    if is_text { format!("{}; charset=utf-8", guess.essence_str()) } else { guess.essence_str().to_owned() }
}

fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    hash[..16].iter().fold(String::from("\""), |mut tag, byte| {
        // Writing into a String cannot fail.
        let _ = write!(tag, "{byte:02x}");
        tag
    }) + "\""
}

fn guarded(mut response: Response) -> Response {
    const GUARDS: [(HeaderName, &str); 5] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (HeaderName::from_static("permissions-policy"), "microphone=(self), camera=(), geolocation=()"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    let headers = response.headers_mut();
    headers.extend(GUARDS.map(|(name, value)| (name, HeaderValue::from_static(value))));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_name_their_characters_and_others_do_not() {
        assert_eq!(content_type("index.html"), "text/html; charset=utf-8");
        assert_eq!(content_type("assets/app-1f.js"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("icon.png"), "image/png");
    }

    #[test]
    fn the_policy_lets_nothing_inline_run() {
        assert!(POLICY.starts_with("default-src 'self';") && !POLICY.contains("unsafe"));
    }
}
