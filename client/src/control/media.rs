//! Keeps one peer connection alive: offers, watches, and offers anew when it does not connect or is lost.

use super::hearing::{Ear, PeerSink};
use super::streams::OwnStream;
use crate::media::{MediaError, Peer, PeerConfig, PeerEvent};
use client_core::backoff::Backoff;
use protocol::wire::{MAX_SLOTS, Offer, SendSection};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A peer that is answered and not connected after so long is given up: its path may be dead, or its handshake beyond
/// repair by repeats. Doubled with every try in a row, for long round trips: where each of the handshake's takes 2 s, ten
/// and more pass until packets flow.
const WATCHDOG: Duration = Duration::from_millis(1_500);
const LONGEST_WATCHDOG: Duration = Duration::from_secs(24);
/// An offer without an answer for so long is repeated with the next number.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// An interrupted connection may come back by itself for so long.
const INTERRUPTED_FOR: Duration = Duration::from_secs(3);
/// News of peers on their way to the session. A peer whose news finds it full waits: there are a few in its lifetime.
const EVENTS: usize = 32;
/// Receiving sections of the first offer; more are offered when the relay says that streams are missing.
const FIRST_SECTIONS: usize = 8;

/// Where the current peer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No peer, and none wanted before the deadline.
    Idle,
    /// Offered.
    Offered,
    /// Answered; packets do not flow yet.
    Connecting,
    /// Packets flow.
    Connected,
    /// Packets flowed.
    Interrupted,
}

/// The keeper of the peer connection.
pub(super) struct Keeper {
    ear: Arc<Ear>,
    loopback: bool,
    runtime: Handle,
    number: u32,
    sections: usize,
    peer: Option<Arc<Peer>>,
    stage: Stage,
    deadline: Option<Instant>,
    tries: u32,
    told_hung: bool,
    connected_once: bool,
    backoff: Backoff,
    events_in: mpsc::Sender<(u32, PeerEvent)>,
    events: mpsc::Receiver<(u32, PeerEvent)>,
}

impl Keeper {
    pub(super) fn new(ear: Arc<Ear>, loopback: bool, runtime: Handle) -> Keeper {
        let (events_in, events) = mpsc::channel(EVENTS);
        Keeper {
            ear,
            loopback,
            runtime,
            number: 0,
            sections: FIRST_SECTIONS,
            peer: None,
            stage: Stage::Idle,
            deadline: None,
            tries: 0,
            told_hung: false,
            connected_once: false,
            backoff: Backoff::default(),
            events_in,
            events,
        }
    }

    /// Makes a new peer and its offer; the one before goes on until then. Where none can be made another try is due.
    pub(super) async fn offer(&mut self, streams: &[OwnStream]) -> Result<Offer, MediaError> {
        self.number += 1;
        self.tries += 1;
        let config = PeerConfig {
            number: self.number,
            sends: streams.iter().map(|stream| stream.ssrc).collect(),
            receives: self.sections,
            loopback: self.loopback,
            runtime: self.runtime.clone(),
        };
        let sink = Arc::new(PeerSink::new(self.ear.clone(), self.number));
        let made = Peer::offer(config, sink, self.events_in.clone()).await;
        let (peer, offer) = made.inspect_err(|_| self.retry_later(0.0))?;
        self.close();
        streams.iter().for_each(|stream| stream.connect(None));
        self.peer = Some(Arc::new(peer));
        self.enter(Stage::Offered, Some(ANSWER_WITHIN));
        let sections = streams.iter().zip(offer.send_mids);
        let send = sections.map(|(stream, mid)| SendSection { mid, stream: stream.id }).collect();
        Ok(Offer { peer: self.number, sdp: offer.sdp, send })
    }

    /// Takes the relay's answer. One that cannot be used leads to a new offer.
    pub(super) async fn handle_answer(&mut self, number: u32, sdp: String) -> Result<(), MediaError> {
        let Some(peer) = self.peer.clone().filter(|_| number == self.number && self.stage == Stage::Offered) else {
            return Ok(());
        };
        self.enter(Stage::Connecting, Some(watch_for(self.tries)));
        let answered = peer.handle_answer(sdp).await;
        if answered.is_err() {
            self.retry_later(0.0);
        }
        answered
    }

    /// Takes news of a peer. True when packets flow from now on.
    pub(super) fn handle_event(&mut self, number: u32, event: PeerEvent, streams: &[OwnStream]) -> bool {
        if number != self.number {
            return false;
        }
        match (event, self.stage) {
            (PeerEvent::Connected, Stage::Interrupted) => self.enter(Stage::Connected, None),
            (PeerEvent::Connected, _) => {
                self.enter(Stage::Connected, None);
                (self.tries, self.told_hung) = (0, false);
                self.connected_once = true;
                self.backoff.reset();
                self.connect(streams);
                return true;
            }
            (PeerEvent::Interrupted, Stage::Connected) => self.enter(Stage::Interrupted, Some(INTERRUPTED_FOR)),
            (PeerEvent::Failed, Stage::Connected | Stage::Interrupted | Stage::Connecting) => self.retry_later(0.0),
            _ => {}
        }
        false
    }

    /// The relay refused the offer or has lost the peer.
    pub(super) fn handle_failed(&mut self, number: u32, random: f64) {
        if number == self.number {
            self.retry_later(random);
        }
    }

    /// The relay wants to send more than there are sections for. True when a bigger offer is due.
    pub(super) fn handle_missing(&mut self, missing: usize) -> bool {
        let before = self.sections;
        self.sections = sections_for(before, missing);
        self.sections > before
    }

    /// The next news of any peer, awaited. Cancel-safe.
    pub(super) async fn next_event(&mut self) -> (u32, PeerEvent) {
        match self.events.recv().await {
            Some(event) => event,
            // Cannot be: a sender is held here.
            None => std::future::pending().await,
        }
    }

    /// When a new offer is due if nothing happens before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether the deadline is that of a peer that was answered and does not connect; told once till one does.
    pub(super) fn poll_hung(&mut self) -> bool {
        self.stage == Stage::Connecting && !std::mem::replace(&mut self.told_hung, true)
    }

    /// Whether packets flow.
    pub(super) fn is_connected(&self) -> bool {
        self.stage == Stage::Connected
    }

    /// Whether packets have ever flowed.
    pub(super) fn was_connected(&self) -> bool {
        self.connected_once
    }

    /// Number of the newest peer.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// The relay has gone; no offers until it is back.
    pub(super) fn pause(&mut self) {
        if !matches!(self.stage, Stage::Connected | Stage::Interrupted) {
            self.stage = Stage::Idle;
        }
        self.deadline = None;
    }

    /// Gives the peer up, in the background.
    pub(super) fn close(&mut self) {
        if let Some(peer) = self.peer.take() {
            tokio::spawn(async move { peer.close().await });
        }
        self.stage = Stage::Idle;
        self.deadline = None;
    }

    /// Gives the peer up and waits for it.
    pub(super) async fn close_and_wait(&mut self) {
        if let Some(peer) = self.peer.take() {
            peer.close().await;
        }
    }

    fn connect(&self, streams: &[OwnStream]) {
        let Some(peer) = &self.peer else { return };
        for (stream, sender) in streams.iter().zip(peer.senders()) {
            stream.connect(Some(sender.clone()));
        }
    }

    fn retry_later(&mut self, random: f64) {
        // The first failure in a row is repaired at once.
        let wait = if self.tries <= 1 { Duration::ZERO } else { self.backoff.next_wait(random) };
        self.enter(Stage::Idle, Some(wait));
    }

    fn enter(&mut self, stage: Stage, deadline: Option<Duration>) {
        tracing::debug!(peer = self.number, ?stage, "media");
        self.stage = stage;
        self.deadline = deadline.map(|wait| Instant::now() + wait);
    }
}

/// How long the nth peer in a row (from 1) may take to connect.
fn watch_for(tries: u32) -> Duration {
    (WATCHDOG * (1 << tries.saturating_sub(1).min(4))).min(LONGEST_WATCHDOG)
}

/// Receiving sections of the next offer when so many streams had none.
fn sections_for(now: usize, missing: usize) -> usize {
    (now + missing).min(MAX_SLOTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::tests::answer;
    use crate::pipeline::MonoClock;
    use crate::pipeline::playout::{PlayerConfig, start_player};
    use crate::spec::OutputSpec;
    use codec::jitter::Profile;

    fn keeper(runtime: Handle) -> Keeper {
        let clock = MonoClock::start();
        let config = PlayerConfig { output: OutputSpec::Null, profile: Profile::Default, positions: false };
        let ear = Arc::new(Ear::new(start_player(config, clock).unwrap(), clock));
        Keeper::new(ear, true, runtime)
    }

    /// A keeper whose network thread has ended, so that no peer can be made.
    fn keeper_without_network() -> Keeper {
        let ended = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let handle = ended.handle().clone();
        ended.shutdown_background();
        keeper(handle)
    }

    /// Nobody takes the peers' news here, so each of them stays as it was answered, and its time passes without waiting.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_peer_that_is_answered_and_does_not_connect_is_given_up_and_the_next_one_gets_twice_its_time() {
        let mut keeper = keeper(Handle::current());
        for (number, wait) in [(1, WATCHDOG), (2, 2 * WATCHDOG)] {
            let offer = keeper.offer(&[]).await.unwrap();
            assert!(!keeper.poll_hung(), "a peer that is not answered does not hang");
            let (_far, answer, ..) = answer(&offer.sdp).await;
            let before = Instant::now();
            keeper.handle_answer(number, answer).await.unwrap();
            let due = keeper.deadline().expect("it is not waited for for ever");
            assert!((before + wait..=Instant::now() + wait).contains(&due), "{:?}", due - before);
            assert_eq!((keeper.number(), keeper.poll_hung()), (number, number == 1), "told once");
        }
        keeper.close_and_wait().await;
    }

    #[tokio::test]
    async fn a_peer_that_cannot_be_made_is_tried_again_at_once_and_then_after_longer_and_longer_waits() {
        let mut keeper = keeper_without_network();
        for least_ms in [0, 250, 500, 1_000] {
            let before = Instant::now();
            assert!(keeper.offer(&[]).await.is_err());
            let due = keeper.deadline().expect("another try is due");
            assert!(due >= before + Duration::from_millis(least_ms), "{least_ms} ms: {:?}", due - before);
        }
    }

    #[test]
    fn the_watchdog_gives_a_long_way_more_time_with_every_try() {
        let waits: Vec<u128> = (1..7).map(|tries| watch_for(tries).as_millis()).collect();
        assert_eq!(waits, [1_500, 3_000, 6_000, 12_000, 24_000, 24_000]);
    }

    #[test]
    fn missing_streams_get_sections_up_to_the_limit() {
        assert_eq!(sections_for(FIRST_SECTIONS, 0), FIRST_SECTIONS);
        assert_eq!(sections_for(FIRST_SECTIONS, 3), FIRST_SECTIONS + 3);
        assert_eq!(sections_for(FIRST_SECTIONS, 100), MAX_SLOTS);
    }
}
