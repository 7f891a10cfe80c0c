//! What people and scripts want of the session, on its way to the relay, and what the relay says to it.

use super::super::asked::{Asked, Line as Read, Misread};
use super::super::memory::Remembered;
use super::*;
use crate::report::AnchorLine;
use client_core::heard::HeardAnchor;
use client_core::outbox::{self, Answer, Handled, Known, Pending, is_for_now};
use client_core::request::Request;
use protocol::wire::{ErrorCode, RelayFrame};
use serde_json::{Value, json};
use units::MonoTime;

/// How long nothing is asked after the relay could not do something just now.
const AGAIN_AFTER: Duration = Duration::from_secs(1);
/// What is said to who wants something done now while nobody can be asked.
const NO_LINK: &str =
    "there is no connection to the relay now, and this is not kept for later; ask again when it is back";

impl Session {
    /// Answers what the program that started us asked, or passes it on.
    pub(super) async fn handle_asked(&mut self, (asked, read_at): Read) {
        match asked {
            Ok(Asked::Heard { id, at_us }) => {
                let when = at_us.map_or_else(|| self.clock.at(read_at), |us| self.clock.at_system_us(us));
                let (anchor, why) = match self.heard_at(when) {
                    Ok(anchor) => (Some(anchor_line(anchor)), None),
                    Err(unheard) => (None, Some(unheard.to_string())),
                };
                self.tell(Line::Heard { id, anchor, why });
            }
            Ok(Asked::Do { id, line, request }) => {
                let asked = id.map(|id| outbox::Asked { id, line });
                self.handle_request(request, asked, self.clock.at(read_at)).await;
            }
            Err(Misread { id, msg }) => self.tell_refusal(id, ErrorCode::Invalid, msg),
        }
    }

    async fn handle_request(&mut self, request: Request, asked: Option<outbox::Asked>, when: MonoTime) {
        let id = asked.as_ref().map(|asked| asked.id.clone()).unwrap_or_default();
        match asked.as_ref().and_then(|asked| self.outbox.handle_repeat(asked)) {
            Some(Known::Waiting) => {}
            Some(Known::Answered(answer)) => self.tell_answer(id, answer),
            Some(Known::Other) => {
                let msg = "this id was used for another command; give each command an id of its own".to_owned();
                self.tell_refusal(id, ErrorCode::Conflict, msg);
            }
            None => match self.complete(request, when, self.command_id(asked.as_ref()).0) {
                Ok(command) => drop(self.want(command, asked).await),
                Err(msg) => self.tell_refusal(id, ErrorCode::Invalid, msg),
            },
        }
    }

    /// What a key on the terminal wants.
    pub(super) async fn handle_wish(&mut self, cmd: &str, fields: Value) {
        let fields = fields.as_object().cloned().unwrap_or_default();
        match self.complete(Request { cmd: cmd.to_owned(), fields }, self.clock.now(), Uuid::now_v7()) {
            Ok(command) => drop(self.want(command, None).await),
            Err(msg) => self.warn(msg),
        }
    }

    /// Keeps a command where a kill does not reach it, and sends it when its turn comes. Whether it is kept; whoever asked
    /// is told if not.
    pub(super) async fn want(&mut self, command: Command, asked: Option<outbox::Asked>) -> bool {
        let id = self.command_id(asked.as_ref());
        let caller = asked.as_ref().map_or_else(|| json!(id), |asked| asked.id.clone());
        if is_for_now(&command) && !self.way.is_open() {
            self.tell_refusal(caller, ErrorCode::NotSaved, NO_LINK.to_owned());
            return false;
        }
        if let Err(full) = self.outbox.push(Pending::lasting(id, command, asked, wall_now())) {
            self.tell_refusal(caller, ErrorCode::TooMany, full.to_string());
            return false;
        }
        self.remember().await;
        self.send_commands();
        true
    }

    /// A command's id: what a script asks under an id of its own has the same one each time.
    fn command_id(&self, asked: Option<&outbox::Asked>) -> CommandId {
        let (session, me) = (self.mirror.session, self.mirror.me);
        asked.map_or_else(|| CommandId(Uuid::now_v7()), |asked| asked.command_id(session, me))
    }

    /// Sends what is due, in order and no faster than the relay takes it.
    pub(super) fn send_commands(&mut self) {
        while self.way.is_open() && Instant::now() >= self.ask_after {
            let (now, pace) = (self.clock.now(), &mut self.pace);
            let Some((id, command)) = self.outbox.next_to_send(wall_now(), || pace.try_take(now)) else { return };
            self.send(ClientFrame::Cmd { id, command });
        }
    }

    /// Gives up what was wanted at once and could not be asked in time.
    pub(super) async fn give_up_late(&mut self) {
        let late = self.outbox.handle_time(wall_now());
        self.tell_settled(late).await;
    }

    /// Tells whoever asked what became of things, when the next run of the program knows it too.
    pub(super) async fn tell_settled(&mut self, settled: Vec<(Pending, Answer)>) {
        if !settled.is_empty() {
            self.remember().await;
            self.tell_answers(settled);
        }
    }

    /// Tells whoever asked what became of things, as often as they asked.
    pub(super) fn tell_answers(&mut self, settled: Vec<(Pending, Answer)>) {
        for (pending, answer) in settled {
            let caller = pending.asked.map_or_else(|| json!(pending.id), |asked| asked.id);
            (0..pending.times).for_each(|_| self.tell_answer(caller.clone(), answer.clone()));
        }
    }

    /// The relay has answered.
    pub(super) async fn handle_answer(&mut self, id: CommandId, answer: Answer) {
        if let Answer::Done { seq } = answer {
            self.mirror.handle_saved(seq);
        }
        match self.outbox.handle_answer(id, &answer) {
            Handled::Answered(pending) => {
                self.send_commands();
                if pending.lasting {
                    self.tell_settled(vec![(*pending, answer)]).await;
                } else {
                    self.handle_own_answer(&pending.command, &answer);
                }
            }
            Handled::Again { first } => {
                self.ask_after = Instant::now() + AGAIN_AFTER;
                if let (true, Answer::Refused { msg, .. }) = (first, answer) {
                    self.warn(format!("what waits for the relay is not lost and is sent again by itself: {msg}"));
                }
            }
            Handled::Ignored => {}
        }
    }

    /// What one has asked is answered by the events that it caused, too: the answer itself may have been lost with a link.
    pub(super) async fn handle_told(&mut self, frame: &RelayFrame) {
        let event = match frame {
            RelayFrame::Ev(told) if told.recorded.by == Some(self.mirror.me) => Some(&told.recorded),
            _ => None,
        };
        let event = event.and_then(|event| Some((event.id?, event.seq)));
        if let Some((id, answer)) = self.outbox.handle_told(event) {
            self.handle_answer(id, answer).await;
        }
        // Who is here is told behind all that the log held when the link came up.
        if let RelayFrame::Pres { .. } = frame {
            self.outbox.handle_tail();
        }
    }

    fn tell_answer(&mut self, id: Value, answer: Answer) {
        match answer {
            Answer::Done { seq } => {
                self.tell(Line::Answer { ok: true, id, seq: Some(seq), code: None, msg: None });
            }
            Answer::Refused { code, msg } => self.tell_refusal(id, code, msg),
        }
    }

    fn tell_refusal(&mut self, id: Value, code: ErrorCode, msg: String) {
        self.tell(Line::Answer { ok: false, id, seq: None, code: Some(code), msg: Some(msg) });
    }

    /// Writes down what the next run needs. A disk that does not take it costs that much only, and it is said once.
    pub(super) async fn remember(&mut self) {
        let Some(memory) = self.memory.clone() else { return };
        let role = self.mirror.state.participants.get(&self.mirror.me).map(|person| person.role);
        let Some(role) = role else { return };
        let (session, participant, resume) = (self.mirror.session, self.mirror.me, self.resume.clone());
        let remembered = Remembered { session, participant, role, resume, outbox: self.outbox.kept() };
        if let Err(error) = blocking(move || memory.write(&remembered)).await {
            self.memory = None;
            self.warn(format!(
                "what the relay has not answered will not survive the end of this program ({error}); make room or name \
                 another folder with --state"
            ));
        }
    }
}

fn anchor_line(anchor: HeardAnchor) -> AnchorLine {
    let HeardAnchor { stream, epoch, at, uncertainty_ms, concealed } = anchor;
    AnchorLine { stream, epoch, at: at.0, uncertainty_ms, concealed }
}
