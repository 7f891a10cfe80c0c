//! The one task that owns a joined session.

mod ask;
mod enter;
mod lobby;
mod note;
mod own;
mod react;
mod record;
mod tell;
mod view;
mod way;

use super::asked;
use super::desk::{Desk, DeskMeter};
use super::hearing::Ear;
use super::levels::LevelMeter;
use super::media::Keeper;
use super::memory::Memory;
use super::positions::PositionTeller;
use super::sounds::random_u32;
use super::streams::OwnStream;
use super::takes::Takes;
use super::{JoinConfig, JoinError};
use crate::media::{MediaError, NetworkThread};
use crate::pipeline::playout::PositionRecord;
use crate::pipeline::{MonoClock, OutputEvent, PublisherEvent, QueueReceiver};
use crate::report::{HeardStats, Line, Reporter};
use crate::signal::Lobby;
use crate::tui::Action;
use client_core::backoff::Backoff;
use client_core::clock::RelayClock;
use client_core::mirror::Mirror;
use client_core::outbox::Outbox;
use client_core::pace::Pace;
use client_core::take::Input;
use protocol::command::Command;
use protocol::ids::CommandId;
use protocol::wire::{ClientFrame, Offer};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, sleep_until};
use units::{Dbfs, WallTime};
use uuid::Uuid;
use way::{Told, Way};

/// How often positions are taken from the player.
const POSITIONS_EVERY: Duration = Duration::from_millis(20);
/// How often levels are told.
const LEVELS_EVERY: Duration = Duration::from_millis(100);
/// How often everything else is told.
const STATS_EVERY: Duration = Duration::from_secs(1);
/// How long the goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// Everything a joined client holds.
struct Session {
    start: Instant,
    clock: MonoClock,
    reporter: Reporter,
    mirror: Mirror,
    outbox: Outbox,
    pace: Pace,
    /// The relay could not do something just now: nothing is asked until then.
    ask_after: Instant,
    /// Own streams are to be looked at when the mirror has come so far.
    restore_due: bool,
    /// Where the outbox survives the end of the program; none where nothing can be kept.
    memory: Option<Arc<Memory>>,
    /// Where the reaction offset is remembered; none where nothing can be kept.
    habits: Option<PathBuf>,
    /// How long before a key press its author means, in ms.
    reaction_ms: u32,
    /// What was heard when the note was begun that is being typed.
    begun: Option<note::Begun>,
    /// The secret from the last welcome, with which one comes back.
    resume: String,
    relay_clock: RelayClock,
    way: Way,
    /// Says so each time that one has to be let in.
    lobby: mpsc::Receiver<Lobby>,
    /// Whether one waits there on the way back.
    in_lobby: bool,
    backoff: Backoff,
    /// Why the relay did not let one back in.
    told: Told,
    streams: Vec<OwnStream>,
    publisher_events: mpsc::Receiver<(usize, PublisherEvent)>,
    takes: Takes,
    keeper: Keeper,
    /// Ends with the session.
    _network: NetworkThread,
    /// Back on a new link, and not told yet that the relay still has our peer.
    unconfirmed: bool,
    ear: Arc<Ear>,
    output_events: Option<QueueReceiver<OutputEvent>>,
    positions: Option<QueueReceiver<PositionRecord>>,
    teller: PositionTeller,
    output_levels: LevelMeter,
    /// Samples that the output has left out, as far as was looked.
    skipped: u64,
    output_sound: Vec<f32>,
    output_meter: DeskMeter,
    heard: Vec<HeardStats>,
    desk: Option<Desk>,
    /// Questions of the program that started us; none while a person does.
    asked: Option<mpsc::Receiver<asked::Line>>,
    pings: u32,
    next_ping: Instant,
    dimmed: bool,
    dim_by_hand: bool,
    volume: Dbfs,
}

/// Why the session is over.
enum End {
    Orderly(&'static str),
    Failed(JoinError),
}

/// Joins, stays, leaves.
pub(super) async fn run(config: JoinConfig, reporter: Reporter) -> Result<(), JoinError> {
    let mut end = std::pin::pin!(end_of(config.seconds));
    let start = Instant::now();
    let entered = tokio::select! {
        entered = Session::enter(config, reporter, start) => entered?,
        _ = &mut end => None,
    };
    let Some(mut session) = entered else { return Ok(()) };
    let ended = session.stay(end).await;
    session.leave(ended).await
}

/// Resolves when it is time to go.
async fn end_of(seconds: Option<Duration>) -> &'static str {
    let timer = async {
        match seconds {
            Some(seconds) => sleep(seconds).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = timer => "the time given with --seconds is over",
        reason = asked_to_end() => reason,
    }
}

#[cfg(unix)]
async fn asked_to_end() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => "Ctrl-C",
        _ = terminate.recv() => "SIGTERM",
    }
}

#[cfg(not(unix))]
async fn asked_to_end() -> &'static str {
    let _ = tokio::signal::ctrl_c().await;
    "Ctrl-C"
}

impl Session {
    /// Runs till the end.
    async fn stay(&mut self, mut end: Pin<&mut impl Future<Output = &'static str>>) -> End {
        let mut positions = every(POSITIONS_EVERY);
        let mut levels = every(LEVELS_EVERY);
        let mut stats = every(STATS_EVERY);
        stats.reset();
        loop {
            let (deadline, take_deadline) = (self.keeper.deadline(), self.take_deadline());
            let handled = tokio::select! {
                reason = &mut end => return End::Orderly(reason),
                Some(lobby) = self.lobby.recv() => { self.handle_lobby(lobby); Ok(()) }
                news = self.way.next() => self.handle_way(news).await,
                (peer, event) = self.keeper.next_event() => { self.handle_peer(peer, event); Ok(()) }
                Some((stream, event)) = self.publisher_events.recv() => {
                    self.handle_publisher(stream, event);
                    Ok(())
                }
                Some(event) = next_output(&mut self.output_events) => { self.handle_output(&event); Ok(()) }
                news = self.takes.next_news() => { self.handle_take(Input::News(news)); Ok(()) }
                () = sleep_until(take_deadline.unwrap_or(self.start)), if take_deadline.is_some() => {
                    self.handle_take(Input::Time);
                    Ok(())
                }
                () = sleep_until(deadline.unwrap_or(self.start)), if deadline.is_some() => {
                    self.handle_media_deadline().await;
                    Ok(())
                }
                () = sleep_until(self.next_ping) => { self.ping(); Ok(()) }
                action = next_action(&mut self.desk) => match self.handle_action(action).await {
                    Some(reason) => return End::Orderly(reason),
                    None => Ok(()),
                },
                Some(asked) = next_asked(&mut self.asked) => { self.handle_asked(asked).await; Ok(()) }
                _ = positions.tick() => { self.tell_positions(); Ok(()) }
                _ = levels.tick() => { self.give_up_late().await; self.tell_levels(); Ok(()) }
                _ = stats.tick() => { self.tell_stats(); Ok(()) }
            };
            if let Err(error) = handled {
                return End::Failed(error);
            }
        }
    }

    /// Ends takes, closes streams, says goodbye, finishes the file.
    async fn leave(mut self, end: End) -> Result<(), JoinError> {
        self.finish_takes().await;
        self.remember_or_forget().await;
        let streams = std::mem::take(&mut self.streams);
        for stream in &streams {
            stream.connect(None);
            self.command(Command::StreamClose { stream: stream.id });
        }
        self.way.close(GOODBYE).await;
        self.keeper.close_and_wait().await;
        let ear = self.ear.clone();
        let finished = blocking(move || {
            streams.into_iter().for_each(OwnStream::stop);
            ear.finish()
        });
        let finished = finished.await;
        self.tell_positions();
        match end {
            End::Orderly(reason) => {
                let ms = self.ms();
                self.tell(Line::Left { reason, ms });
                finished
            }
            End::Failed(error) => Err(error),
        }
    }

    /// At the end: where anything is not answered, also of a take that ends only now, the next run comes back as who one
    /// is, for nobody else may report one's parts; else there is nothing to keep.
    async fn remember_or_forget(&mut self) {
        match &self.memory {
            Some(memory) if self.outbox.is_empty() => memory.forget(),
            _ => self.remember().await,
        }
    }

    /// The peer connection did not come up, or another try is due.
    async fn handle_media_deadline(&mut self) {
        if self.keeper.poll_hung() {
            self.warn(
                "sound does not connect yet and is tried anew; if it stays away, check that UDP to the relay is open",
            );
        }
        self.offer().await;
    }

    /// Offers a new peer connection, as soon as there is a link to offer it over.
    async fn offer(&mut self) {
        if !self.way.is_open() {
            self.keeper.pause();
            return;
        }
        let offer = self.keeper.offer(&self.streams).await;
        self.send_offer(offer);
    }

    fn send_offer(&mut self, offer: Result<Offer, MediaError>) {
        match offer {
            Ok(offer) => self.send(ClientFrame::Sdp(offer)),
            Err(error) => self.warn(error.to_string()),
        }
    }

    /// Sends over the link if there is one. What matters is sent again on the next link.
    fn send(&mut self, frame: ClientFrame) {
        if !self.way.try_send(frame) {
            tracing::debug!("a frame could not be sent");
        }
    }

    /// What the relay's clock shows; none before the first answer of this link.
    fn relay_now(&self) -> Option<WallTime> {
        self.relay_clock.at(self.clock.now()).map(|now| WallTime(now.at_us / 1_000))
    }

    fn ms(&self) -> u64 {
        self.start.elapsed().as_millis() as u64
    }
}

/// Runs something that may block for milliseconds off the control task.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

/// The next key, awaited; none ever comes without a terminal. Cancel-safe.
async fn next_action(desk: &mut Option<Desk>) -> Action {
    match desk {
        Some(desk) => desk.next_action().await,
        None => std::future::pending().await,
    }
}

/// What becomes of the output device next; none once its player is gone. Cancel-safe.
async fn next_output(events: &mut Option<QueueReceiver<OutputEvent>>) -> Option<OutputEvent> {
    events.as_mut()?.recv().await
}

/// The next question; none ever comes without a program to ask it, nor after its last. Cancel-safe.
async fn next_asked<T>(asked: &mut Option<mpsc::Receiver<T>>) -> Option<T> {
    match asked {
        Some(asked) => asked.recv().await,
        None => std::future::pending().await,
    }
}

fn every(period: Duration) -> Interval {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// The time by the wall clock, which the next run of the program reads too.
fn wall_now() -> WallTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    WallTime(since.as_millis() as i64)
}

fn random_unit() -> f64 {
    f64::from(random_u32()) / f64::from(u32::MAX)
}
