use super::{Figures, frame_of};
use protocol::command::Command;
use protocol::grants::Role;
use protocol::ids::{CommandId, ParticipantId};
use protocol::session::{SessionState, absorb, apply};
use protocol::wire::{ClientFrame, ErrorCode, Place, RelayFrame, Welcome};
use relay_core::room::LinkId;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use uuid::Uuid;

/// Somebody with a mirror of the session.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) me: ParticipantId,
    pub(super) role: Role,
    pub(super) link: Option<LinkId>,
    /// Not welcomed yet on this link.
    pub(super) knocks: bool,
    /// Sent away for good.
    pub(super) is_out: bool,
    /// What was sent to them and is not read.
    pub(super) inbox: VecDeque<Rc<RelayFrame>>,
    pub(crate) state: SessionState,
    pub(crate) place: Option<Place>,
    /// The first parts of a welcome.
    coming: Option<Welcome>,
    /// Asked and not answered, in order.
    pub(crate) pending: VecDeque<(CommandId, Command)>,
    /// How much was ever asked.
    asked: u128,
    /// All that was ever asked.
    pub(crate) said: BTreeMap<CommandId, Command>,
    /// What was acknowledged, and with which number.
    pub(crate) done: Vec<(CommandId, u64)>,
}

impl Client {
    pub(super) fn new(me: ParticipantId, role: Role) -> Client {
        let (pending, asked, said, done) = (VecDeque::new(), 0, BTreeMap::new(), Vec::new());
        let (state, place, coming, inbox) = (SessionState::default(), None, None, VecDeque::new());
        let (link, knocks, is_out) = (None, false, false);
        Client { me, role, link, knocks, is_out, inbox, state, place, coming, pending, asked, said, done }
    }

    /// Whether they are in and see the session.
    pub(crate) fn is_in(&self) -> bool {
        self.link.is_some() && !self.knocks
    }

    /// Whether nothing is to come of what they asked.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_out || self.is_in() && self.pending.is_empty() || self.place.is_none() && self.link.is_some()
    }

    /// What was on its way to them is lost.
    pub(super) fn lose(&mut self) -> Option<LinkId> {
        self.inbox.clear();
        self.coming = None;
        self.knocks = false;
        self.link.take()
    }

    pub(super) fn ask(&mut self, command: Command) -> ClientFrame {
        self.asked += 1;
        let id = CommandId(Uuid::from_u128((self.me.0.as_u128() << 64) + self.asked));
        self.pending.push_back((id, command.clone()));
        self.said.insert(id, command.clone());
        frame_of(id, command)
    }

    /// Reads a frame; what they ask again because of it.
    pub(super) fn handle(&mut self, frame: &RelayFrame, figures: &mut Figures) -> Vec<ClientFrame> {
        match frame {
            RelayFrame::Welcome(part) => return self.come_in(part, figures),
            RelayFrame::Ev(told) => {
                let place = self.place.as_mut().expect("events come after the welcome");
                assert_eq!((told.recorded.seq, told.prev), (place.seq + 1, place.hash), "{}: a gap", self.me);
                apply(&mut self.state, &told.recorded);
                (place.seq, place.hash) = (told.recorded.seq, told.hash);
            }
            RelayFrame::Ok { id, seq } => self.acknowledge(*id, *seq, figures),
            RelayFrame::Err { code: ErrorCode::NotSaved | ErrorCode::TooMany, id: Some(_), .. } => figures.unsaved += 1,
            RelayFrame::Err { id: Some(id), code, .. } => {
                figures.refused += 1;
                figures.coverage.count_code(*code);
                self.pending.retain(|(waiting, _)| waiting != id);
            }
            _ => {}
        }
        Vec::new()
    }

    fn acknowledge(&mut self, id: CommandId, seq: u64, figures: &mut Figures) {
        match self.done.iter().find(|(done, _)| *done == id) {
            Some((_, before)) => assert_eq!(*before, seq, "the same command has one answer"),
            None => self.done.push((id, seq)),
        }
        let before = self.pending.len();
        self.pending.retain(|(waiting, _)| *waiting != id);
        figures.done += before - self.pending.len();
    }

    fn come_in(&mut self, part: &Welcome, figures: &mut Figures) -> Vec<ClientFrame> {
        let mut welcome = part.clone();
        if let Some(mut before) = self.coming.take() {
            if let (Some(state), Some(next)) = (&mut before.state, welcome.state.take()) {
                absorb(state, *next);
            }
            welcome.state = before.state;
        }
        if welcome.more {
            self.coming = Some(welcome);
            return Vec::new();
        }
        let known = self.place.replace(welcome.place());
        match welcome.state {
            Some(state) => {
                self.state = *state;
                figures.wholes += usize::from(known.is_some());
            }
            None => {
                assert_eq!(self.place, known, "{}: the tail begins where they were", self.me);
                figures.tails += 1;
            }
        }
        self.knocks = false;
        self.pending.iter().map(|(id, command)| frame_of(*id, command.clone())).collect()
    }
}
