//! One stream in the player, and how it arrives.

use super::super::positions::{end_of, runs};
use crate::pipeline::playout::{PositionRecord, SourceId};
use crate::report::{DelayStats, HeardStats, LevelStats, PositionStats};
use client_core::clock::RelayClock;
use client_core::delay::{self, Delay};
use client_core::heard::Heard;
use client_core::mirror::Mirror;
use codec::jitter;
use protocol::ids::StreamId;
use protocol::stream::Stream;
use protocol::wire::Health;
use std::time::Duration;
use units::{MonoTime, SampleRate};

/// One stream in the player.
pub(super) struct Source {
    pub(super) id: SourceId,
    pub(super) stream: StreamId,
    /// Whether its first sound was told.
    pub(super) told: bool,
    before: jitter::Stats,
    pub(super) newest: Option<Newest>,
    pub(super) heard: Heard,
}

/// What left the jitter buffer last.
#[derive(Clone, Copy)]
pub(super) struct Newest {
    pub(super) at: jitter::Position,
    pub(super) pulled_at: MonoTime,
}

impl Source {
    pub(super) fn new(id: SourceId, stream: StreamId) -> Source {
        Source { id, stream, told: false, before: jitter::Stats::default(), newest: None, heard: Heard::default() }
    }

    pub(super) fn handle_record(&mut self, record: &PositionRecord, rate: SampleRate) {
        runs(record, rate).for_each(|run| self.heard.handle_played(run));
        self.heard.handle_told(end_of(record, rate));
        if let Some(at) = record.pulled.position() {
            self.newest = Some(Newest { at, pulled_at: record.pulled_at });
        }
    }

    /// How it arrives since the last call: for people, and for the session.
    pub(super) fn poll(
        &mut self,
        now: jitter::Stats,
        stream: &Stream,
        mirror: &Mirror,
        located: Option<(PositionStats, Option<Delay>)>,
        after_pull: Duration,
    ) -> (HeardStats, Health) {
        let before = std::mem::replace(&mut self.before, now);
        let (position, delay) = located.unzip();
        let delay = delay.flatten();
        let (peak_dbfs, rms_dbfs) = mirror.levels.get(&stream.id).cloned().unwrap_or_default();
        let heard = HeardStats {
            stream: stream.id,
            kind: stream.kind,
            name: mirror.name_of(stream.participant),
            delay_ms: delay.map(|delay| stages(delay, now.buffering_ms, after_pull)),
            buffer_ms: now.buffering_ms,
            target_ms: now.target_ms,
            real: now.real.0.saturating_sub(before.real.0),
            redundant: now.redundant.0.saturating_sub(before.redundant.0),
            concealed: now.concealed.0.saturating_sub(before.concealed.0),
            received: now.received.saturating_sub(before.received),
            // What came late after all is taken back from the lost.
            lost: now.lost.saturating_sub(before.lost),
            late: now.late.saturating_sub(before.late),
            resyncs: now.resyncs,
            drift_ppm: now.drift.0,
            source_levels: LevelStats { peak_dbfs, rms_dbfs },
            position,
        };
        let health = health(&heard, delay);
        (heard, health)
    }
}

pub(super) fn delay_of(
    mirror: &Mirror,
    stream: &Stream,
    heard_ticks: f64,
    relay: &RelayClock,
    at_ear: MonoTime,
) -> Option<Delay> {
    let clock = mirror.clocks.get(&stream.id)?;
    let map = stream.epochs.get(clock.epoch as usize)?;
    delay::mouth_to_ear(clock, map, heard_ticks, relay.at(at_ear)?)
}

fn stages(delay: Delay, buffer_ms: f64, after_pull: Duration) -> DelayStats {
    let stages = delay.stages(buffer_ms, after_pull.as_secs_f64() * 1e3);
    DelayStats {
        total: delay.upper_ms(),
        doubt: delay.doubt_ms,
        network: stages.network_ms,
        buffer: stages.buffer_ms,
        output: stages.output_ms,
    }
}

fn health(heard: &HeardStats, delay: Option<Delay>) -> Health {
    let count = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Health {
        stream: heard.stream,
        delay_ms: delay.map(|delay| delay.upper_ms() as f32),
        doubt_ms: delay.map(|delay| delay.doubt_ms as f32),
        buffer_ms: heard.buffer_ms as f32,
        received: count(heard.received),
        lost: count(heard.lost),
        concealed: count(heard.concealed),
        played: count(heard.real + heard.redundant + heard.concealed),
    }
}
