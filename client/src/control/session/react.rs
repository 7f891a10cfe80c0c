//! What the session does when something happens.

use super::super::door::Door;
use super::super::news;
use super::way::News;
use super::*;
use crate::media::PeerEvent;
use crate::report::kind_name;
use crate::signal::{Link, LinkEvent};
use client_core::outbox::{Answer, Pending};
use client_core::words;
use protocol::wire::{PeerNews, RelayFrame, Welcome};

impl Session {
    pub(super) async fn handle_way(&mut self, news: News) -> Result<(), JoinError> {
        match news {
            News::Event(LinkEvent::Frame(frame, read_at)) => self.handle_frame(*frame, read_at).await,
            News::Event(LinkEvent::Broken(error)) => {
                self.warn(format!("{error}; trying to come back"));
                self.turn_back();
            }
            News::Returned(door, Ok((link, welcome))) => self.handle_return(door, link, *welcome).await,
            News::Returned(door, Err(error)) if error.is_passing() => {
                self.in_lobby = false;
                tracing::info!(%error, "the relay is not back yet");
                self.told.news(&error).into_iter().for_each(|news| self.warn(news));
                self.way = Way::back(door, self.backoff.next_wait(random_unit()));
            }
            News::Returned(_, Err(error)) => return Err(error.into()),
        }
        Ok(())
    }

    /// Back in, as who one was or as somebody new. Sound that flows goes on over its peer if the relay still has that.
    async fn handle_return(&mut self, door: Box<Door>, link: Link, welcome: Welcome) {
        let same = welcome.participant == self.mirror.me && welcome.log == self.mirror.log;
        while let Ok(lobby) = self.lobby.try_recv() {
            self.handle_lobby(lobby);
        }
        (self.way, self.in_lobby) = (Way::In(link, door), false);
        self.backoff.reset();
        self.told.forget();
        self.mirror.handle_welcome(&welcome);
        self.resume.clone_from(&welcome.resume);
        self.relay_clock.reset();
        (self.pings, self.next_ping) = (0, Instant::now());
        let settled = self.take_up(&welcome, same);
        // Of the first frame the relay sees that the next way back has arrived, and the one before is good no more: a
        // kill between them must find it written down.
        self.remember().await;
        self.tell_joined(&welcome);
        self.tell_answers(settled);
        self.tell_talking();
        if !same {
            self.streams.iter_mut().for_each(OwnStream::renew);
            self.begin_streams();
            self.offer().await;
            return;
        }
        self.restore_streams();
        self.send_commands();
        self.handle_take(Input::State);
        self.unconfirmed = self.keeper.is_connected();
        if !self.unconfirmed {
            self.offer().await;
        }
    }

    /// Goes on with what is not answered, as who one was or as somebody new. What is settled by that.
    pub(super) fn take_up(&mut self, welcome: &Welcome, same: bool) -> Vec<(Pending, Answer)> {
        if welcome.state.is_some() {
            self.outbox.handle_whole_state();
        }
        if same { Vec::new() } else { self.outbox.change_author(&self.mirror.state) }
    }

    async fn handle_frame(&mut self, frame: RelayFrame, read_at: std::time::Instant) {
        match self.mirror.handle_frame(&frame) {
            Ok(changes) => {
                let lines: Vec<Line> =
                    changes.iter().filter_map(|change| news::line_of(&self.mirror, change)).collect();
                lines.into_iter().for_each(|line| self.tell(line));
                self.tell_event(&frame);
                self.watch_streams(&changes);
            }
            Err(gap) => {
                tracing::warn!(%gap, "resuming");
                self.turn_back();
                return;
            }
        }
        self.handle_told(&frame).await;
        match frame {
            RelayFrame::Ev(_) => self.handle_take(Input::State),
            RelayFrame::Ok { id, seq } => self.handle_answer(id, Answer::Done { seq }).await,
            RelayFrame::Err { id: Some(id), code, msg, .. } => {
                self.handle_answer(id, Answer::Refused { code, msg }).await;
            }
            RelayFrame::Err { id: None, code, msg, .. } => {
                tracing::info!(?code, msg, "the relay refused");
                self.warn(msg);
            }
            RelayFrame::Pong { n, at_us } => self.relay_clock.handle_pong(n, at_us, self.clock.at(read_at)),
            RelayFrame::Sdp(news) => self.handle_sdp(news).await,
            RelayFrame::Pres { .. } => {
                self.adjust_dim();
                self.offer_unless_confirmed().await;
            }
            _ => {}
        }
    }

    /// The session's event itself: programs get it as it was recorded, people as a sentence.
    fn tell_event(&mut self, frame: &RelayFrame) {
        if let RelayFrame::Ev(told) = frame {
            let words = words::sentence(&self.mirror.state, &told.recorded);
            self.tell(Line::Event { event: Box::new(told.recorded.clone()), words });
        }
    }

    async fn handle_sdp(&mut self, news: PeerNews) {
        match news {
            PeerNews::Answer { peer, sdp } => {
                if let Err(error) = self.keeper.handle_answer(peer, sdp).await {
                    self.warn(error.to_string());
                }
            }
            PeerNews::Failed { peer, code, msg } => {
                tracing::info!(peer, ?code, msg, "the relay has no such peer");
                self.keeper.handle_failed(peer, random_unit());
            }
            PeerNews::Slots { peer, slots, missing } if peer == self.keeper.number() => {
                self.unconfirmed = false;
                if let Err(error) = self.ear.handle_slots(peer, &slots, &self.mirror) {
                    self.warn(error);
                }
                if self.keeper.handle_missing(missing.len()) {
                    self.offer().await;
                }
            }
            PeerNews::Slots { .. } => {}
            PeerNews::Redundancy { peer, stream, depth } if peer == self.keeper.number() => {
                let own = self.streams.iter_mut().find(|own| own.id == stream);
                own.into_iter().for_each(|own| own.ask_redundancy(depth));
            }
            PeerNews::Redundancy { .. } => {}
        }
    }

    /// A relay that still has our peer says so before it says who is here; else the sound needs a new one.
    async fn offer_unless_confirmed(&mut self) {
        if std::mem::take(&mut self.unconfirmed) {
            self.offer().await;
        }
    }

    pub(super) fn handle_peer(&mut self, peer: u32, event: PeerEvent) {
        if self.keeper.handle_event(peer, event, &self.streams) {
            tracing::info!(peer, ms = self.ms(), "sound is connected");
            // The relay counts anew for a new peer, and asks again if there is need.
            self.streams.iter_mut().for_each(|own| own.ask_redundancy(0));
        }
    }

    pub(super) fn handle_publisher(&mut self, number: usize, event: PublisherEvent) {
        let Some(stream) = self.streams.get_mut(number) else { return };
        let kind = kind_name(stream.kind);
        let warning = match event {
            PublisherEvent::Epoch(start) => {
                let map = stream.handle_epoch(start);
                return self.declare(number, map);
            }
            PublisherEvent::Gap(gap) => {
                format!("{kind}: the device lost {} samples; close other programs if it goes on", gap.samples.0)
            }
            PublisherEvent::Ended => format!("{kind}: the sound has come to its end, silence follows"),
            PublisherEvent::DeviceLost(None) => {
                let lane = stream.lane;
                lane.into_iter().for_each(|lane| self.handle_take(Input::DeviceLost { lane }));
                format!("{kind}: the device is gone; trying it again")
            }
            PublisherEvent::DeviceLost(Some(cause)) | PublisherEvent::Warning(cause) => format!("{kind}: {cause}"),
        };
        self.warn(warning);
    }

    pub(super) fn handle_output(&mut self, event: &OutputEvent) {
        self.warn(output_words(event));
    }

    fn turn_back(&mut self) {
        self.keeper.pause();
        self.outbox.handle_lost_link();
        self.way.turn_back(self.mirror.place());
    }
}

fn output_words(event: &OutputEvent) -> String {
    match event {
        OutputEvent::DeviceLost(None) => "output: the device is gone and nothing is heard; trying it again".to_owned(),
        OutputEvent::DeviceLost(Some(cause)) => format!("output: {cause}"),
        OutputEvent::DeviceBack => "output: the device plays again".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::DeviceError;

    #[test]
    fn an_output_that_came_back_at_another_rate_says_what_to_do() {
        let cause = DeviceError::RateChanged("device".to_owned()).to_string();
        let words = output_words(&OutputEvent::DeviceLost(Some(cause)));
        assert!(
            words.starts_with("output: \"device\" came back at another sample rate: restart this program"),
            "{words}"
        );
    }
}
