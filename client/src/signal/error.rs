use protocol::wire::ErrorCode;

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
    /// Whether trying again later may help, without anybody doing something.
    pub fn is_passing(&self) -> bool {
        match self {
            SignalError::Unreachable { .. } | SignalError::Broken(_) => true,
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

/// The innermost cause of an error, which is the one that tells something.
pub(super) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
