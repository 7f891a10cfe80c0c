use super::plan::{self, Plan};
use super::tape::Tape;
use crate::acks::{Ack, Seen};
use crate::rng::Rng;
use client::signal::{Link, LinkEvent, SignalError};
use protocol::command::Command;
use protocol::event::Chained;
use protocol::ids::{CommandId, NoteId, ParticipantId, SessionId};
use protocol::wire::{ClientFrame, ClientKind, ErrorCode, Hello, Place, RelayFrame, Resume, VERSION, Welcome};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::{Interval, MissedTickBehavior, interval, timeout};

/// What all participants are to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Ask on, whatever comes. The number changes whenever the relay is there again.
    Ask(u32),
    /// Ask nothing new and leave once everything is answered.
    Settle,
}

/// Why somebody could not go on: each is a fault of the relay's.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// A legal command was refused, or somebody known was not let in.
    #[error("{who} is refused: {code:?}, {msg}")]
    Refused {
        /// Who.
        who: ParticipantId,
        /// For programs.
        code: ErrorCode,
        /// For people.
        msg: String,
    },
    /// The way in failed otherwise.
    #[error("{0} cannot come in: {1}")]
    Out(ParticipantId, SignalError),
    /// An event did not follow on the one before.
    #[error("the mirror of {who} is torn at event {seq}")]
    Torn {
        /// Whose.
        who: ParticipantId,
        /// Where.
        seq: u64,
    },
}

/// Between two attempts when nobody tells that the relay is there again.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// One participant, also while on no link.
pub struct Person {
    relay: String,
    who: ParticipantId,
    session: SessionId,
    hello: Hello,
    place: Option<Place>,
    /// Not answered yet, in their order.
    outbox: VecDeque<Asked>,
    /// The newest answered ones.
    answered: VecDeque<Asked>,
    notes: Vec<NoteId>,
    made: u64,
    rng: Rng,
}

/// A command that was asked.
#[derive(Clone)]
struct Asked {
    id: CommandId,
    command: Command,
    sent_us: u64,
    /// Refused for now: to be asked again at the next turn.
    again: bool,
}

/// How a stay on a link ended.
enum End {
    Cut,
    Settled,
}

/// Answered commands that are remembered for repeating.
const REMEMBERED: usize = 8;

impl Person {
    /// Somebody who will come in by this link; `seed` makes what they ask.
    ///
    /// # Errors
    /// When the link is refused.
    pub async fn by_link(link: &str, name: &str, seed: u64) -> anyhow::Result<Person> {
        let (relay, redeemed) = super::redeem(link, name).await?;
        let hello = Hello { v: VERSION, client: ClientKind::Native, ticket: Some(redeemed.ticket), resume: None };
        let (who, session, rng) = (redeemed.participant, redeemed.session, Rng::new(seed));
        let (place, outbox, answered, notes) = Default::default();
        Ok(Person { relay, who, session, hello, place, outbox, answered, notes, made: 0, rng })
    }

    /// Opens a link and takes down where the log is.
    ///
    /// # Errors
    /// When the relay refuses, is not there, or says something strange.
    pub async fn come_in(&mut self) -> Result<Link, SignalError> {
        // Nobody here waits in a lobby.
        let (lobby, _) = mpsc::channel(1);
        let (link, welcome) = Link::open(&self.relay, self.hello.clone(), &lobby).await?;
        self.place = Some(welcome.place());
        self.keep_way_back(welcome);
        Ok(link)
    }

    /// Comes in, asks one thing and leaves.
    ///
    /// # Errors
    /// When it is refused.
    pub async fn ask_once(mut self, command: Command) -> anyhow::Result<()> {
        let mut link = self.come_in().await?;
        let id = plan::new_id();
        link.try_send(ClientFrame::Cmd { id, command });
        while let Some(event) = link.next().await {
            let LinkEvent::Frame(frame, _) = event else { break };
            match *frame {
                RelayFrame::Ok { id: answered, .. } if answered == id => {
                    link.close(TRY_AGAIN).await;
                    return Ok(());
                }
                RelayFrame::Err { code, msg, .. } => anyhow::bail!("refused: {code:?}, {msg}"),
                _ => {}
            }
        }
        anyhow::bail!("the link broke before the answer")
    }

    /// Next time one comes in with the place that one has got to by now.
    pub fn remember_place(&mut self) {
        if let Some(resume) = &mut self.hello.resume {
            resume.known = self.place;
        }
    }

    fn keep_way_back(&mut self, welcome: Welcome) {
        let Welcome { session, participant, resume: secret, .. } = welcome;
        let resume = Some(Resume { session, participant, secret, known: None });
        self.hello = Hello { v: VERSION, client: ClientKind::Native, ticket: None, resume };
    }
}

/// Somebody takes part until all is settled, coming back as often as the link breaks.
///
/// # Errors
/// When the relay refuses what it must not, or tells events that do not follow each other.
pub async fn take_part(
    mut person: Person,
    tape: &Tape,
    plan: Plan,
    mut goal: watch::Receiver<Goal>,
) -> Result<Person, Lost> {
    loop {
        goal.mark_unchanged();
        match person.come_in().await {
            Ok(link) => {
                let mut stay = Stay { tape, plan, link, number: tape.next_link(), person: &mut person };
                if let End::Settled = stay.run(&mut goal).await? {
                    return Ok(person);
                }
                person.remember_place();
            }
            Err(error) if error.is_passing() => {
                if matches!(error, SignalError::Refused { code: ErrorCode::NotSaved, .. }) {
                    tape.refuse();
                }
                // The news that it is there again come at once; without them one tries at a steady pace.
                let _ = timeout(TRY_AGAIN, goal.changed()).await;
            }
            Err(SignalError::Refused { code, msg }) => return Err(Lost::Refused { who: person.who, code, msg }),
            Err(error) => return Err(Lost::Out(person.who, error)),
        }
    }
}

/// One stay on one link.
struct Stay<'a> {
    tape: &'a Tape,
    plan: Plan,
    link: Link,
    number: u64,
    person: &'a mut Person,
}

impl Stay<'_> {
    async fn run(&mut self, goal: &mut watch::Receiver<Goal>) -> Result<End, Lost> {
        self.ask_again();
        let mut turns = turns(self.plan.every);
        loop {
            let settles = *goal.borrow_and_update() == Goal::Settle;
            if settles && self.person.outbox.is_empty() {
                return Ok(End::Settled);
            }
            tokio::select! {
                event = self.link.next() => match event {
                    Some(LinkEvent::Frame(frame, _)) => self.handle(*frame)?,
                    Some(LinkEvent::Broken(_)) | None => return Ok(End::Cut),
                },
                _ = turns.tick() => self.take_turn(settles),
                changed = goal.changed() => if changed.is_err() { return Ok(End::Settled) },
            }
        }
    }

    /// What was not answered before the link broke, in its order, and some of what was.
    fn ask_again(&mut self) {
        let person = &mut *self.person;
        person.outbox.iter_mut().for_each(|asked| asked.again = false);
        let open: Vec<_> = person.outbox.iter().map(Asked::frame).collect();
        let done: Vec<_> = person.answered.iter().rev().take(2).map(Asked::frame).collect();
        let repeated = std::iter::repeat_n(done, self.plan.repeats).flatten();
        for frame in open.into_iter().chain(repeated) {
            // Where it fails the link is broken, which the next reading tells.
            self.link.try_send(frame);
        }
    }

    fn take_turn(&mut self, settles: bool) {
        let person = &mut *self.person;
        if let Some(asked) = person.outbox.iter_mut().find(|asked| asked.again) {
            asked.again = false;
            self.link.try_send(asked.frame());
        } else if !settles && person.outbox.len() < self.plan.outstanding {
            person.made += 1;
            let command = plan::next(&mut person.rng, &mut person.notes, person.made);
            let asked = Asked { id: plan::new_id(), command, sent_us: self.tape.now_us(), again: false };
            self.tape.send(asked.id, asked.sent_us);
            self.link.try_send(asked.frame());
            person.outbox.push_back(asked);
        }
    }

    fn handle(&mut self, frame: RelayFrame) -> Result<(), Lost> {
        match frame {
            RelayFrame::Ok { id, seq } => self.handle_answer(id, seq),
            RelayFrame::Ev(event) => return self.handle_event(&event),
            RelayFrame::Err { id, code: code @ (ErrorCode::TooMany | ErrorCode::NotSaved), .. } => {
                if code == ErrorCode::NotSaved {
                    self.tape.refuse();
                }
                let asked = self.person.outbox.iter_mut().find(|asked| Some(asked.id) == id);
                asked.into_iter().for_each(|asked| asked.again = true);
            }
            // The close that follows says the same.
            RelayFrame::Err { id: None, .. } => {}
            RelayFrame::Err { code, msg, .. } => return Err(Lost::Refused { who: self.person.who, code, msg }),
            _ => {}
        }
        Ok(())
    }

    fn handle_answer(&mut self, id: CommandId, seq: u64) {
        let person = &mut *self.person;
        let open = person.outbox.iter().position(|asked| asked.id == id);
        let open = open.and_then(|place| person.outbox.remove(place));
        let repeated = || person.answered.iter().find(|asked| asked.id == id).cloned();
        let Some(asked) = open.clone().or_else(repeated) else { return };
        let (session, participant, sent_us) = (person.session.0, person.who.0, asked.sent_us);
        let acked_us = self.tape.now_us();
        let ack = Ack { session, participant, command: id.0, seq, sent_us, acked_us, events: Some(1) };
        self.tape.answer(ack, open.is_some());
        if let Some(asked) = open {
            person.answered.push_back(asked);
            person.answered.drain(..person.answered.len().saturating_sub(REMEMBERED));
        }
    }

    fn handle_event(&mut self, event: &Chained) -> Result<(), Lost> {
        let Chained { prev, hash, recorded } = event;
        let (who, seq) = (self.person.who, recorded.seq);
        let follows = self.person.place.is_some_and(|place| place.hash == *prev && place.seq + 1 == seq);
        let place = self.person.place.as_mut().filter(|_| follows).ok_or(Lost::Torn { who, seq })?;
        (place.seq, place.hash) = (seq, *hash);
        self.tape.see(Seen { session: self.person.session.0, link: self.number, seq, hash: hash.0 }, recorded.id);
        Ok(())
    }
}

impl Asked {
    fn frame(&self) -> ClientFrame {
        ClientFrame::Cmd { id: self.id, command: self.command.clone() }
    }
}

/// A late turn moves the later ones: nobody asks faster than planned to make up for it.
fn turns(every: Duration) -> Interval {
    let mut turns = interval(every);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    turns
}
