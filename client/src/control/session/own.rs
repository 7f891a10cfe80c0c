//! What the program asks by itself: its own streams, opened, mapped and closed, as the session must know them.

use super::*;
use crate::report::kind_name;
use client_core::mirror::Change;
use client_core::outbox::Answer;
use protocol::ids::StreamId;
use protocol::wire::ErrorCode;

impl Session {
    /// Asks it of the relay until it is answered.
    pub(super) fn command(&mut self, command: Command) {
        self.outbox.push_own(CommandId(Uuid::now_v7()), command);
        self.send_commands();
    }

    /// Opens all own streams and declares what epochs are known.
    pub(super) fn begin_streams(&mut self) {
        let commands: Vec<Command> = self.streams.iter().flat_map(OwnStream::open_commands).collect();
        commands.into_iter().for_each(|command| self.command(command));
        self.introduce_lanes();
    }

    /// Closes streams of one's own that an earlier run of the program left open.
    pub(super) fn close_left_streams(&mut self) {
        let ours = |id: &StreamId| self.streams.iter().any(|own| own.id == *id);
        let streams = self.mirror.state.streams.values();
        let left = streams.filter(|known| known.open && known.participant == self.mirror.me && !ours(&known.id));
        let closes: Vec<Command> = left.map(|known| Command::StreamClose { stream: known.id }).collect();
        closes.into_iter().for_each(|command| self.command(command));
    }

    /// Opens again what the relay closed while the link was gone, and declares what it does not know of what is open; as
    /// soon as the mirror has all that the relay has said to be saved.
    pub(super) fn restore_streams(&mut self) {
        self.restore_due = !self.mirror.has_saved();
        if self.restore_due {
            return;
        }
        let known = &self.mirror.state.streams;
        let missing = self.streams.iter().flat_map(|own| own.missing_commands(known.get(&own.id)));
        let missing: Vec<Command> = missing.filter(|command| !self.outbox.has(|waiting| waiting == command)).collect();
        missing.into_iter().for_each(|command| self.command(command));
    }

    /// An own stream that was closed or opened by the log is looked at: who was away for long finds it closed only by the
    /// events that follow the welcome.
    pub(super) fn watch_streams(&mut self, changes: &[Change]) {
        let own = |id: &StreamId| self.streams.iter().any(|own| own.id == *id);
        let touched = |change: &Change| matches!(change, Change::Opened(id) | Change::Closed(id) if own(id));
        if self.restore_due || changes.iter().any(touched) {
            self.restore_streams();
        }
    }

    /// Tells the maps of streams that have gone on for an hour since they were told.
    pub(super) fn tell_hours(&mut self) {
        for number in 0..self.streams.len() {
            if let Some(command) = self.streams[number].poll_hour() {
                self.declare(number, command);
            }
        }
    }

    /// Declares the newest map of an own stream, by which its recorder names its sound from now on.
    pub(super) fn declare(&mut self, number: usize, map: Command) {
        self.command(map);
        let named = self.streams.get(number).and_then(|own| own.names().last());
        if let Some((lane, run, name)) = named {
            self.handle_take(Input::Epoch { lane, run, name });
        }
    }

    /// An answer to what the program asked by itself.
    pub(super) fn handle_own_answer(&mut self, command: &Command, answer: &Answer) {
        if self.outbox.poll_dropped() {
            let told = "the relay was away for so long that not everything could be kept for it; what was recorded is \
                        told when this program starts again";
            self.warn(told);
            self.restore_streams();
        }
        let Answer::Refused { code, msg } = answer else { return };
        let is_open = |stream: &StreamId| self.mirror.state.streams.get(stream).is_some_and(|known| known.open);
        match command {
            // A part that an earlier run had told already.
            Command::PartRolling { .. } if *code == ErrorCode::Conflict => {}
            Command::StreamOpen { kind, .. } => self.warn(format!("{} is not published: {msg}", kind_name(*kind))),
            // It is declared again as soon as its stream is open again.
            Command::StreamEpoch { stream, .. } if !is_open(stream) => {}
            Command::StreamClose { .. } => {}
            _ => self.warn(msg.clone()),
        }
    }
}
