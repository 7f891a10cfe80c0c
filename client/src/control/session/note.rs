//! Notes on what is heard: the moment is kept from the first key on, and the words until they are safe.

use super::*;
use crate::control::habits;
use client_core::heard::{HeardAnchor, Unheard};
use client_core::reaction::next_reaction_ms;
use client_core::request::{Pin, Request};
use protocol::stream::StreamKind;
use serde_json::{Map, json};
use std::time::Instant as Moment;
use units::MonoTime;

/// What was in the ear when somebody began to type.
pub(super) type Begun = (Moment, Result<HeardAnchor, Unheard>);

impl Session {
    /// Keeps what is heard now, or why nothing is: what was played when is known for some seconds only, and not over a
    /// new connection.
    pub(super) fn begin_note(&mut self, at: Moment) {
        let heard = self.heard_at(self.clock.at(at));
        self.begun = Some((at, heard));
    }

    /// A note that was typed, on what was heard `at` its first key. One that cannot be kept goes back to its author.
    pub(super) async fn handle_note(&mut self, text: String, at: Moment) {
        let begun = self.begun.take().filter(|(begun, _)| *begun == at);
        let heard = begun.map_or_else(|| self.heard_at(self.clock.at(at)), |(_, heard)| heard);
        let said = if text.is_empty() { "marker" } else { &text };
        let fields = Map::from_iter([("text".to_owned(), json!(said))]);
        let request = Request { cmd: "note.add".to_owned(), fields };
        let kept = match self.complete_with(request, heard, Uuid::now_v7()) {
            Ok(command) => self.want(command, None).await,
            Err(msg) => {
                self.warn(msg);
                false
            }
        };
        if !kept && !text.is_empty() {
            self.desk.iter().for_each(|desk| desk.give_back(text.clone()));
        }
    }

    /// The request as a command of the protocol, as things stand now. `fresh` is the id of a note that it makes.
    pub(super) fn complete(&mut self, request: Request, when: MonoTime, fresh: Uuid) -> Result<Command, String> {
        let heard = if request.wants_heard() { self.heard_at(when) } else { Err(Unheard::Silence) };
        self.complete_with(request, heard, fresh)
    }

    fn complete_with(
        &self,
        request: Request,
        heard: Result<HeardAnchor, Unheard>,
        fresh: Uuid,
    ) -> Result<Command, String> {
        let pin = heard.map(|heard| Pin { heard, reaction_ms: self.reaction_ms });
        let pin = if request.wants_heard() { Some(pin.map_err(|why| why.to_string())?) } else { None };
        request.complete(&self.mirror.state, pin, fresh).map_err(|error| error.to_string())
    }

    /// What was in the ear at `when`; of whoever hears nothing that is judged, and makes such sound, what was made then.
    ///
    /// # Errors
    /// If nothing was heard then, or the stream's clock map has not come yet.
    pub(super) fn heard_at(&mut self, when: MonoTime) -> Result<HeardAnchor, Unheard> {
        // What is being heard now may not have been taken from the player yet.
        self.tell_positions();
        let own = || self.streams.iter().find(|own| own.kind != StreamKind::Talkback)?.captured_at(when);
        let heard = self.ear.anchor_at(when, &self.mirror);
        heard.unwrap_or_else(|| own().ok_or(Unheard::Silence))
    }

    /// The next choice of the reaction offset, remembered for all sessions.
    pub(super) async fn change_reaction(&mut self) {
        self.reaction_ms = next_reaction_ms(self.reaction_ms);
        let (folder, reaction_ms) = (self.habits.clone(), self.reaction_ms);
        let Some(folder) = folder else { return };
        if let Err(error) = blocking(move || habits::save(&folder, reaction_ms)).await {
            self.habits = None;
            self.warn(format!(
                "the reaction offset is not remembered ({error}); make room or name another folder with --state"
            ));
        }
    }
}
