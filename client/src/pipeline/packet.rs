use codec::publish::MAX_PAYLOAD_BYTES;
use std::fmt;
use std::ops::Deref;
use units::{MonoTime, RtpTimestamp, Seq, Ticks};

/// Most bytes of a payload that is played: what fits into an Ethernet frame, so foreign publishers are heard too.
pub(crate) const MAX_RECEIVED_BYTES: usize = 1_500;

/// A payload in place, at most `ROOM` bytes, so that handing it from thread to thread allocates nothing.
#[derive(Clone, Copy)]
pub struct PacketBytes<const ROOM: usize = MAX_PAYLOAD_BYTES> {
    length: u16,
    bytes: [u8; ROOM],
}

/// One received packet on its way to the playout thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InPacket {
    pub(crate) arrived: MonoTime,
    pub(crate) seq: Seq,
    pub(crate) rtp: RtpTimestamp,
    pub(crate) red: bool,
    pub(crate) payload: PacketBytes<MAX_RECEIVED_BYTES>,
}

/// One encoded frame on its way to the network.
#[derive(Clone, Copy, Debug)]
pub struct OutPacket {
    /// RTP timestamp: the process's random start plus `ticks`.
    pub rtp: RtpTimestamp,
    /// Position of its first sample since the process's first tick.
    pub ticks: Ticks,
    /// Whether the payload is RED (RFC 2198) rather than plain Opus.
    pub red: bool,
    /// When its first sample was captured.
    pub captured_at: MonoTime,
    /// When it was encoded.
    pub encoded_at: MonoTime,
    /// What the RTP packet carries.
    pub payload: PacketBytes,
}

impl<const ROOM: usize> PacketBytes<ROOM> {
    /// No bytes.
    pub const EMPTY: PacketBytes<ROOM> = PacketBytes { length: 0, bytes: [0; ROOM] };

    /// Copies a payload; `None` if it is longer than the room.
    pub fn copy_of(payload: &[u8]) -> Option<PacketBytes<ROOM>> {
        let mut copy = PacketBytes::EMPTY;
        copy.bytes.get_mut(..payload.len())?.copy_from_slice(payload);
        copy.length = payload.len() as u16;
        Some(copy)
    }

    /// All the room, to be written into; then say how much with [`set_length`](Self::set_length).
    pub fn room(&mut self) -> &mut [u8; ROOM] {
        &mut self.bytes
    }

    /// Says how many bytes count; more than the room is limited to that.
    pub fn set_length(&mut self, length: usize) {
        self.length = length.min(ROOM) as u16;
    }
}

impl<const ROOM: usize> Deref for PacketBytes<ROOM> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl<const ROOM: usize> fmt::Debug for PacketBytes<ROOM> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_kept_up_to_the_limit_and_refused_beyond() {
        assert_eq!(&*PacketBytes::<20>::copy_of(&[7; 20]).unwrap(), [7; 20]);
        assert!(PacketBytes::<20>::copy_of(&[7; 21]).is_none());
        assert!(PacketBytes::<20>::EMPTY.is_empty());
    }
}
