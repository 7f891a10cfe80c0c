//! What happened in the session, as one sentence for people; takes, notes and who may do what, not the plumbing.

use protocol::event::{Event, Recorded};
use protocol::ids::{InviteId, ParticipantId, TakeNumber};
use protocol::session::SessionState;
use protocol::session::note::{Anchor, NewNote, NoteStatus};
use protocol::session::take::{Flag, Verdict};

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
    use protocol::grants::Role;
    use protocol::ids::NoteId;
    use protocol::session::apply;
    use protocol::session::note::Severity;
    use protocol::session::take::Former;
    use units::WallTime;
    use uuid::Uuid;

    const IDA: ParticipantId = ParticipantId(Uuid::from_u128(1));

    /// The sentences of these events, one after the other.
    fn sentences(events: Vec<Event>) -> Vec<Option<String>> {
        let (role, grants) = (Role::Producer, Role::Producer.grants());
        let mut state = SessionState::default();
        let join = Event::ParticipantJoin { participant: IDA, name: "Ida".into(), role, grants, invite: None };
        let tell = |(n, event)| {
            let recorded = Recorded { seq: n as u64 + 1, id: None, by: Some(IDA), at: WallTime(1), event };
            apply(&mut state, &recorded);
            sentence(&state, &recorded)
        };
        [join].into_iter().chain(events).enumerate().map(tell).skip(1).collect()
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
