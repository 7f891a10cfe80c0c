//! What people and scripts want of the session, on its way to the relay, and what the relay says to it.

use super::super::asked::{Asked, Line as Read, Misread};
use super::super::memory::Remembered;
use super::*;
use crate::report::{AnchorLine, kind_name};
use client_core::heard::{HeardAnchor, Unheard};
use client_core::outbox::{self, Answer, Known, Pending};
use client_core::request::Request;
use protocol::stream::StreamKind;
use protocol::wire::ErrorCode;
use serde_json::{Value, json};
use units::MonoTime;

/// How long nothing is asked after the relay could not save something.
const NOT_SAVED_WAIT: Duration = Duration::from_secs(1);

impl Session {
    /// Answers what the program that started us asked, or passes it on.
    pub(super) async fn handle_asked(&mut self, (asked, read_at): Read) -> Result<(), JoinError> {
        match asked {
            Ok(Asked::Heard { id, at_us }) => {
                let when = at_us.map_or_else(|| self.clock.at(read_at), |us| self.clock.at_system_us(us));
                let (anchor, why) = match self.heard_at(when) {
                    Ok(anchor) => (Some(anchor_line(anchor)), None),
                    Err(unheard) => (None, Some(unheard.to_string())),
                };
                self.tell(Line::Heard { id, anchor, why });
                Ok(())
            }
            Ok(Asked::Do { id, line, request }) => {
                let asked = id.map(|id| outbox::Asked { id, line });
                self.handle_request(request, asked, self.clock.at(read_at)).await
            }
            Err(Misread { id, msg }) => {
                self.tell_refusal(id, ErrorCode::Invalid, msg);
                Ok(())
            }
        }
    }

    async fn handle_request(
        &mut self,
        request: Request,
        asked: Option<outbox::Asked>,
        when: MonoTime,
    ) -> Result<(), JoinError> {
        let id = asked.as_ref().map(|asked| asked.id.clone()).unwrap_or_default();
        match asked.as_ref().and_then(|asked| self.outbox.handle_repeat(asked)) {
            Some(Known::Waiting) => {}
            Some(Known::Answered(answer)) => self.tell_answer(id, answer),
            Some(Known::Other) => {
                let msg = "this id was used for another command; give each command an id of its own".to_owned();
                self.tell_refusal(id, ErrorCode::Conflict, msg);
            }
            None => match self.complete(request, when) {
                Ok(command) => return self.want(command, asked).await,
                Err(msg) => self.tell_refusal(id, ErrorCode::Invalid, msg),
            },
        }
        Ok(())
    }

    /// What a key on the terminal wants; `when` it was pressed.
    pub(super) async fn handle_wish(&mut self, cmd: &str, fields: Value, when: MonoTime) -> Result<(), JoinError> {
        let fields = fields.as_object().cloned().unwrap_or_default();
        match self.complete(Request { cmd: cmd.to_owned(), fields }, when) {
            Ok(command) => self.want(command, None).await,
            Err(msg) => {
                self.warn(msg);
                Ok(())
            }
        }
    }

    /// The request as a command of the protocol, as things stand now.
    fn complete(&mut self, request: Request, when: MonoTime) -> Result<Command, String> {
        let heard =
            if request.wants_heard() { Some(self.heard_at(when).map_err(|why| why.to_string())?) } else { None };
        request.complete(&self.mirror.state, heard, Uuid::now_v7()).map_err(|error| error.to_string())
    }

    fn heard_at(&mut self, when: MonoTime) -> Result<HeardAnchor, Unheard> {
        // What is being heard now may not have been taken from the player yet.
        self.tell_positions();
        let heard = self.ear.anchor_at(when, &self.mirror);
        // Who makes the only sound hears it at the moment that it is made.
        let own = || self.streams.iter().find(|own| own.kind != StreamKind::Talkback)?.captured_at(when);
        heard.or_else(|unheard| own().ok_or(unheard))
    }

    /// Keeps a command where a kill does not reach it, and sends it when its turn comes.
    async fn want(&mut self, command: Command, asked: Option<outbox::Asked>) -> Result<(), JoinError> {
        let id = CommandId(Uuid::now_v7());
        let caller = asked.as_ref().map(|asked| asked.id.clone());
        if let Err(full) = self.outbox.push(Pending::lasting(id, command, asked)) {
            self.tell_refusal(caller.unwrap_or_else(|| json!(id)), ErrorCode::TooMany, full.to_string());
            return Ok(());
        }
        self.remember().await;
        self.send_commands();
        Ok(())
    }

    /// Sends what is due, in order and no faster than the relay takes it.
    pub(super) fn send_commands(&mut self) {
        while self.way.is_open() && Instant::now() >= self.ask_after {
            let (now, pace) = (self.clock.now(), &mut self.pace);
            let Some((id, command)) = self.outbox.next_to_send(|| pace.try_take(now)) else { return };
            self.send(ClientFrame::Cmd { id, command });
        }
    }

    /// The relay has answered.
    pub(super) async fn handle_answer(&mut self, id: CommandId, answer: Answer) {
        let not_saved = matches!(answer, Answer::Refused { code: ErrorCode::NotSaved, .. });
        if not_saved && self.outbox.handle_not_saved(id) {
            self.ask_after = Instant::now() + NOT_SAVED_WAIT;
            return;
        }
        let Some(pending) = self.outbox.handle_answer(id, &answer) else { return };
        self.send_commands();
        if !pending.lasting {
            self.handle_own_answer(&pending.command, &answer);
            return;
        }
        self.remember().await;
        let caller = pending.asked.map_or_else(|| json!(id), |asked| asked.id);
        for _ in 0..pending.times {
            self.tell_answer(caller.clone(), answer.clone());
        }
    }

    /// An answer to what the program asked by itself.
    fn handle_own_answer(&mut self, command: &Command, answer: &Answer) {
        let Answer::Refused { code, msg } = answer else { return };
        match command {
            // A part that an earlier run had told already.
            Command::PartRolling { .. } if *code == ErrorCode::Conflict => {}
            Command::StreamOpen { kind, .. } => self.warn(format!("{} is not published: {msg}", kind_name(*kind))),
            Command::StreamClose { .. } => {}
            _ => self.warn(msg.clone()),
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

    /// Closes streams of one's own that an earlier run of the program left open.
    pub(super) fn close_left_streams(&mut self) -> Result<(), JoinError> {
        let ours = |id: &protocol::ids::StreamId| self.streams.iter().any(|own| own.id == *id);
        let streams = self.mirror.state.streams.values();
        let left = streams.filter(|known| known.open && known.participant == self.mirror.me && !ours(&known.id));
        let closes: Vec<Command> = left.map(|known| Command::StreamClose { stream: known.id }).collect();
        closes.into_iter().try_for_each(|command| self.command(command))
    }
}

fn anchor_line(anchor: HeardAnchor) -> AnchorLine {
    let HeardAnchor { stream, epoch, at, uncertainty_ms, concealed } = anchor;
    AnchorLine { stream, epoch, at: at.0, uncertainty_ms, concealed }
}
