use crate::http::Failure;
use axum::http::{HeaderMap, HeaderValue, header};
use protocol::wire::ErrorCode;

/// Lets in programs, which send no `Origin`, and pages of our own: of the public URL, or of the host that was asked.
pub(super) fn check(headers: &HeaderMap, public_url: Option<&str>) -> Result<(), Failure> {
    let origins: Vec<_> = headers.get_all(header::ORIGIN).iter().collect();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let ours = match origins[..] {
        [] => true,
        [origin] => is_ours(origin, host, public_url),
        _ => false,
    };
    if ours {
        return Ok(());
    }
    Err(Failure::new(ErrorCode::Forbidden, "another site's page asked for this link; open the invitation link itself"))
}

fn is_ours(origin: &HeaderValue, host: Option<&str>, public_url: Option<&str>) -> bool {
    let Ok(origin) = origin.to_str() else { return false };
    if public_url.is_some_and(|public| origin.eq_ignore_ascii_case(public)) {
        return true;
    }
    let place = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    place.zip(host).is_some_and(|(place, host)| place.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(origin: Option<&str>, public: Option<&str>) -> bool {
        let mut headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("studio.example:8080"))]);
        headers.extend(origin.map(|origin| (header::ORIGIN, HeaderValue::from_str(origin).unwrap())));
        check(&headers, public).is_ok()
    }

    #[test]
    fn our_own_page_and_a_program_pass() {
        assert!(passes(Some("http://studio.example:8080"), None));
        assert!(passes(Some("https://studio.example:8080"), None));
        assert!(passes(Some("https://far.example"), Some("https://far.example")));
        assert!(passes(None, None));
    }

    #[test]
    fn every_other_page_is_turned_away() {
        for origin in [
            "null",
            "",
            "http://studio.example",
            "http://studio.example:8081",
            "http://studio.example:8080.evil.example",
            "http://evil.example/studio.example:8080",
            "http://a@studio.example:8080",
            "https://far.example",
        ] {
            assert!(!passes(Some(origin), None), "{origin}");
        }
        assert!(!passes(Some("https://far.example.evil.example"), Some("https://far.example")));
    }

    #[test]
    fn two_origins_are_one_too_many() {
        let ours = HeaderValue::from_static("http://studio.example:8080");
        let mut headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("studio.example:8080"))]);
        headers.append(header::ORIGIN, ours.clone());
        headers.append(header::ORIGIN, ours);
        assert!(check(&headers, None).is_err());
    }
}
