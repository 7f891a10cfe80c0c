//! Our own streams as the session knows them: opened, their epochs declared, their levels and clocks told.

use super::desk::DeskMeter;
use super::levels::LevelMeter;
use super::pump::{Newest, PumpState, pump};
use super::sounds::{Opened, random_u32};
use crate::media::TrackSender;
use crate::pipeline::publish::Publisher;
use crate::pipeline::{EpochStart, EventReceiver, PublisherEvent};
use crate::report::{LevelStats, PublishedStats, kind_name};
use crate::tui::StreamMeters;
use client_core::clock::RelayClock;
use client_core::heard::HeardAnchor;
use client_core::take::{EpochName, LaneId};
use client_core::talk::TalkDetector;
use codec::publish::MAX_REDUNDANCY;
use protocol::command::Command;
use protocol::ids::StreamId;
use protocol::stream::{Stream, StreamFormat, StreamKind};
use protocol::wire::Ephemeral;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use units::{Dbfs, MonoTime, RtpTimestamp, Seq, Ssrc, Ticks};
use uuid::Uuid;

/// How far a device's own stamps may be off, beyond what pings leave open.
const STAMP_ERROR_US: i64 = 500;

/// One published stream.
pub(super) struct OwnStream {
    pub(super) id: StreamId,
    pub(super) kind: StreamKind,
    pub(super) ssrc: Ssrc,
    /// Where takes of it are recorded.
    pub(super) lane: Option<LaneId>,
    rtp0: RtpTimestamp,
    publisher: Publisher,
    format: StreamFormat,
    /// RED depth that the relay asked for last.
    asked: u8,
    epochs: Vec<(u32, EpochStart)>,
    sender: watch::Sender<Option<TrackSender>>,
    state: Arc<PumpState>,
    pump: JoinHandle<()>,
    fast: LevelMeter,
    slow: LevelMeter,
    meter: DeskMeter,
    talk: TalkDetector,
    muted: bool,
}

impl OwnStream {
    /// Takes over a running publisher; its events come out of `events` under the given number, its packets go out on
    /// the `network` thread.
    pub(super) fn new(
        opened: Opened,
        number: usize,
        events: mpsc::Sender<(usize, PublisherEvent)>,
        network: &Handle,
    ) -> OwnStream {
        let Opened { kind, ssrc, rtp0, started, lane } = opened;
        let format = started.publisher.format().clone();
        let frame = Ticks::from_duration(Duration::from_micros(u64::from(format.frame_us)));
        let (sender, current) = watch::channel(None);
        let state = Arc::new(PumpState::default());
        // Small enough for every SRTP stack to accept it as the first of a source.
        let first_seq = Seq(random_u32() as u16 >> 1);
        let pump = network.spawn(pump(started.packets, frame, first_seq, current, state.clone()));
        tokio::spawn(forward(started.events, number, events));
        OwnStream {
            id: new_id(),
            kind,
            ssrc,
            lane,
            rtp0,
            publisher: started.publisher,
            epochs: Vec::new(),
            sender,
            state,
            pump,
            fast: LevelMeter::default(),
            slow: LevelMeter::default(),
            meter: DeskMeter::new(usize::from(format.channels)),
            format,
            asked: 0,
            talk: TalkDetector::default(),
            muted: false,
        }
    }

    /// The command that opens it, and those that declare what was declared before (when one comes in again).
    pub(super) fn open_commands(&self) -> Vec<Command> {
        let label = kind_name(self.kind).to_owned();
        let open = Command::StreamOpen { stream: self.id, kind: self.kind, label, format: self.format.clone() };
        let epochs = self.epochs.iter().map(|(number, start)| self.epoch_command(*number, start));
        std::iter::once(open).chain(epochs).collect()
    }

    /// What the session must still be told of it, where it knows `known` of it.
    pub(super) fn missing_commands(&self, known: Option<&Stream>) -> Vec<Command> {
        let (is_open, declared) = known.map_or((false, 0), |known| (known.open, known.epochs.len()));
        let mut all = self.open_commands().into_iter();
        let open = all.next().filter(|_| !is_open);
        open.into_iter().chain(all.skip(declared)).collect()
    }

    /// Becomes another stream: one has come in as somebody new. Only the epoch in force is declared again.
    pub(super) fn renew(&mut self) {
        self.id = new_id();
        self.epochs = self.epochs.pop().map(|(_, start)| (0, start)).into_iter().collect();
    }

    /// A new epoch begins: the command that declares it.
    pub(super) fn handle_epoch(&mut self, start: EpochStart) -> Command {
        let number = self.epochs.last().map_or(0, |(number, _)| number + 1);
        self.epochs.push((number, start));
        self.epoch_command(number, &start)
    }

    /// Declares the epoch in force anew when it has gone on for an hour since it was declared.
    pub(super) fn poll_hour(&mut self) -> Option<Command> {
        let newest = self.state.newest()?.ticks;
        let start = self.epochs.last()?.1.hours_on(newest)?;
        Some(self.handle_epoch(start))
    }

    /// What the session calls its recorded lane's runs: lane, run, name.
    pub(super) fn names(&self) -> impl Iterator<Item = (LaneId, u32, EpochName)> + '_ {
        let of_lane = move |lane| {
            let name = move |epoch: &u32| EpochName { stream: self.id, epoch: *epoch };
            self.epochs.iter().map(move |(epoch, start)| (lane, start.epoch, name(epoch)))
        };
        self.lane.into_iter().flat_map(of_lane)
    }

    /// Sends over this connection from now on, or over none.
    pub(super) fn connect(&self, sender: Option<TrackSender>) {
        self.sender.send_replace(sender);
    }

    /// Repeats as many frames in each packet as the relay asks for, and never fewer than the profile does.
    pub(super) fn ask_redundancy(&mut self, depth: u8) {
        self.asked = depth;
        self.publisher.set_redundancy(self.redundancy());
    }

    fn redundancy(&self) -> u8 {
        self.format.redundancy.max(self.asked).min(MAX_REDUNDANCY)
    }

    /// Silences it, or lets it sound again.
    pub(super) fn set_mute(&mut self, muted: bool) {
        self.muted = muted;
        self.publisher.set_mute(muted);
    }

    /// Whether it is silenced.
    pub(super) fn is_muted(&self) -> bool {
        self.muted
    }

    /// Its meters, for the terminal.
    pub(super) fn meters(&self) -> StreamMeters {
        self.meter.show(kind_name(self.kind).to_owned(), true)
    }

    /// Puts its over lights out.
    pub(super) fn clear_overs(&mut self) {
        self.meter.clear_overs();
    }

    /// Levels since the last call, for everybody; and whether talking began or ended.
    pub(super) fn poll_levels(&mut self, now: MonoTime) -> (Ephemeral, Option<bool>) {
        let channels = usize::from(self.format.channels);
        let sound = self.publisher.tapped();
        self.fast.handle_sound(sound, channels);
        self.slow.handle_sound(sound, channels);
        self.meter.handle_sound(sound);
        let LevelStats { peak_dbfs, rms_dbfs } = self.fast.take();
        let loudest = rms_dbfs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let is_voice = self.kind == StreamKind::Talkback;
        let talking = if is_voice { self.talk.handle_level(now, Dbfs(loudest)) } else { None };
        (Ephemeral::Levels { stream: self.id, peak_dbfs, rms_dbfs }, talking)
    }

    /// Whether somebody talks into it.
    pub(super) fn is_talking(&self) -> bool {
        self.talk.is_talking()
    }

    /// Which tick was captured when, once the relay's clock and an epoch are known.
    pub(super) fn clock(&self, relay: &RelayClock) -> Option<Ephemeral> {
        let Newest { ticks, captured_at, encoded_at } = self.state.newest()?;
        let (epoch, start) = self.epochs.last()?;
        let at = relay.at(captured_at)?;
        let ticks = ticks - start.resampler_delay;
        let error_us = at.error_us + STAMP_ERROR_US;
        let encoded_us = u32::try_from(encoded_at.0.saturating_sub(captured_at.0) / 1_000).ok();
        Some(Ephemeral::Clock { stream: self.id, epoch: *epoch, ticks, at_us: at.at_us, error_us, encoded_us })
    }

    /// What was captured at `when`, as the place that a note on it keeps: whoever makes the sound hears it as it is made.
    /// None while no epoch is known.
    pub(super) fn captured_at(&self, when: MonoTime) -> Option<HeardAnchor> {
        let Newest { ticks, captured_at, .. } = self.state.newest()?;
        let (epoch, start) = self.epochs.last()?;
        let since_us = when.0 as i64 / 1_000 - captured_at.0 as i64 / 1_000;
        let at = ticks + start.codec_delay + Ticks(since_us * 48 / 1_000);
        let uncertainty_ms = (STAMP_ERROR_US as u32).div_ceil(1_000);
        Some(HeardAnchor { stream: self.id, epoch: *epoch, at, uncertainty_ms, concealed: false })
    }

    /// How it is.
    pub(super) fn poll_stats(&mut self) -> PublishedStats {
        let stats = self.publisher.stats();
        PublishedStats {
            stream: self.id,
            kind: self.kind,
            ticks: self.state.newest().map_or(0, |newest| newest.ticks.0),
            sent: self.state.sent(),
            dropped: self.state.unsent() + stats.dropped,
            lost_samples: stats.lost.0,
            redundancy: self.redundancy(),
            muted: self.muted,
            levels: self.slow.take(),
        }
    }

    /// Stops capturing and sending. Blocks until the device is closed.
    pub(super) fn stop(self) {
        self.pump.abort();
        self.publisher.stop();
    }

    fn epoch_command(&self, epoch: u32, start: &EpochStart) -> Command {
        let map = start.map(epoch, self.ssrc, self.rtp0);
        Command::StreamEpoch { stream: self.id, map }
    }
}

fn new_id() -> StreamId {
    StreamId(Uuid::now_v7())
}

async fn forward(mut events: EventReceiver, number: usize, to: mpsc::Sender<(usize, PublisherEvent)>) {
    while let Some(event) = events.recv().await {
        if to.send((number, event)).await.is_err() {
            return;
        }
    }
}
