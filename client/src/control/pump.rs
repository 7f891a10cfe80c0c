//! One stream's packets on their way from the encoder to whichever peer connection there is.

use crate::media::{OutRtp, TrackSender};
use crate::pipeline::OutPacket;
use crate::pipeline::publish::PacketReceiver;
use bytes::Bytes;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::watch;
use units::{MonoTime, Seq, Ticks};

/// Longest run of missing frames that shows as a gap in the sequence numbers; a longer silence is no loss.
const MAX_SEQ_GAP: i64 = 1_000;

/// What the pump tells without waiting.
#[derive(Debug, Default)]
pub(super) struct PumpState {
    sent: AtomicU64,
    unsent: AtomicU64,
    newest: Mutex<Option<Newest>>,
}

/// The newest packet of a stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Newest {
    /// Its first tick.
    pub(super) ticks: Ticks,
    /// When that was captured.
    pub(super) captured_at: MonoTime,
    /// When the packet was ready to be sent.
    pub(super) encoded_at: MonoTime,
}

impl PumpState {
    /// Packets handed to the network.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Packets for which there was no connection.
    pub(super) fn unsent(&self) -> u64 {
        self.unsent.load(Ordering::Relaxed)
    }

    /// The newest packet.
    pub(super) fn newest(&self) -> Option<Newest> {
        *self.newest.lock().expect("nobody panics while holding it")
    }
}

/// Sends packets until the publisher stops. Waits for the network side alone, so every stream has its own.
pub(super) async fn pump(
    mut packets: PacketReceiver,
    frame: Ticks,
    first_seq: Seq,
    mut sender: watch::Receiver<Option<TrackSender>>,
    state: Arc<PumpState>,
) {
    let mut numbering = Numbering { frame, next: first_seq, last: None };
    while let Some(packet) = packets.recv().await {
        let newest = Newest { ticks: packet.ticks, captured_at: packet.captured_at, encoded_at: packet.encoded_at };
        *state.newest.lock().expect("nobody panics while holding it") = Some(newest);
        let current = sender.borrow_and_update().clone();
        let Some(current) = current else {
            state.unsent.fetch_add(1, Ordering::Relaxed);
            continue;
        };
        let seq = numbering.number(packet.ticks);
        match current.send(out(&packet, seq)).await {
            Ok(()) => state.sent.fetch_add(1, Ordering::Relaxed),
            Err(_) => state.unsent.fetch_add(1, Ordering::Relaxed),
        };
    }
}

fn out(packet: &OutPacket, seq: Seq) -> OutRtp {
    OutRtp { seq, rtp: packet.rtp, red: packet.red, payload: Bytes::copy_from_slice(&packet.payload) }
}

/// Sequence numbers that show every frame that was dropped before it got here.
struct Numbering {
    frame: Ticks,
    next: Seq,
    last: Option<Ticks>,
}

impl Numbering {
    fn number(&mut self, ticks: Ticks) -> Seq {
        if let Some(last) = self.last {
            let steps = (ticks - last).0 / self.frame.0.max(1);
            let steps = if (1..=MAX_SEQ_GAP).contains(&steps) { steps } else { 1 };
            self.next = self.next.wrapping_add(steps as i16);
        }
        self.last = Some(ticks);
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_frame_is_a_gap_in_the_numbers_and_a_long_silence_is_not() {
        let mut numbering = Numbering { frame: Ticks(240), next: Seq(u16::MAX), last: None };
        let numbers: Vec<u16> =
            [0, 240, 720, 48_000_000].into_iter().map(|ticks| numbering.number(Ticks(ticks)).0).collect();
        assert_eq!(numbers, [u16::MAX, 0, 2, 3]);
    }
}
