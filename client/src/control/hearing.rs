//! What others publish, on its way from the peer connection to the player, and how it arrives.

mod source;

use super::positions::{PositionTeller, place};
use super::{JoinConfig, JoinError};
use crate::media::{Received, RtpSink};
use crate::pipeline::playout::{
    NewSource, Player, PlayerConfig, PositionRecord, Removed, SourceId, SourceMaker, start_player,
};
use crate::pipeline::{MonoClock, PipelineError};
use crate::report::{HeardStats, LevelStats, Line, OutputLine};
use crate::spec::OutputSpec;
use client_core::clock::RelayClock;
use client_core::heard::{HeardAnchor, Unheard};
use client_core::mirror::Mirror;
use client_core::route::{RouteChange, Router};
use codec::jitter;
use protocol::ids::StreamId;
use protocol::stream::{StreamFormat, StreamKind};
use protocol::wire::{Health, Slot};
use source::{Source, delay_of};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use units::{Dbfs, MonoTime, SampleRate, Ssrc};

/// The listening side: routes packets to the player. Shared between the library's readers and the control task, each
/// for some microseconds at a time.
pub(super) struct Ear {
    clock: MonoClock,
    inner: Mutex<Inner>,
}

struct Inner {
    player: Option<Player>,
    peer: u32,
    router: Router<Received>,
    sources: BTreeMap<Ssrc, Source>,
    next_source: u32,
}

/// What the next routes need.
struct Coming {
    maker: SourceMaker,
    sources: Vec<(Ssrc, SourceId, StreamId)>,
    /// Left the mix long ago, to be freed where no packet waits.
    removed: Removed,
}

/// The sources made for coming routes.
type Made = BTreeMap<Ssrc, Result<(SourceId, NewSource), PipelineError>>;

/// Takes packets of one peer; those of peers given up are dropped.
pub(super) struct PeerSink {
    ear: Arc<Ear>,
    peer: u32,
}

impl PeerSink {
    pub(super) fn new(ear: Arc<Ear>, peer: u32) -> PeerSink {
        PeerSink { ear, peer }
    }
}

impl RtpSink for PeerSink {
    fn handle_packet(&self, packet: Received) {
        self.ear.handle_packet(self.peer, packet);
    }
}

/// Opens the output: the one asked for, else a device, else none with a warning. Blocks for milliseconds.
pub(super) fn open_player(config: &JoinConfig, clock: MonoClock) -> Result<(Player, Option<String>), JoinError> {
    let open =
        |output: OutputSpec| start_player(PlayerConfig { output, profile: config.profile, positions: true }, clock);
    let failed = |error: &dyn std::fmt::Display| JoinError::Sound(error.to_string());
    if let Some(output) = &config.output {
        return Ok((open(output.clone()).map_err(|error| failed(&error))?, None));
    }
    match open(OutputSpec::Device(Default::default())) {
        Ok(player) => Ok((player, None)),
        Err(error) => {
            let warning = format!("nothing is played: {error}; name another place with --output");
            Ok((open(OutputSpec::Null).map_err(|error| failed(&error))?, Some(warning)))
        }
    }
}

impl Ear {
    pub(super) fn new(player: Player, clock: MonoClock) -> Ear {
        let (router, sources) = (Router::default(), BTreeMap::new());
        Ear { clock, inner: Mutex::new(Inner { player: Some(player), peer: 0, router, sources, next_source: 0 }) }
    }

    /// Takes the relay's word on what each section of a peer carries. The error is the first that keeps a stream from being
    /// heard.
    pub(super) fn handle_slots(&self, peer: u32, slots: &[Slot], mirror: &Mirror) -> Result<(), String> {
        self.handle_slots_with(peer, slots, mirror, SourceMaker::make)
    }

    /// The same; `make` takes long, so nobody waits for it: packets are taken meanwhile.
    fn handle_slots_with(
        &self,
        peer: u32,
        slots: &[Slot],
        mirror: &Mirror,
        make: impl Fn(&SourceMaker, SourceId, StreamKind, &StreamFormat) -> Result<NewSource, PipelineError>,
    ) -> Result<(), String> {
        let Some(Coming { maker, sources, removed }) = self.lock().coming(peer, slots) else { return Ok(()) };
        drop(removed);
        let make_for = |(ssrc, id, stream): (Ssrc, SourceId, StreamId)| {
            let known = mirror.state.streams.get(&stream);
            let (kind, format) = known.map_or((StreamKind::Program, usual_format()), |s| (s.kind, s.format.clone()));
            (ssrc, make(&maker, id, kind, &format).map(|new| (id, new)))
        };
        let made = sources.into_iter().map(make_for).collect();
        self.lock().route(self.clock, peer, slots, made).map_err(|error| error.to_string())
    }

    fn handle_packet(&self, peer: u32, packet: Received) {
        let mut inner = self.lock();
        if peer < inner.peer {
            return;
        }
        inner.begin_peer(peer);
        let (ssrc, rtp) = (packet.ssrc, packet.rtp);
        if let Some(packet) = inner.router.handle_packet(ssrc, rtp, packet) {
            inner.play(self.clock, ssrc, &packet);
        }
    }

    /// Lowers everything but talkback, or raises it again.
    pub(super) fn set_dim(&self, dimmed: bool) {
        if let Some(player) = &self.lock().player {
            player.set_dim(dimmed);
        }
    }

    /// Sets the level of the mix.
    pub(super) fn set_volume(&self, level: Dbfs) {
        if let Some(player) = &self.lock().player {
            player.set_volume(level);
        }
    }

    /// Appends what was played since the last call to `sound`, interleaved stereo.
    pub(super) fn poll_sound(&self, sound: &mut Vec<f32>) {
        if let Some(player) = &self.lock().player {
            player.tapped(sound);
        }
    }

    /// Notes where played blocks came from; tells first sounds and, for a file, positions.
    pub(super) fn handle_positions(
        &self,
        records: &[PositionRecord],
        mirror: &Mirror,
        teller: &mut PositionTeller,
        ms: u64,
    ) -> Vec<Line> {
        let mut inner = self.lock();
        let mut lines = Vec::new();
        for record in records {
            let Inner { sources, router, player, .. } = &mut *inner;
            let Some((ssrc, source)) = sources.iter_mut().find(|(_, source)| source.id == record.source) else {
                continue;
            };
            source.handle_record(record, player.as_ref().map_or(SampleRate::HZ_48000, Player::rate));
            if !source.told && record.pulled.count(jitter::Kind::Real).0 > 0 {
                source.told = true;
                lines.push(Line::Hearing { stream: source.stream, ms });
            }
            let (route, stream) = (router.route(*ssrc), mirror.state.streams.get(&source.stream));
            lines.extend(teller.lines_of(record, source.stream, route.zip(stream)));
        }
        lines
    }

    /// What was in the ear at `when`, up to the newest record handed to [`handle_positions`](Self::handle_positions): the
    /// program, or what performers send where there is none. None when neither comes here at all.
    ///
    /// # Errors
    /// If nothing was heard then, or the stream's clock map has not come yet.
    pub(super) fn anchor_at(&self, when: MonoTime, mirror: &Mirror) -> Option<Result<HeardAnchor, Unheard>> {
        let inner = self.lock();
        let known = inner.sources.iter().filter_map(|(ssrc, source)| {
            let stream = mirror.state.streams.get(&source.stream)?;
            Some((source, inner.router.route(*ssrc)?, stream))
        });
        let judged = known.filter(|(_, _, stream)| stream.kind != StreamKind::Talkback);
        let (source, route, stream) = judged.min_by_key(|(_, _, stream)| stream.kind)?;
        Some(source.heard.anchor_at(when, route, stream))
    }

    /// How every stream arrives, since the last call: for people, and for the session.
    pub(super) fn poll_heard(&self, mirror: &Mirror, relay: &RelayClock) -> Vec<(HeardStats, Health)> {
        let mut inner = self.lock();
        let Inner { player: Some(player), router, sources, .. } = &mut *inner else { return Vec::new() };
        let output = player.output_stats();
        let after_pull = output.ahead + output.device;
        let heard = sources.iter_mut().filter_map(|(ssrc, source)| {
            let stats = player.stats(source.id)?.jitter;
            let stream = mirror.state.streams.get(&source.stream)?;
            // Taken: where nothing was played since the last call, no delay is known.
            let newest = source.newest.take().zip(router.route(*ssrc));
            let located = newest.and_then(|(newest, route)| {
                let position = place(route, stream, newest.at)?;
                let at_ear = newest.pulled_at + after_pull;
                Some((position, delay_of(mirror, stream, position.ticks, relay, at_ear)))
            });
            Some(source.poll(stats, stream, mirror, located, after_pull))
        });
        heard.collect()
    }

    /// How the output is, but for its levels.
    pub(super) fn output(&self) -> Option<OutputLine> {
        let inner = self.lock();
        let player = inner.player.as_ref()?;
        let stats = player.output_stats();
        Some(OutputLine {
            rendered: stats.rendered.0,
            clipped: stats.clipped,
            underruns: stats.underruns,
            skipped: stats.skipped.0,
            device_ms: stats.device.as_secs_f64() * 1e3,
            ahead_ms: stats.ahead.as_secs_f64() * 1e3,
            device_lost: stats.device_lost,
            levels: LevelStats::default(),
        })
    }

    /// Rate of the output.
    pub(super) fn rate(&self) -> SampleRate {
        self.lock().player.as_ref().map_or(SampleRate::HZ_48000, Player::rate)
    }

    /// Why nothing more is written to the output file; told once.
    pub(super) fn poll_file_failure(&self) -> Option<String> {
        self.lock().player.as_ref()?.poll_file_failure()
    }

    /// Stops playing; a file is complete then. Blocks for the disk.
    pub(super) fn finish(&self) -> Result<(), JoinError> {
        let player = self.lock().player.take();
        match player.map(Player::finish) {
            Some(Err(error)) => Err(JoinError::Sound(error.to_string())),
            _ => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Another peer connection numbers its sources anew.
    fn begin_peer(&mut self, peer: u32) {
        if peer <= self.peer {
            return;
        }
        self.peer = peer;
        self.router = Router::default();
        let gone: Vec<Ssrc> = self.sources.keys().copied().collect();
        gone.into_iter().for_each(|ssrc| self.remove(ssrc));
    }

    /// What is to be made before these slots can be routed; none where nothing is played any more, or for a peer that was
    /// given up.
    fn coming(&mut self, peer: u32, slots: &[Slot]) -> Option<Coming> {
        self.begin_peer(peer);
        let player = self.player.as_ref().filter(|_| peer == self.peer)?;
        let numbered = (self.next_source..).zip(self.router.coming(slots));
        let sources: Vec<_> = numbered.map(|(id, (ssrc, stream))| (ssrc, SourceId(id), stream)).collect();
        self.next_source += sources.len() as u32;
        Some(Coming { maker: player.maker(), sources, removed: player.take_removed() })
    }

    /// Routes as the relay says, to the sources that were made for it, and plays what waited for that.
    fn route(&mut self, clock: MonoClock, peer: u32, slots: &[Slot], mut made: Made) -> Result<(), PipelineError> {
        let mut result = Ok(());
        if peer < self.peer {
            return result;
        }
        for change in self.router.handle_slots(slots) {
            match change {
                RouteChange::Removed(ssrc, _) => self.remove(ssrc),
                RouteChange::Added(ssrc, stream) => {
                    let added = made.remove(&ssrc).map_or(Ok(()), |made| self.add(ssrc, stream, made?));
                    result = result.and(added);
                }
            }
        }
        while let Some((ssrc, packet)) = self.router.poll_released() {
            self.play(clock, ssrc, &packet);
        }
        result
    }

    fn add(&mut self, ssrc: Ssrc, stream: StreamId, made: (SourceId, NewSource)) -> Result<(), PipelineError> {
        let (id, new) = made;
        let Some(player) = &self.player else { return Ok(()) };
        player.insert(new)?;
        self.sources.insert(ssrc, Source::new(id, stream));
        Ok(())
    }

    fn remove(&mut self, ssrc: Ssrc) {
        if let (Some(source), Some(player)) = (self.sources.remove(&ssrc), &self.player) {
            player.remove(source.id);
        }
    }

    fn play(&self, clock: MonoClock, ssrc: Ssrc, packet: &Received) {
        if let (Some(source), Some(player)) = (self.sources.get(&ssrc), &self.player) {
            let arrived = clock.at(packet.arrived);
            player.push(source.id, arrived, packet.seq, packet.rtp, packet.red, &packet.payload);
        }
    }
}

fn usual_format() -> StreamFormat {
    StreamFormat { channels: 2, frame_us: 10_000, bitrate: 256_000, redundancy: 1, rate: SampleRate::HZ_48000 }
}

#[cfg(test)]
mod tests;
