use std::net::SocketAddr;

/// Why the media plane did not start, or refused an offer.
#[derive(Debug, thiserror::Error)]
pub enum MediaError {
    /// The socket cannot be opened.
    #[error("cannot listen for media on {addr}: {source}; free that port or choose another one")]
    Bind {
        /// The address.
        addr: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// There are not enough ports after the first one.
    #[error("{shards} shards do not fit above port {port}: choose a lower port or fewer shards")]
    Ports {
        /// The first port.
        port: u16,
        /// How many were asked for.
        shards: usize,
    },
    /// No address to tell clients.
    #[error("no network address to tell clients was found: name one with --advertise")]
    NoAddress,
    /// The system refuses a thread or its wake-up.
    #[error("the system refused a media thread: {0}; free some memory or raise its limits")]
    Thread(std::io::Error),
    /// Larger than an offer can honestly be.
    #[error("the offer has {0} bytes, more than an offer of audio sections needs: offer fewer sections")]
    OfferTooLarge(usize),
    /// More sections than a peer may have.
    #[error("the offer has {0} media sections, more than a peer may have: offer fewer")]
    TooManySections(usize),
    /// Something that is not sound.
    #[error("the offer has a section of {0:?}, only audio is carried: leave it out")]
    NotAudio(String),
    /// Not SDP, or SDP that cannot be answered.
    #[error("the offer cannot be read ({0}): make a new peer connection and offer again")]
    Sdp(String),
    /// The section named for a stream is missing, or does not send.
    #[error("the offer has no sending audio section {0:?}: name the sections that carry the streams")]
    NoSuchSection(String),
    /// Opus is not among the offered codecs.
    #[error("the offer has no Opus: use a client that speaks it")]
    NoOpus,
    /// A newer peer connection of the same participant is known.
    #[error("peer {0} is older than the one in use: offer with a higher number")]
    StalePeer(u32),
    /// The shard has as many peers or waiting offers as it takes.
    #[error("the relay has no room for another media connection now: try again in a moment")]
    Busy,
    /// The shard is gone.
    #[error("the relay's media plane is down: try again when it is back")]
    Down,
}
