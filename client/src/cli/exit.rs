use crate::control::JoinError;
use crate::signal::SignalError;
use std::process::ExitCode;

/// Why a command failed: one sentence, and the next step.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line says something that cannot be.
    #[error("{0}")]
    Usage(String),
    /// The relay.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// A device or a sound file.
    #[error("{0}")]
    Sound(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl From<JoinError> for Failure {
    fn from(error: JoinError) -> Failure {
        match error {
            JoinError::Signal(error) => Failure::Signal(error),
            JoinError::Sound(error) => Failure::Sound(error),
            JoinError::Media(error) => Failure::Other(error.to_string()),
        }
    }
}

/// The exit code of a failure, as `--help` lists them.
pub fn exit_code(failure: &Failure) -> ExitCode {
    ExitCode::from(match failure {
        Failure::Usage(_) => 2,
        Failure::Signal(SignalError::Unreachable { .. } | SignalError::Away { .. } | SignalError::Broken(_)) => 3,
        Failure::Signal(SignalError::Refused { .. }) => 4,
        Failure::Sound(_) => 5,
        Failure::Signal(SignalError::Strange { .. } | SignalError::Tls(_)) | Failure::Other(_) => 1,
    })
}
