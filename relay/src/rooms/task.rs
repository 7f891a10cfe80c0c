use super::LinkDoor;
use crate::clock::Clock;
use crate::media::{MediaError, MediaHandle, PeerKey, PeerOffer};
use crate::telemetry::Metrics;
use axum::extract::ws::Utf8Bytes;
use protocol::event::Recorded;
use protocol::ids::{LogId, SessionId};
use protocol::wire::{ErrorCode, RelayFrame};
use relay_core::room::{self, Closing, Enter, Input, LinkId, MediaInput, Output, Refusal, Room};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep_until, timeout};
use tracing::{Instrument, debug, info, info_span};
use uuid::Uuid;

/// How long the media plane may take to answer an offer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// What reaches a room's task.
pub(super) enum ToRoom {
    Enter(Box<Enter>, LinkDoor),
    Input(Input),
    Log(oneshot::Sender<(LogId, Vec<Recorded>)>),
    Drain(oneshot::Sender<()>),
}

/// One running session: carries out what its room decides, and waits for nothing but its inbox and the time.
pub(super) struct RoomTask {
    session: SessionId,
    room: Room,
    links: HashMap<LinkId, LinkDoor>,
    clock: Clock,
    media: MediaHandle,
    metrics: Arc<Metrics>,
    inbox: mpsc::Sender<ToRoom>,
}

impl RoomTask {
    pub(super) fn new(
        session: SessionId,
        title: &str,
        clock: Clock,
        media: MediaHandle,
        metrics: Arc<Metrics>,
        inbox: mpsc::Sender<ToRoom>,
    ) -> RoomTask {
        let room = Room::new(session, LogId(Uuid::new_v4()), title, clock.now());
        RoomTask { session, room, links: HashMap::new(), clock, media, metrics, inbox }
    }

    pub(super) async fn run(mut self, mut inputs: mpsc::Receiver<ToRoom>) {
        let span = info_span!("session", session = %self.session);
        async {
            info!("the session runs");
            self.metrics.rooms.inc();
            let told = self.work(&mut inputs).await;
            self.metrics.rooms.dec();
            info!("the session ends");
            told.map(|told| told.send(()))
        }
        .instrument(span)
        .await;
    }

    async fn work(&mut self, inputs: &mut mpsc::Receiver<ToRoom>) -> Option<oneshot::Sender<()>> {
        loop {
            match self.next(inputs).await? {
                ToRoom::Enter(enter, link) => {
                    self.links.insert(enter.link, link);
                    self.metrics.links.inc();
                    self.handle(Input::Enter(enter));
                }
                ToRoom::Input(input) => self.handle(input),
                ToRoom::Log(told) => {
                    // Whoever asked may have gone.
                    let _ = told.send((self.room.log_id(), self.room.events_after(0).to_vec()));
                }
                ToRoom::Drain(told) => {
                    self.handle(Input::Drain);
                    return Some(told);
                }
            }
        }
    }

    async fn next(&self, inputs: &mut mpsc::Receiver<ToRoom>) -> Option<ToRoom> {
        let Some(deadline) = self.room.next_deadline() else { return inputs.recv().await };
        tokio::select! {
            biased;
            () = sleep_until(self.clock.deadline(deadline)) => Some(ToRoom::Input(Input::Deadline)),
            input = inputs.recv() => input,
        }
    }

    /// Hands one input to the room and carries its outputs out. Links that turn out to be slow are inputs themselves.
    fn handle(&mut self, input: Input) {
        let mut inputs = vec![input];
        while let Some(input) = inputs.pop() {
            if let Input::Closed { link, .. } = &input {
                self.drop_link(*link);
            }
            let mut outputs = Vec::new();
            self.room.handle(self.clock.now(), input, &mut outputs);
            for output in outputs {
                self.carry_out(output, &mut inputs);
            }
        }
    }

    fn carry_out(&mut self, output: Output, slow: &mut Vec<Input>) {
        match output {
            Output::Send { to, frame } => self.send(&to, &frame, slow),
            Output::Close { link, closing } => self.close(link, closing),
            Output::Offer(offer) => self.offer(offer),
            Output::ClosePeer { participant, peer } => {
                self.media.close_peer(PeerKey { session: self.session, participant, peer });
            }
            Output::SetPlan(plan) => self.media.set_plan(self.session, plan),
        }
    }

    /// Writes a frame once and queues it for everybody.
    fn send(&mut self, to: &[LinkId], frame: &RelayFrame, slow: &mut Vec<Input>) {
        let text = to_text(frame);
        for link in to {
            let Some(handle) = self.links.get(link) else { continue };
            if handle.try_send(text.clone()) {
                self.metrics.frames_out.inc();
                continue;
            }
            self.metrics.slow_links.inc();
            self.close(*link, Closing::Slow);
            slow.push(Input::Closed { link: *link, left: false });
        }
    }

    fn close(&mut self, link: LinkId, closing: Closing) {
        if let Some(handle) = self.drop_link(link) {
            debug!(link = link.0, ?closing, "the link is closed");
            handle.close(closing);
        }
    }

    fn drop_link(&mut self, link: LinkId) -> Option<LinkDoor> {
        self.links.remove(&link).inspect(|_| {
            self.metrics.links.dec();
        })
    }

    /// Lets the media plane look at an offer beside the room's work; the answer comes back as an input.
    fn offer(&self, offer: room::PeerOffer) {
        let room::PeerOffer { participant, peer, sdp, send, client } = offer;
        let key = PeerKey { session: self.session, participant, peer };
        let (media, inbox) = (self.media.clone(), self.inbox.clone());
        let span = info_span!("participant", %participant).in_scope(|| info_span!("peer", peer));
        let work = async move {
            let answer = timeout(ANSWER_WITHIN, media.offer(key, PeerOffer { sdp, send, client })).await;
            let answer = answer.unwrap_or(Err(MediaError::Busy)).map_err(refusal);
            match &answer {
                Ok(_) => debug!("the offer is answered"),
                Err(refusal) => info!(why = refusal.msg, "the offer is refused"),
            }
            let input = Input::Media { participant, peer, media: MediaInput::Answered(answer) };
            let _ = inbox.send(ToRoom::Input(input)).await;
        };
        tokio::spawn(work.instrument(span));
    }
}

/// The JSON text of a frame.
pub(crate) fn to_text(frame: &RelayFrame) -> Utf8Bytes {
    serde_json::to_string(frame).expect("frames have a JSON form").into()
}

fn refusal(error: MediaError) -> Refusal {
    let code = match &error {
        MediaError::StalePeer(_) => ErrorCode::Stale,
        MediaError::Busy => ErrorCode::TooMany,
        MediaError::OfferTooLarge(_) => ErrorCode::TooLarge,
        MediaError::TooManySections(_)
        | MediaError::NotAudio(_)
        | MediaError::Sdp(_)
        | MediaError::NoSuchSection(_)
        | MediaError::NoOpus => ErrorCode::Invalid,
        _ => ErrorCode::Internal,
    };
    Refusal::new(code, error.to_string())
}
