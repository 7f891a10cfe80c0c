//! What a publisher tells beside its packets, and a player of its device.

use protocol::stream::EpochMap;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use units::{RtpTimestamp, SampleCount, SampleRate, SampleTime, Ssrc, Ticks};

/// Something that the session must know about a published stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublisherEvent {
    /// A run of the sample counter begins: the first thing that is told, and again whenever the device was restarted.
    Epoch(EpochStart),
    /// The source lost samples; silence stands in their place.
    Gap(Gap),
    /// The sound has come to its end (a file's). Silence goes on until the publisher is stopped.
    Ended,
    /// Something that the user should know about the sound, in one sentence (a file that is cut off or silent).
    Warning(String),
    /// The device is gone. It is opened again as soon as possible, which begins an epoch. Says why if that fails.
    DeviceLost(Option<String>),
}

/// Something that people should know about the device that a player plays to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputEvent {
    /// It is gone. It is opened again as soon as possible. Says why if that fails.
    DeviceLost(Option<String>),
    /// It plays again.
    DeviceBack,
}

/// The clock map of one epoch, but for what the publisher's process knows (see [`EpochMap`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EpochStart {
    /// Its number within this process, from 0.
    pub epoch: u32,
    /// Ticks since the process's first at which it begins.
    pub from: Ticks,
    /// The captured sample that `from`, less the delays, names.
    pub sample0: SampleTime,
    /// Samples per second of the device.
    pub rate: SampleRate,
    /// Look-ahead of the encoder.
    pub codec_delay: Ticks,
    /// Delay of the resampler from the device's rate.
    pub resampler_delay: Ticks,
}

/// Maps are told anew so often, in ticks: whoever places a timestamp, which has 32 bits, begins at the newest map.
const HOUR: i64 = 3_600 * 48_000;

impl EpochStart {
    /// The clock map, numbered as its stream counts, of a run that this RTP source carries.
    pub fn map(&self, epoch: u32, ssrc: Ssrc, rtp0: RtpTimestamp) -> EpochMap {
        let EpochStart { from, sample0, rate, codec_delay, resampler_delay, .. } = *self;
        EpochMap { epoch, ssrc, rtp0, from, sample0, rate, codec_delay, resampler_delay, trusted: true }
    }

    /// The same run as told from its last whole hour on, if an hour of it or more is over by `newest`. It names the same
    /// samples to the tick, because whole seconds of ticks are whole seconds of samples.
    pub fn hours_on(&self, newest: Ticks) -> Option<EpochStart> {
        let hours = (newest - self.from).0 / HOUR;
        let samples = hours * 3_600 * i64::from(self.rate.0);
        let (from, sample0) = (Ticks(self.from.0 + hours * HOUR), SampleTime(self.sample0.0 + samples));
        (hours > 0).then_some(EpochStart { from, sample0, ..*self })
    }
}

/// A capture gap: samples that the source never had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The epoch in which it lies.
    pub epoch: u32,
    /// Its first missing sample.
    pub at: SampleTime,
    /// How many are missing.
    pub samples: SampleCount,
    /// By how much that may be wrong either way; zero when the host counts.
    pub uncertainty: SampleCount,
}

/// Events that may wait. Owner: the encode thread. Overflow: gaps are merged into the last one, nothing else is so many.
const CAPACITY: usize = 256;

type Waiting = Mutex<VecDeque<PublisherEvent>>;

/// The publisher's end. Sending takes a lock for some instructions and allocates nothing below the capacity.
#[derive(Clone, Debug)]
pub(crate) struct EventSender {
    /// Always there until the sender is dropped: it goes before the last notice.
    waiting: Option<Arc<Waiting>>,
    filled: Arc<Notify>,
}

/// The control side's end.
#[derive(Debug)]
pub struct EventReceiver {
    waiting: Arc<Waiting>,
    filled: Arc<Notify>,
}

/// Makes the pair.
pub(crate) fn event_queue() -> (EventSender, EventReceiver) {
    let waiting = Arc::new(Mutex::new(VecDeque::with_capacity(CAPACITY)));
    let filled = Arc::new(Notify::new());
    let sender = EventSender { waiting: Some(waiting.clone()), filled: filled.clone() };
    (sender, EventReceiver { waiting, filled })
}

impl EventSender {
    pub(crate) fn send(&self, event: PublisherEvent) {
        let Some(waiting) = &self.waiting else { return };
        let mut waiting = lock(waiting);
        let (space, full) = (CAPACITY - waiting.len(), waiting.len() >= CAPACITY - 1);
        match (waiting.back_mut(), event) {
            (Some(PublisherEvent::Gap(last)), PublisherEvent::Gap(gap)) if full && last.epoch == gap.epoch => {
                last.samples += gap.samples;
                last.uncertainty += gap.uncertainty;
            }
            (_, event) if space > 0 => waiting.push_back(event),
            _ => (),
        }
        drop(waiting);
        self.filled.notify_one();
    }
}

impl Drop for EventSender {
    fn drop(&mut self) {
        self.waiting = None;
        self.filled.notify_one();
    }
}

impl EventReceiver {
    /// The next event, awaited; `None` once the publisher has stopped and everything was taken. Cancel-safe.
    pub async fn recv(&mut self) -> Option<PublisherEvent> {
        loop {
            let over = Arc::strong_count(&self.waiting) == 1;
            if let Some(event) = self.try_recv() {
                return Some(event);
            }
            if over {
                return None;
            }
            self.filled.notified().await;
        }
    }

    /// The next event if there is one.
    pub fn try_recv(&mut self) -> Option<PublisherEvent> {
        lock(&self.waiting).pop_front()
    }
}

fn lock(waiting: &Waiting) -> MutexGuard<'_, VecDeque<PublisherEvent>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gap(at: i64) -> PublisherEvent {
        PublisherEvent::Gap(Gap { epoch: 0, at: SampleTime(at), samples: SampleCount(5), uncertainty: SampleCount(1) })
    }

    #[tokio::test]
    async fn events_are_merged_rather_than_lost_when_nobody_listens() {
        let (tx, mut rx) = event_queue();
        (0..1_000).for_each(|i| tx.send(gap(10 * i)));
        tx.send(PublisherEvent::Ended);
        drop(tx);
        let mut total = 0;
        let mut last = None;
        while let Some(event) = rx.recv().await {
            if let PublisherEvent::Gap(gap) = &event {
                total += gap.samples.0;
            }
            last = Some(event);
        }
        assert_eq!((total, last), (5_000, Some(PublisherEvent::Ended)));
    }

    fn started(rate: u32) -> EpochStart {
        EpochStart {
            epoch: 3,
            from: Ticks(1_234),
            sample0: SampleTime(7),
            rate: SampleRate(rate),
            codec_delay: Ticks(120),
            resampler_delay: Ticks(31),
        }
    }

    #[test]
    fn a_run_is_told_anew_when_an_hour_of_it_is_over_and_not_before() {
        let start = started(48_000);
        assert_eq!(start.hours_on(Ticks(1_234 + HOUR - 1)), None);
        let hour = start.hours_on(Ticks(1_234 + HOUR)).unwrap();
        assert_eq!((hour.epoch, hour.from, hour.sample0), (3, Ticks(1_234 + HOUR), SampleTime(7 + HOUR)));
        assert_eq!(start.hours_on(Ticks(1_234 + 3 * HOUR + 5)).unwrap().from, Ticks(1_234 + 3 * HOUR));
        assert_eq!(hour.hours_on(Ticks(1_234 + 2 * HOUR - 1)), None);
    }

    #[test]
    fn a_run_that_is_told_anew_names_the_same_samples() {
        let map = |start: &EpochStart| start.map(0, Ssrc(1), RtpTimestamp(0));
        for rate in [8_000, 44_100, 48_000, 88_200, 96_000, 192_000] {
            let start = started(rate);
            let later = start.hours_on(Ticks(30 * HOUR)).unwrap();
            for ticks in [0, 1, HOUR / 3, 12 * HOUR + 7, 30 * HOUR, 31 * HOUR + 47_999].map(Ticks) {
                assert_eq!(map(&start).sample_at(ticks), map(&later).sample_at(ticks), "{rate} Hz at {ticks:?}");
            }
        }
    }
}
