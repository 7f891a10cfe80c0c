/// Why a peer connection could not be made. Every one of them ends this peer; a new one may do better.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// Sockets, certificate or driver.
    #[error("no network socket could be opened for sound ({0}); check that this machine has a network")]
    Open(String),
    /// Our own offer.
    #[error("the sound connection could not be offered ({0}); please report this with the output of --verbose")]
    Offer(String),
    /// A sending section has no name.
    #[error("a sending section of our offer has no mid; please report this with the output of --verbose")]
    NoMid,
    /// The relay's answer.
    #[error("the relay's answer cannot be used ({0}); are the relay and this program of the same version?")]
    Answer(String),
    /// The peer connection is closed.
    #[error("the sound connection is closed; a new one is made by itself, so check the network if sound stays away")]
    Closed,
}

impl MediaError {
    pub(crate) fn open(error: impl std::fmt::Display) -> MediaError {
        MediaError::Open(error.to_string())
    }

    pub(super) fn offer(error: impl std::fmt::Display) -> MediaError {
        MediaError::Offer(error.to_string())
    }

    pub(super) fn answer(error: impl std::fmt::Display) -> MediaError {
        MediaError::Answer(error.to_string())
    }
}
