use protocol::api::ApiError;
use protocol::wire::ErrorCode;
use tokio_tungstenite::tungstenite::http::StatusCode;

/// Why the relay could not be spoken to or did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    /// No connection.
    #[error("the relay at {relay} cannot be reached ({cause}); check the address and that the relay is running")]
    Unreachable {
        /// Its address.
        relay: String,
        /// What the network said.
        cause: String,
    },
    /// Nobody answers for the relay: a proxy before it says so, or somebody who is too busy for us.
    #[error(
        "the relay at {relay} cannot answer now (HTTP status {status}); try again in a moment, and check that it is \
         running behind its proxy"
    )]
    Away {
        /// Its address.
        relay: String,
        /// 408, 429, or 500 and above.
        status: u16,
    },
    /// The relay refused, in its own words.
    #[error("{msg}")]
    Refused {
        /// For programs.
        code: ErrorCode,
        /// One sentence that says what to do.
        msg: String,
    },
    /// Something answered that is no relay of ours.
    #[error("{relay} answered with something unexpected ({cause}); is this a Farfield relay of the same version?")]
    Strange {
        /// Its address.
        relay: String,
        /// What was unexpected.
        cause: String,
    },
    /// The link broke.
    #[error("the link to the relay broke ({0}): if it does not come back, check the network")]
    Broken(String),
    /// The TLS trust store.
    #[error("secure connections cannot be set up on this machine ({0}); install the package ca-certificates")]
    Tls(String),
}

impl SignalError {
    /// What an answer of this status says, which is no success: the relay's own words if it is the relay's.
    pub(super) fn of_answer(relay: &str, status: StatusCode, body: &[u8]) -> SignalError {
        let relay = relay.to_owned();
        match serde_json::from_slice(body) {
            Ok(ApiError { code, msg }) => SignalError::Refused { code, msg },
            Err(_) if passes(status) => SignalError::Away { relay, status: status.as_u16() },
            Err(_) => SignalError::Strange { relay, cause: format!("HTTP status {status}") },
        }
    }

    /// Whether trying again later may help, without anybody doing something.
    pub fn is_passing(&self) -> bool {
        match self {
            SignalError::Unreachable { .. } | SignalError::Away { .. } | SignalError::Broken(_) => true,
            SignalError::Refused { code, .. } => {
                matches!(
                    code,
                    ErrorCode::Draining
                        | ErrorCode::Slow
                        | ErrorCode::Internal
                        | ErrorCode::TooMany
                        | ErrorCode::NotSaved
                )
            }
            SignalError::Strange { .. } | SignalError::Tls(_) => false,
        }
    }
}

/// Whether the same may be answered otherwise a moment later.
fn passes(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}

/// The innermost cause of an error, which is the one that tells something.
pub(super) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, body: &str) -> SignalError {
        SignalError::of_answer("https://studio.example", StatusCode::from_u16(status).unwrap(), body.as_bytes())
    }

    #[test]
    fn what_a_proxy_says_for_a_relay_that_is_away_passes_and_what_is_no_relay_does_not() {
        for status in [408, 429, 500, 502, 503, 504] {
            let error = answered(status, "<html>Bad Gateway</html>");
            assert!(error.is_passing(), "{status}");
            assert!(error.to_string().contains(&status.to_string()), "{error}");
        }
        for status in [301, 400, 403, 404, 407, 430] {
            assert!(!answered(status, "").is_passing(), "{status}");
        }
    }

    #[test]
    fn the_relays_own_words_count_more_than_the_status() {
        let words = |code: &str| format!(r#"{{"code":"{code}","msg":"come back in a moment"}}"#);
        for (status, code, passes) in [(503, "draining", true), (429, "too_many", true), (400, "version", false)] {
            let error = answered(status, &words(code));
            assert_eq!((error.to_string().as_str(), error.is_passing()), ("come back in a moment", passes), "{code}");
        }
    }
}
