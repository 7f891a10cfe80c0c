//! What happened in the session, as one sentence for people; takes, notes and who may do what, not the plumbing.

use protocol::event::{Event, Recorded};
use protocol::ids::{InviteId, ParticipantId, TakeNumber};
use protocol::session::SessionState;
use protocol::session::note::{Anchor, NewNote, NoteStatus};
use protocol::session::take::{Flag, Stamp, Verdict};

/// The sentence of an event that has just been applied to `state`; none for what is told in another way or to nobody.
/// Texts of other people are in it as they wrote them. Allocates.
pub fn sentence(state: &SessionState, recorded: &Recorded) -> Option<String> {
    let who = || recorded.by.map_or_else(|| "the relay".to_owned(), |by| name(state, by));
    Some(match &recorded.event {
        Event::TakeArm { take, .. } => format!("{} armed {}", who(), slated(state, *take)),
        Event::TakeCancel { take } => format!("{} gave take {take} up", who()),
        Event::TakeRoll { take } => format!("{} rolls {}", who(), slated(state, *take)),
        Event::TakeStop { take } => format!("{} stopped take {take}", who()),
        Event::TakeSlate { take, .. } => format!("{} calls it {}", who(), slated(state, *take)),
        Event::TakeSubmit { take } => format!("take {take} can be decided about"),
        Event::TakeVerdict { take, verdict, reason, decided, was, .. } if is_put_back(state, recorded) => {
            let now = decided.map_or_else(|| format!("{verdict} again"), |by| as_decided(state, *verdict, by, reason));
            format!("{} took back that take {take} is {}; it is {now}", who(), was.verdict)
        }
        Event::TakeVerdict { take, verdict, reason, .. } => {
            format!("{}: take {take} is {verdict}{}", who(), why(reason))
        }
        Event::TakeVote { take, verdict, reason, .. } if *verdict != Verdict::None => {
            format!("{} would say: take {take} is {verdict}{}", who(), why(reason))
        }
        Event::TakeFlag { take, flag, on } => format!("{}: take {take} is {}{}", who(), not(*on), flag_name(*flag)),
        Event::TakeVoid { take, .. } => {
            format!("the sound of take {take} has changed since it was approved: the approval does not hold any more")
        }
        Event::TakeClose { take } => format!("{} closed take {take}", who()),
        Event::TakeReopen { take, reason } => format!("{} opened take {take} again{}", who(), why(reason)),
        Event::PartInterrupted { take, reason, .. } => {
            format!("a recording of take {take} was interrupted{}", why(reason))
        }
        Event::NoteAdd(note) => note_words(state, &who(), note),
        Event::NoteStatus { note, status, .. } => {
            format!("{}: {} is {}", who(), quoted(&state.notes.get(note)?.wording.text), status_name(*status))
        }
        Event::NoteAssign { note, to: Some(to), .. } => {
            format!("{}: {} is for {}", who(), quoted(&state.notes.get(note)?.wording.text), name(state, *to))
        }
        Event::BatonPass { to: Some(to), .. } => format!("{} holds the baton", name(state, *to)),
        Event::BatonPass { to: None, .. } => "the baton lies on the desk".to_owned(),
        Event::LobbyKnock { participant, name, invite, .. } => {
            format!("{name} waits to be let in ({participant}){}", beware(state, *invite))
        }
        Event::ParticipantKick { participant, reason } | Event::ParticipantBan { participant, reason } => {
            format!("{} sent {} away{}", who(), name(state, *participant), why(reason))
        }
        Event::ParticipantGrant { participant, .. } => {
            format!("{} changed what {} may do", who(), name(state, *participant))
        }
        Event::ChatSay { text } => format!("{}: {text}", who()),
        Event::SessionClose {} => format!("{} closed the session", who()),
        Event::MixAdd { mix, .. } => format!("{} added mix {mix}", who()),
        Event::Undo { of } => format!("{} undid change {of}", who()),
        later if later.needs_update() => {
            "something happened that this version does not know: update Farfield".to_owned()
        }
        _ => return None,
    })
}

/// Whether an event puts back what stood before: it is an undo's, not a new decision of who undid.
fn is_put_back(state: &SessionState, recorded: &Recorded) -> bool {
    let anew = matches!(recorded.event, Event::TakeVerdict { decided: Some(_), .. });
    anew || (recorded.id.is_some() && recorded.id == state.undone_by)
}

/// An earlier verdict with whose it was.
fn as_decided(state: &SessionState, verdict: Verdict, decided: Stamp, reason: &str) -> String {
    let whose = decided.by.map_or_else(|| "the relay".to_owned(), |by| name(state, by));
    format!("{verdict}, as {whose} decided before{}", why(reason))
}

/// What whoever lets people in has to know of the invitation that somebody comes by.
fn beware(state: &SessionState, invite: Option<InviteId>) -> String {
    let kept_out = state.kept_out_by(invite.as_slice());
    kept_out.map_or_else(String::new, |id| format!(", by the invitation of {}, who is kept out", name(state, id)))
}

fn note_words(state: &SessionState, who: &str, note: &NewNote) -> String {
    let place = match note.on {
        Anchor::Live { .. } => "on what is heard".to_owned(),
        Anchor::Take { take, .. } => format!("on take {take}"),
        Anchor::Mix { mix, .. } => format!("on mix {mix}"),
    };
    match note.parent.and_then(|parent| state.notes.get(&parent)) {
        Some(parent) => format!("{who} answers {}: {}", quoted(&parent.wording.text), note.text),
        None => format!("{who} notes {place}: {}", note.text),
    }
}

fn name(state: &SessionState, who: ParticipantId) -> String {
    state.participants.get(&who).map_or_else(|| who.to_string(), |person| person.name.clone())
}

fn slated(state: &SessionState, take: TakeNumber) -> String {
    let slate = state.take(take).map(|take| take.slate.as_str()).filter(|slate| !slate.is_empty());
    slate.map_or_else(|| format!("take {take}"), |slate| format!("take {take}, {}", quoted(slate)))
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

fn why(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

fn not(on: bool) -> &'static str {
    if on { "" } else { "not any more " }
}

/// What people call a mark on a take.
pub fn flag_name(flag: Flag) -> &'static str {
    match flag {
        Flag::Circled => "circled",
        Flag::Hero => "the hero",
        Flag::FalseStart => "a false start",
        Flag::Wild => "wild",
    }
}

fn status_name(status: NoteStatus) -> &'static str {
    match status {
        NoteStatus::Open => "open again",
        NoteStatus::Done => "done",
        NoteStatus::WontFix => "left as it is",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::command::Command;
    use protocol::grants::Role;
    use protocol::ids::{CommandId, NoteId};
    use protocol::session::note::Severity;
    use protocol::session::take::Former;
    use protocol::session::{Actor, apply, decide};
    use units::WallTime;
    use uuid::Uuid;

    const IDA: ParticipantId = ParticipantId(Uuid::from_u128(1));

    /// A session as it goes on, and what is said of it.
    #[derive(Default)]
    struct Story {
        state: SessionState,
        seq: u64,
    }

    impl Story {
        /// With these people in it.
        fn of(people: &[(ParticipantId, &str)]) -> Story {
            let (mut story, role) = (Story::default(), Role::Producer);
            for (participant, name) in people.iter().map(|(id, name)| (*id, (*name).to_owned())) {
                let grants = role.grants();
                story.tell(None, None, Event::ParticipantJoin { participant, name, role, grants, invite: None });
            }
            story
        }

        fn tell(&mut self, id: Option<CommandId>, by: Option<ParticipantId>, event: Event) -> Option<String> {
            self.seq += 1;
            let recorded = Recorded { seq: self.seq, id, by, at: WallTime(1), event };
            apply(&mut self.state, &recorded);
            sentence(&self.state, &recorded)
        }

        /// Somebody asks for something, and gets it.
        fn ask(&mut self, by: ParticipantId, command: &Command) -> Vec<String> {
            let grants = self.state.participants[&by].grants.clone();
            let events = decide(&self.state, &Actor { participant: by, grants: &grants }, command).unwrap();
            let id = Some(CommandId(Uuid::from_u128(self.seq.into())));
            events.into_iter().filter_map(|event| self.tell(id, Some(by), event)).collect()
        }
    }

    /// The sentences of these events, one after the other.
    fn sentences(events: Vec<Event>) -> Vec<Option<String>> {
        let mut story = Story::of(&[(IDA, "Ida")]);
        events.into_iter().map(|event| story.tell(None, Some(IDA), event)).collect()
    }

    #[test]
    fn takes_and_verdicts_are_told_with_names_slates_and_reasons() {
        let take = TakeNumber(1);
        let verdict = Event::TakeVerdict {
            take,
            verdict: Verdict::Redo,
            reason: "late".into(),
            audio: vec![],
            decided: None,
            was: Former::default(),
        };
        let told = sentences(vec![
            Event::TakeArm { take, slate: "verse".into(), only: None },
            Event::TakeRoll { take },
            verdict,
            Event::TakeFlag { take, flag: Flag::Circled, on: false },
        ]);
        let wanted = [
            "Ida armed take 1, \"verse\"",
            "Ida rolls take 1, \"verse\"",
            "Ida: take 1 is to be done again: late",
            "Ida: take 1 is not any more circled",
        ];
        assert_eq!(told, wanted.map(|text| Some(text.to_owned())));
    }

    #[test]
    fn who_takes_a_verdict_back_is_not_told_to_have_decided_what_stood_before_it() {
        let (noah, take) = (ParticipantId(Uuid::from_u128(2)), TakeNumber(1));
        let mut story = Story::of(&[(IDA, "Ida"), (noah, "Noah")]);
        let arm = Event::TakeArm { take, slate: String::new(), only: None };
        for event in [arm, Event::TakeRoll { take }, Event::TakeStop { take }, Event::TakeSubmit { take }] {
            story.tell(None, None, event);
        }
        let rule = |verdict, reason: &str| Command::TakeVerdict { take, verdict, reason: reason.into(), belief: None };
        assert_eq!(story.ask(noah, &rule(Verdict::Approved, "tight")), ["Noah: take 1 is approved: tight"]);
        let noahs = story.seq;
        assert_eq!(story.ask(IDA, &rule(Verdict::Redo, "late")), ["Ida: take 1 is to be done again: late"]);
        let idas = story.seq;
        let back = "Ida took back that take 1 is to be done again; it is approved, as Noah decided before: tight";
        assert_eq!(story.ask(IDA, &Command::Undo { of: idas })[1..], [back]);
        let back = "Noah took back that take 1 is approved; it is undecided again";
        assert_eq!(story.ask(noah, &Command::Undo { of: noahs })[1..], [back]);
        assert_eq!(story.ask(noah, &rule(Verdict::Approved, "")), ["Noah: take 1 is approved"], "that is a new one");
    }

    #[test]
    fn a_note_says_where_it_is_and_an_answer_what_it_answers() {
        let on = Anchor::Take { take: TakeNumber(1), part: None, at: None, to: None };
        let note = |n, parent: Option<u128>, text: &str| {
            Event::NoteAdd(NewNote {
                note: NoteId(Uuid::from_u128(n)),
                on,
                reaction_ms: 0,
                uncertainty_ms: 0,
                concealed: false,
                text: text.into(),
                tag: None,
                severity: Severity::Minor,
                parent: parent.map(|n| NoteId(Uuid::from_u128(n))),
            })
        };
        let arm = Event::TakeArm { take: TakeNumber(1), slate: String::new(), only: None };
        let told = sentences(vec![arm, note(5, None, "flat"), note(6, Some(5), "again?")]);
        assert_eq!(told[1].as_deref(), Some("Ida notes on take 1: flat"));
        assert_eq!(told[2].as_deref(), Some("Ida answers \"flat\": again?"));
    }

    #[test]
    fn who_knocks_by_the_invitation_of_somebody_who_is_kept_out_is_told_so() {
        let [eve, new] = [5, 6].map(|n| ParticipantId(Uuid::from_u128(n)));
        let (role, invite) = (Role::Listener, Some(InviteId(Uuid::from_u128(9))));
        let (name, grants) = ("Eve".to_owned(), role.grants());
        let told = sentences(vec![
            Event::ParticipantJoin { participant: eve, name, role, grants: grants.clone(), invite },
            Event::ParticipantBan { participant: eve, reason: String::new() },
            Event::LobbyKnock { participant: new, name: "Ada".into(), role, grants, invite },
        ]);
        let wanted = format!("Ada waits to be let in ({new}), by the invitation of Eve, who is kept out");
        assert_eq!(told[2].as_deref(), Some(wanted.as_str()));
    }

    #[test]
    fn the_plumbing_is_told_to_nobody() {
        assert_eq!(sentences(vec![Event::SessionOpen { title: "x".into() }]), [None]);
    }
}
