use units::{Ppm, SampleCount};

/// What a jitter buffer has done and where it stands. Sample counts are output samples per channel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stats {
    /// What the buffer aims at above the lower envelope of arrivals: quantile, redundancy and margin, ms.
    pub target_ms: f64,
    /// Receiver time − media time being heard − lower envelope of (arrival − media time), ms.
    pub buffering_ms: f64,
    /// Skew of the sender's clock against the output device's.
    pub drift: Ppm,
    /// What is added to the drift to move towards the target.
    pub slew: Ppm,
    /// Heard from packets.
    pub real: SampleCount,
    /// Heard from redundant copies.
    pub redundant: SampleCount,
    /// Made up.
    pub concealed: SampleCount,
    /// Silence before the stream began.
    pub silence: SampleCount,
    /// Packets that were taken, each sequence number once.
    pub received: u64,
    /// Sequence numbers that have never come, so far.
    pub lost: u64,
    /// Packets that came when all of their sound was past.
    pub late: u64,
    /// Packets that were here already, or whose sound was, from a redundant copy.
    pub duplicates: u64,
    /// Packets dropped because their bytes are not RED or Opus, or their timestamps are from elsewhere.
    pub foreign: u64,
    /// Packets that the decoder refused.
    pub undecodable: u64,
    /// Jumps of the source position: other epochs, device stalls.
    pub resyncs: u64,
}
