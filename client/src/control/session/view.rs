//! What the terminal shows of the session, and what its keys do.

use super::*;
use crate::report::HeardStats;
use crate::tui::{Action, Health, Hears, Link, Mode, Person, Stage, TakeLine, View};
use client_core::talk::DIM;
use client_core::words::flag_name;
use protocol::ids::{ParticipantId, StreamId};
use protocol::session::take::{Phase, Take, Verdict};
use protocol::stream::StreamKind;
use serde_json::json;
use units::{Dbfs, Ppm};

/// One step of the volume keys.
const VOLUME_STEP_DB: f32 = 1.0;
/// The volume keys go so far.
const VOLUME_DB: std::ops::RangeInclusive<f32> = -40.0..=12.0;

impl Session {
    /// Does what a key says; some reason when it says to leave.
    pub(super) async fn handle_action(&mut self, action: Action) -> Option<&'static str> {
        match action {
            Action::Quit => return Some("q was pressed"),
            Action::Arm => self.handle_wish("take.arm", json!({})).await,
            Action::Roll => self.handle_wish("take.roll", json!({})).await,
            Action::Stop => {
                let armed = self.mirror.state.live_take().is_some_and(|take| take.phase == Phase::Armed);
                let cmd = if armed { "take.cancel" } else { "take.stop" };
                self.handle_wish(cmd, json!({})).await;
            }
            Action::Baton => self.handle_wish(self.baton_wish(), json!({})).await,
            Action::Slate(slate) => self.handle_wish("take.slate", json!({ "slate": slate })).await,
            Action::Begin { at } => self.begin_note(at),
            Action::Note { text, at } => self.handle_note(text, at).await,
            Action::Reaction => self.change_reaction().await,
            Action::Mute => self.toggle_mute(),
            Action::Dim => {
                self.dim_by_hand = !self.dim_by_hand;
                self.adjust_dim();
            }
            Action::VolumeUp => self.change_volume(VOLUME_STEP_DB),
            Action::VolumeDown => self.change_volume(-VOLUME_STEP_DB),
            Action::ClearOvers => {
                self.streams.iter_mut().for_each(OwnStream::clear_overs);
                self.output_meter.clear_overs();
            }
            Action::Help => self.desk.iter_mut().for_each(|desk| desk.help = !desk.help),
            Action::Redraw => {}
        }
        self.show_view();
        None
    }

    /// One's own baton is put down, one that lies on the desk is taken, somebody else's is asked back.
    fn baton_wish(&self) -> &'static str {
        match self.mirror.state.baton {
            Some(baton) if baton.holder == self.mirror.me => "baton.give",
            Some(_) => "baton.reclaim",
            None => "baton.take",
        }
    }

    /// Draws everything anew, if there is a terminal to draw on.
    pub(super) fn show_view(&mut self) {
        if self.desk.is_some() {
            let view = self.view();
            self.desk.iter_mut().for_each(|desk| desk.show(view.clone()));
        }
    }

    fn view(&self) -> View {
        let own = self.streams.iter().map(OwnStream::meters);
        let heard = (!self.heard.is_empty()).then(|| self.output_meter.show("heard".to_owned(), false));
        let others = self.mirror.people.iter().filter(|person| person.participant != self.mirror.me);
        View {
            title: self.mirror.state.title.clone(),
            mode: if self.streams.is_empty() { Mode::Listener } else { Mode::Publisher },
            link: self.link_words(),
            elapsed: self.start.elapsed(),
            delay_ms: self.heard_most().and_then(|heard| heard.delay_ms).map(|delay| delay.total as f32),
            streams: own.chain(heard).collect(),
            people: others.map(|person| self.person(person.participant)).collect(),
            health: self.health_words(),
            output_lost: self.ear.output().is_some_and(|output| output.device_lost),
            muted: !self.streams.is_empty() && self.streams.iter().all(OwnStream::is_muted),
            dimmed: self.dimmed.then_some(DIM),
            volume: Some(self.volume),
            take: self.mirror.state.takes.last().map(|take| self.take_line(take)),
            baton: self.mirror.state.baton.map(|baton| self.holder(baton.holder)),
            unsaved: self.outbox.waiting(),
            reaction_ms: Some(self.reaction_ms),
            ..View::default()
        }
    }

    fn link_words(&self) -> Link {
        match (self.way.is_open(), self.keeper.is_connected()) {
            (true, true) => Link::Connected,
            (false, _) if self.in_lobby => Link::Lobby,
            (false, _) => Link::Reconnecting("the link to the relay is gone".to_owned()),
            (true, false) if self.keeper.was_connected() => {
                Link::Reconnecting("the sound connection is gone".to_owned())
            }
            (true, false) => Link::Connecting,
        }
    }

    /// What is judged, else whatever is heard first.
    fn heard_most(&self) -> Option<&HeardStats> {
        let program = self.heard.iter().find(|heard| heard.kind == StreamKind::Program);
        program.or(self.heard.first())
    }

    fn health_words(&self) -> Health {
        let Some(heard) = self.heard_most() else { return Health::default() };
        let stages = heard.delay_ms.map(|delay| {
            let stage = |name, ms: f64| Stage { name, ms: ms as f32 };
            vec![stage("network", delay.network), stage("buffer", delay.buffer), stage("output", delay.output)]
        });
        let played = heard.real + heard.redundant + heard.concealed;
        Health {
            stages: stages.unwrap_or_default(),
            jitter_target_ms: Some(heard.target_ms as f32),
            drift: Some(Ppm(heard.drift_ppm)),
            concealed_percent: (played > 0).then(|| percent(heard.concealed, played)),
        }
    }

    fn person(&self, who: ParticipantId) -> Person {
        let presence = self.mirror.people.iter().find(|person| person.participant == who);
        let person = self.mirror.state.participants.get(&who);
        let (hears, health) = self.own_program().map_or((Hears::Unknown, None), |stream| {
            let hears = presence.is_some_and(|presence| presence.hears.contains(&stream));
            (if hears { Hears::Yes } else { Hears::No }, self.mirror.health.get(&(who, stream)))
        });
        let sent = health.map(|health| (health.lost, health.received + health.lost)).filter(|(_, all)| *all > 0);
        let played = health.map(|health| (health.concealed, health.played)).filter(|(_, all)| *all > 0);
        Person {
            name: self.mirror.name_of(who),
            role: person.map(|person| person.role.name().to_owned()).unwrap_or_default(),
            hears,
            talks: presence.is_some_and(|presence| presence.talking),
            delay_ms: health.and_then(|health| health.delay_ms).map(|ms| ms.ceil() as u32),
            lost_percent: sent.map(|(lost, all)| percent(lost.into(), all.into())),
            concealed_percent: played.map(|(concealed, all)| percent(concealed.into(), all.into())),
        }
    }

    fn holder(&self, who: ParticipantId) -> String {
        if who == self.mirror.me { "you".to_owned() } else { self.mirror.name_of(who) }
    }

    fn take_line(&self, take: &Take) -> TakeLine {
        let rolled = take.rolled.filter(|_| take.phase == Phase::Rolling);
        let rolling = rolled.zip(self.relay_now()).map(|(rolled, now)| now.0.saturating_sub(rolled.at.0).max(0) as u64);
        let verdict = (take.verdict != Verdict::None).then(|| take.verdict.to_string());
        let flags = take.flags.iter().map(|flag| flag_name(*flag).to_owned());
        TakeLine {
            number: take.number.0,
            slate: take.slate.clone(),
            phase: take.phase.to_string(),
            rolling: rolling.map(Duration::from_millis),
            marks: verdict.into_iter().chain(flags).collect::<Vec<_>>().join(", "),
        }
    }

    fn own_program(&self) -> Option<StreamId> {
        let program = self.streams.iter().find(|stream| stream.kind != StreamKind::Talkback);
        program.or(self.streams.first()).map(|stream| stream.id)
    }

    fn toggle_mute(&mut self) {
        let muted = !self.streams.iter().all(OwnStream::is_muted);
        self.streams.iter_mut().for_each(|stream| stream.set_mute(muted));
    }

    fn change_volume(&mut self, by_db: f32) {
        self.volume = Dbfs((self.volume.0 + by_db).clamp(*VOLUME_DB.start(), *VOLUME_DB.end()));
        self.ear.set_volume(self.volume);
    }
}

fn percent(part: u64, all: u64) -> f32 {
    100.0 * part as f32 / all as f32
}
