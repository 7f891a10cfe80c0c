use super::log::Repeat;
use super::people::Person;
use super::{LinkId, Now, Output, Refusal, Room};
use protocol::command::Command;
use protocol::event::Chained;
use protocol::grants::Grant;
use protocol::ids::{CommandId, ParticipantId, StreamId};
use protocol::session::{Actor, decide};
use protocol::wire::{Ephemeral, RelayFrame};

impl Room {
    /// Answers a command first and tells everybody what it caused then.
    pub(super) fn handle_command(
        &mut self,
        now: Now,
        by: ParticipantId,
        link: LinkId,
        id: CommandId,
        command: Command,
        out: &mut Vec<Output>,
    ) {
        let mut caused = Vec::new();
        let answer = match self.carry_out(now, by, id, command, &mut caused) {
            Ok(seq) => RelayFrame::Ok { id, seq },
            Err(refusal) => refusal.into_frame(Some(id)),
        };
        out.push(Output::to(link, answer));
        caused.into_iter().for_each(|recorded| self.broadcast(recorded, out));
    }

    fn carry_out(
        &mut self,
        now: Now,
        by: ParticipantId,
        id: CommandId,
        command: Command,
        caused: &mut Vec<Chained>,
    ) -> Result<u64, Refusal> {
        self.charge(now, by)?;
        match self.log.repeated(by, id, &command) {
            Some(Repeat::Same(seq)) => return Ok(seq),
            Some(Repeat::Other) => return Err(Refusal::conflict()),
            None => {}
        }
        if self.log.has_enough_of(by) {
            return Err(Refusal::too_many_commands());
        }
        // What has begun may end also in a full log.
        if !command.outlives_the_session() {
            self.check_room()?;
        }
        let grants = self.grants_of(by);
        for event in decide(self.state(), &Actor { participant: by, grants: &grants }, &command)? {
            caused.push(self.log.append(now.wall, Some(by), event));
        }
        Ok(self.log.remember(by, id, command))
    }

    /// Whether the log takes anything new.
    pub(super) fn check_room(&self) -> Result<(), Refusal> {
        if self.log.is_full() { Err(Refusal::log_full()) } else { Ok(()) }
    }

    /// Counts one command against its author's limit.
    pub(super) fn charge(&mut self, now: Now, by: ParticipantId) -> Result<(), Refusal> {
        let within = self.people.get_mut(by).is_some_and(|person| person.commands.try_take(now.mono));
        if within { Ok(()) } else { Err(Refusal::too_fast()) }
    }

    /// Puts what is worth telling on the board. What is over the limit, false or nobody's business is dropped.
    pub(super) fn handle_ephemeral(&mut self, now: Now, by: ParticipantId, eph: Ephemeral) -> Result<(), Refusal> {
        let within = |person: &mut Person| person.ephemerals.try_take(now.mono);
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

    pub(super) fn owns_open(&self, by: ParticipantId, stream: StreamId) -> bool {
        self.state().streams.get(&stream).is_some_and(|known| known.open && known.participant == by)
    }

    fn may(&self, who: ParticipantId, grant: Grant) -> bool {
        self.state().participants.get(&who).is_some_and(|person| person.grants.has(grant))
    }

    fn grants_of(&self, who: ParticipantId) -> protocol::grants::Grants {
        self.state().participants.get(&who).map(|person| person.grants.clone()).unwrap_or_default()
    }
}
