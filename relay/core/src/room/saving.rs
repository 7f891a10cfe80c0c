//! From decided to durable: what is on its way to the journal, and what waits for it.

use super::log::{Next, Repeat};
use super::{Closing, Enter, LinkId, Now, Output, Refusal, Room, refuse};
use crate::journal::{Batch, Done, Hash, StoredEvent};
use protocol::event::Event;
use protocol::ids::{CommandId, ParticipantId};
use protocol::wire::RelayFrame;
use std::collections::VecDeque;
use std::time::Duration;
use units::MonoTime;

/// Batches of one room that may be on their way to the journal at once: one that is written and one that waits. What
/// happens meanwhile gathers in the next one, so that a busy room fills its batches and not the journal's queue.
pub const MAX_IN_FLIGHT: usize = 2;
/// Commands that gather in one batch, few enough that a link has room for what three batches tell. Over it commands are
/// refused as not saved.
const MAX_GATHERED: usize = 256;
/// After something could not be saved, the room tries again by itself so much later; commands are tried at once.
pub(super) const RETRY_EVERY: Duration = Duration::from_secs(1);

/// What waits until a batch is durable, in its order.
enum Held {
    /// The batch's next event is folded and told to everybody.
    Event,
    /// A command is answered.
    Answer { link: LinkId, id: CommandId, answer: Result<u64, Refusal> },
    /// Somebody is welcomed.
    Welcome(Box<Enter>),
    /// Somebody is told that they wait.
    Lobby(ParticipantId, LinkId),
}

/// What inputs have led to, or a batch on its way.
#[derive(Default)]
struct Step {
    ticket: u64,
    events: Vec<Next>,
    done: Vec<Done>,
    held: Vec<Held>,
}

/// Everything that is not durable yet.
///
/// Batches go to the journal as they are made, decided on each other, and are answered in their order. When one is not
/// saved, those after it are awaited (the journal refuses them, because they do not follow), and only then does the room
/// go back to what is durable: until then the log is *torn* and nothing more is recorded.
#[derive(Default)]
pub(super) struct Saving {
    /// The next batch. Nothing stays in it while fewer than [`MAX_IN_FLIGHT`] are on their way.
    step: Step,
    in_flight: VecDeque<Step>,
    tickets: u64,
    torn: bool,
    /// When the room records what happens by itself again.
    retry_at: Option<MonoTime>,
}

impl Saving {
    /// Whether nothing is on its way.
    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// Whether commands can be carried out.
    pub(super) fn is_open(&self) -> bool {
        !self.torn && self.step.done.len() < MAX_GATHERED
    }

    /// Whether the room may record what happens by itself.
    pub(super) fn is_due(&self, now: MonoTime) -> bool {
        self.is_open() && self.retry_at.is_none_or(|retry_at| retry_at <= now)
    }

    pub(super) fn retry_at(&self) -> Option<MonoTime> {
        self.retry_at
    }

    /// Has the room look again for what it could not record.
    pub(super) fn retry_later(&mut self, now: MonoTime) {
        self.retry_at.get_or_insert(now + RETRY_EVERY);
    }

    pub(super) fn forget_retry(&mut self, now: MonoTime) {
        self.retry_at = self.retry_at.filter(|retry_at| *retry_at > now);
    }

    /// A command that is on its way already, and in which batch; the next one stands after those in flight.
    pub(super) fn repeated(&self, by: ParticipantId, id: CommandId, body: &Hash) -> Option<(usize, Repeat)> {
        self.in_flight.iter().chain([&self.step]).enumerate().find_map(|(place, step)| {
            let done = step.done.iter().find(|done| done.by == by && done.id == id)?;
            Some((place, Repeat::of(body, &done.body, done.seq)))
        })
    }
}

impl Room {
    /// Decides that something happened: it is folded ahead and told when it is durable. While the log is torn nothing is
    /// recorded; what the room has to record by itself it finds again afterwards.
    pub(super) fn record(&mut self, now: Now, by: Option<ParticipantId>, event: Event) {
        self.record_for(now, by, None, event);
    }

    pub(super) fn record_for(&mut self, now: Now, by: Option<ParticipantId>, id: Option<CommandId>, event: Event) {
        if !self.saving.torn {
            let next = self.log.append(now.wall, by, id, event);
            self.saving.step.events.push(next);
            self.saving.step.held.push(Held::Event);
        }
    }

    /// Has a granted command remembered with the batch that it is part of.
    pub(super) fn remember(&mut self, done: Done) {
        self.saving.step.done.push(done);
    }

    /// Answers a command, not before everything that the answer rests on is durable.
    pub(super) fn answer(&mut self, link: LinkId, id: CommandId, answer: Result<u64, Refusal>) {
        self.saving.step.held.push(Held::Answer { link, id, answer });
    }

    /// Answers a command that is on its way as it will be answered. False when it is not on its way.
    pub(super) fn answer_repeated(&mut self, by: ParticipantId, link: LinkId, id: CommandId, body: &Hash) -> bool {
        let Some((place, repeat)) = self.saving.repeated(by, id, body) else { return false };
        let answer = match repeat {
            Repeat::Same(seq) => Ok(seq),
            Repeat::Other => Err(Refusal::conflict()),
        };
        let step = self.saving.in_flight.get_mut(place).unwrap_or(&mut self.saving.step);
        step.held.push(Held::Answer { link, id, answer });
        true
    }

    /// Welcomes somebody once their coming in is durable.
    pub(super) fn welcome_later(&mut self, enter: Enter) {
        self.saving.step.held.push(Held::Welcome(Box::new(enter)));
    }

    /// Tells somebody that they wait once their knock is durable.
    pub(super) fn tell_to_wait(&mut self, participant: ParticipantId, link: LinkId) {
        self.saving.step.held.push(Held::Lobby(participant, link));
    }

    /// Hands out what inputs have led to, unless enough is on its way. What only waits goes with what it waits for.
    pub(super) fn save(&mut self, now: Now, out: &mut Vec<Output>) {
        loop {
            let mut step = std::mem::take(&mut self.saving.step);
            if !step.events.is_empty() || !step.done.is_empty() {
                if self.saving.in_flight.len() >= MAX_IN_FLIGHT {
                    self.saving.step = step;
                    return;
                }
                self.saving.tickets += 1;
                step.ticket = self.saving.tickets;
                out.push(Output::Persist(self.batch_of(&step)));
                self.saving.in_flight.push_back(step);
                return;
            }
            if let Some(last) = self.saving.in_flight.back_mut() {
                last.held.append(&mut step.held);
                return;
            }
            if step.held.is_empty() {
                return;
            }
            self.commit(now, step, out);
        }
    }

    fn batch_of(&self, step: &Step) -> Batch {
        let store = |(stored, hash): &Next| StoredEvent { text: stored.text().into(), hash: hash.0 };
        Batch {
            session: self.session,
            first: self.log.ahead().seq + 1 - step.events.len() as u64,
            events: step.events.iter().map(store).collect(),
            done: step.done.clone(),
            ticket: step.ticket,
        }
    }

    /// A batch is durable, or is not.
    pub(super) fn handle_saved(&mut self, now: Now, ticket: u64, durable: bool, out: &mut Vec<Output>) {
        let Some(place) = self.saving.in_flight.iter().position(|step| step.ticket == ticket) else { return };
        let Some(step) = self.saving.in_flight.remove(place) else { return };
        if durable {
            self.commit(now, step, out);
        } else {
            self.saving.torn = true;
            self.give_up(step, out);
            let gathered = std::mem::take(&mut self.saving.step);
            self.give_up(gathered, out);
        }
        if self.saving.torn && self.saving.is_idle() {
            self.go_back(now, out);
        }
    }

    fn commit(&mut self, now: Now, step: Step, out: &mut Vec<Output>) {
        step.done.into_iter().for_each(|done| self.log.remember(done));
        // Before anybody is told so.
        step.events.iter().for_each(|(stored, _)| self.revoke_link(&stored.recorded().event, out));
        let mut events = step.events.into_iter();
        for held in step.held {
            match held {
                Held::Event => events.next().into_iter().for_each(|next| self.publish(next, out)),
                Held::Answer { link, id, answer } => out.push(Output::to(link, answered(id, answer))),
                Held::Welcome(enter) => self.welcome(*enter, out),
                Held::Lobby(participant, link) => self.tell_waiting(participant, link, out),
            }
        }
        out.extend(self.log.due_snapshot().map(|snapshot| Output::Keep(self.session, snapshot)));
        for enter in std::mem::take(&mut self.admitted) {
            self.handle_enter(now, enter, out);
        }
    }

    /// Tells everybody what is durable now, and does what follows from it.
    fn publish(&mut self, next: Next, out: &mut Vec<Output>) {
        let event = next.0.recorded().event.clone();
        let text = self.log.commit(next);
        out.push(Output::SendText { to: self.people.links(), text });
        self.follow(&event, out);
    }

    /// Whoever waits for what is not durable is told so.
    fn give_up(&mut self, step: Step, out: &mut Vec<Output>) {
        for held in step.held {
            match held {
                Held::Event => {}
                Held::Answer { link, id, .. } => out.push(Output::to(link, answered(id, Err(Refusal::not_saved())))),
                Held::Welcome(enter) if self.is_in(enter.participant) => self.welcome(*enter, out),
                Held::Welcome(enter) => self.turn_back(enter.participant, enter.link, out),
                Held::Lobby(participant, link) => {
                    self.waiting.remove(&participant);
                    refuse(link, Refusal::not_saved(), Closing::NotSaved, out);
                }
            }
        }
    }

    /// Somebody's coming in is not durable, so they are not in.
    fn turn_back(&mut self, participant: ParticipantId, link: LinkId, out: &mut Vec<Output>) {
        if self.people.link_of(participant) == Some(link) {
            self.dismiss(participant, out);
        }
        refuse(link, Refusal::not_saved(), Closing::NotSaved, out);
    }

    /// Goes back to what is durable: who is in by the log and not here gets time to come back, which is when their leaving
    /// is recorded again; who is here and not in by the log is not in.
    fn go_back(&mut self, now: Now, out: &mut Vec<Output>) {
        self.saving.torn = false;
        self.saving.retry_at = Some(now.mono + RETRY_EVERY);
        self.log.refold();
        self.expect_absent(now.mono + RETRY_EVERY);
        for participant in self.people.ids() {
            if !self.is_in(participant) {
                let link = self.people.link_of(participant);
                self.dismiss(participant, out);
                link.into_iter().for_each(|link| refuse(link, Refusal::not_saved(), Closing::NotSaved, out));
            }
        }
    }

    /// Whether somebody is in by what is durable.
    pub(super) fn is_in(&self, participant: ParticipantId) -> bool {
        self.state().participants.get(&participant).is_some_and(|person| person.present)
    }
}

fn answered(id: CommandId, answer: Result<u64, Refusal>) -> RelayFrame {
    match answer {
        Ok(seq) => RelayFrame::Ok { id, seq },
        Err(refusal) => refusal.into_frame(Some(id)),
    }
}
