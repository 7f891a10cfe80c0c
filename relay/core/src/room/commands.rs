use super::log::Repeat;
use super::people::{Limits, Person};
use super::{LinkId, Now, Output, Refusal, Room};
use crate::journal::Done;
use protocol::command::Command;
use protocol::grants::Grant;
use protocol::ids::{CommandId, ParticipantId, StreamId};
use protocol::session::{Actor, decide};
use protocol::wire::Ephemeral;

impl Room {
    /// Answers a command, and tells everybody what it caused, once that is durable.
    pub(super) fn handle_command(
        &mut self,
        now: Now,
        by: ParticipantId,
        link: LinkId,
        id: CommandId,
        command: &Command,
        out: &mut Vec<Output>,
    ) {
        let body = command.digest();
        let known = self.log.repeated(by, id, &body);
        let is_repeated = known.is_some() || self.saving.repeated(by, id, &body).is_some();
        let within = if is_repeated { self.charge_repeat(now, by) } else { self.charge_command(now, by, command) };
        let mut refuse = |refusal: Refusal| out.push(Output::to(link, refusal.into_frame(Some(id))));
        match (within, known) {
            (Err(refusal), _) => refuse(refusal),
            (Ok(()), Some(Repeat::Same(seq))) => self.answer(link, id, Ok(seq)),
            (Ok(()), Some(Repeat::Other)) => refuse(Refusal::conflict()),
            (Ok(()), None) if self.answer_repeated(by, link, id, &body) => {}
            (Ok(()), None) if !self.saving.is_open() => refuse(Refusal::not_saved()),
            (Ok(()), None) => self.carry_out(now, link, Done { by, id, body, seq: 0 }, command),
        }
    }

    /// Decides on everything decided so far. The answer stands before the events in what is told.
    fn carry_out(&mut self, now: Now, link: LinkId, asked: Done, command: &Command) {
        let Done { by, id, .. } = asked;
        let events = match self.decide(by, command) {
            Ok(events) => events,
            Err(refusal) => return self.answer(link, id, Err(refusal)),
        };
        let seq = self.log.ahead().seq + events.len() as u64;
        self.answer(link, id, Ok(seq));
        events.into_iter().for_each(|event| self.record_for(now, Some(by), Some(id), event));
        self.remember(Done { seq, ..asked });
    }

    fn decide(&self, by: ParticipantId, command: &Command) -> Result<Vec<protocol::event::Event>, Refusal> {
        let ends = command.outlives_the_session();
        if self.log.has_enough_of(by, ends) {
            return Err(Refusal::too_many_commands());
        }
        // What has begun may end also in a full log.
        if !ends {
            self.check_room()?;
        }
        let state = &self.log.ahead().state;
        let me = state.participants.get(&by).filter(|person| person.present).ok_or_else(Refusal::not_here)?;
        let events = decide(state, &Actor { participant: by, grants: &me.grants }, command)?;
        if events.iter().all(|event| self.has_its_link(event)) { Ok(events) } else { Err(Refusal::no_link()) }
    }

    /// Whether the log takes anything new.
    pub(super) fn check_room(&self) -> Result<(), Refusal> {
        if self.log.is_full() { Err(Refusal::log_full()) } else { Ok(()) }
    }

    /// Counts a command that was granted before: whoever comes back sends again what is not answered, all of it at once, and
    /// what is saved is never refused for coming too fast.
    fn charge_repeat(&mut self, now: Now, by: ParticipantId) -> Result<(), Refusal> {
        let person = self.people.get_mut(by).ok_or_else(Refusal::not_here)?;
        if person.limits.repeats.try_take(now.mono) { Ok(()) } else { Err(Refusal::repeats_too_fast()) }
    }

    /// Counts one command against its author's limit for its kind.
    fn charge_command(&mut self, now: Now, by: ParticipantId, command: &Command) -> Result<(), Refusal> {
        let Some(Person { limits: Limits { commands, endings, chat, .. }, .. }) = self.people.get_mut(by) else {
            return Err(Refusal::not_here());
        };
        let is_chat = matches!(command, Command::ChatSay { .. });
        if is_chat && !chat.try_take(now.mono) {
            return Err(Refusal::talks_too_fast());
        }
        let bucket = if command.outlives_the_session() { endings } else { commands };
        if bucket.try_take(now.mono) { Ok(()) } else { Err(Refusal::too_fast()) }
    }

    /// Puts what is worth telling on the board. What is over the limit, false or nobody's business is dropped.
    pub(super) fn handle_ephemeral(&mut self, now: Now, by: ParticipantId, eph: Ephemeral) -> Result<(), Refusal> {
        let within = |person: &mut Person| person.limits.ephemerals.try_take(now.mono);
        if !self.people.get_mut(by).is_some_and(within) {
            return Ok(());
        }
        match eph {
            Ephemeral::Talk { on } if on && !self.may(by, Grant::PublishTalk) => return Err(Refusal::may_not_talk()),
            Ephemeral::Talk { on } => self.people.set_talking(by, on),
            eph if self.may_tell(by, &eph) => self.board.put(by, eph),
            _ => {}
        }
        Ok(())
    }

    fn may_tell(&self, by: ParticipantId, eph: &Ephemeral) -> bool {
        let finite = |levels: &[f32]| levels.len() <= 2 && levels.iter().all(|level| level.is_finite());
        match eph {
            Ephemeral::Levels { stream, peak_dbfs, rms_dbfs } => {
                self.owns_open(by, *stream) && finite(peak_dbfs) && finite(rms_dbfs)
            }
            Ephemeral::Clock { stream, .. } => self.owns_open(by, *stream),
            Ephemeral::Health(health) => {
                let known = [health.delay_ms, health.doubt_ms, Some(health.buffer_ms)];
                self.plan.hears(by, health.stream) && known.into_iter().flatten().all(f32::is_finite)
            }
            Ephemeral::Talk { .. } => false,
        }
    }

    /// Whether `to` may be passed what `from` tells.
    pub(super) fn may_receive(&self, to: ParticipantId, from: ParticipantId, eph: &Ephemeral) -> bool {
        let allowed = match eph {
            Ephemeral::Levels { stream, .. } | Ephemeral::Clock { stream, .. } => self.plan.hears(to, *stream),
            Ephemeral::Health(_) => self.may(to, Grant::HearProgram),
            Ephemeral::Talk { .. } => false,
        };
        to != from && allowed
    }

    /// Ends the talking of somebody who may not talk any more.
    pub(super) fn hush(&mut self, participant: ParticipantId) {
        if !self.may(participant, Grant::PublishTalk) {
            self.people.set_talking(participant, false);
        }
    }

    /// Whether a stream is open and somebody's own, also where it is not durable yet.
    pub(super) fn owns_open(&self, by: ParticipantId, stream: StreamId) -> bool {
        let known = self.log.ahead().state.streams.get(&stream);
        known.is_some_and(|known| known.open && known.participant == by)
    }

    fn may(&self, who: ParticipantId, grant: Grant) -> bool {
        self.state().participants.get(&who).is_some_and(|person| person.grants.has(grant))
    }
}
