//! RTP payloads taken apart and put together without decoding them: the Opus TOC byte, Opus framing, RED.
//!
//! All parsers are total: any bytes give a value or an error, never a panic. Nothing allocates; what is built goes into
//! the caller's buffer, so that the relay's forwarding and the encode thread can call everything here per packet.
//!
//! *Absent*: RTP headers, Opus itself, time, state. Which packets form a group and when it is closed is the relay's
//! munger; this crate cuts and glues what it decides.
//!
//! ```
//! use packets::{PayloadType, join_packets, red, split};
//! use units::Ticks;
//!
//! // A RED payload: the frame before (2 bytes, 240 ticks ago) and the present one (3 bytes), both full-band 5 ms stereo.
//! let (before, now) = ([0xEC, 1], [0xEC, 2, 3]);
//! let block = red::Block { pt: PayloadType::OPUS, offset: Ticks(240), payload: &before };
//! let mut payload = [0; 64];
//! let len = red::build(&[block], PayloadType::OPUS, &now, &mut payload)?;
//!
//! // A listener without RED gets both frames as one plain Opus packet of 10 ms.
//! let red = red::Red::parse(&payload[..len])?;
//! let mut plain = [0; 64];
//! let len = join_packets(&[red.redundant().next().unwrap().payload, red.main().payload], &mut plain)?;
//! assert_eq!(split(&plain[..len])?.duration(), Ticks(480));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod join;
pub mod red;
mod split;
mod toc;

pub use join::{JoinError, JoinPacketsError, join, join_packets};
pub use split::{Packet, SplitError, split};
pub use toc::{Bandwidth, Mode, Toc};

/// An RTP payload type: 0 to 127.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadType(pub u8);

impl PayloadType {
    /// What our own peers offer for Opus. Another peer's answer may name its own (Firefox: 109).
    pub const OPUS: PayloadType = PayloadType(111);
    /// What our own peers offer for RED.
    pub const RED: PayloadType = PayloadType(63);
}

/// The longest Opus frame in bytes, without its TOC (RFC 6716 section 3.4, R2).
pub const MAX_FRAME_BYTES: usize = 1275;

/// The most frames of one packet: 120 ms of 2.5 ms frames (RFC 6716 section 3.4, R5).
pub const MAX_FRAMES: usize = 48;

/// The longest sound of one packet: 120 ms (RFC 6716 section 3.4, R5).
pub const MAX_PACKET_TICKS: units::Ticks = units::Ticks(5_760);
