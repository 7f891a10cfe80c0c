//! Who talks, and what becomes quieter then.

use protocol::ids::ParticipantId;
use protocol::stream::StreamKind;
use protocol::wire::Presence;
use std::time::Duration;
use units::{Dbfs, MonoTime};

/// How far monitors go down while somebody of the other side talks.
pub const DIM: Dbfs = Dbfs(-20.0);
/// A talkback microphone above this RMS level is somebody talking.
const TALK_LEVEL: Dbfs = Dbfs(-45.0);
/// Talking lasts so long beyond its last loud moment.
const TALK_HOLD: Duration = Duration::from_millis(800);

/// Tells from the levels of a talkback microphone whether somebody talks into it.
#[derive(Clone, Debug, Default)]
pub struct TalkDetector {
    talking: bool,
    last_loud: Option<MonoTime>,
}

impl TalkDetector {
    /// Takes the loudest channel's RMS level; answers when talking begins (true) or ends (false).
    pub fn handle_level(&mut self, now: MonoTime, rms: Dbfs) -> Option<bool> {
        if rms > TALK_LEVEL {
            self.last_loud = Some(now);
        }
        let talking = self.last_loud.is_some_and(|loud| now.saturating_since(loud) < TALK_HOLD);
        (talking != std::mem::replace(&mut self.talking, talking)).then_some(talking)
    }

    /// Whether somebody talks.
    pub fn is_talking(&self) -> bool {
        self.talking
    }
}

/// Whether the monitors are to be dimmed: the studio's side (whoever publishes program) dims while anybody else talks.
pub fn dims(me: ParticipantId, publishes: &[StreamKind], people: &[Presence]) -> bool {
    let studio = publishes.contains(&StreamKind::Program);
    studio && people.iter().any(|person| person.participant != me && person.talking)
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::wire::ClientKind;

    fn person(n: u32, talking: bool) -> Presence {
        let participant = format!("018f4d3e-0000-7000-8000-{n:012}").parse().unwrap();
        Presence { participant, client: ClientKind::Page, hears: vec![], talking, media: true }
    }

    #[test]
    fn the_studio_dims_for_others_but_not_for_itself_and_listeners_never_dim() {
        let people = [person(1, true), person(2, false)];
        let (one, two) = (people[0].participant, people[1].participant);
        assert!(dims(two, &[StreamKind::Program, StreamKind::Talkback], &people));
        assert!(!dims(one, &[StreamKind::Program], &people));
        assert!(!dims(two, &[StreamKind::Talkback], &people));
    }

    #[test]
    fn talk_holds_over_a_pause_between_words_and_then_ends() {
        let mut detector = TalkDetector::default();
        let at = |ms: u64| MonoTime(ms * 1_000_000);
        assert_eq!(detector.handle_level(at(0), Dbfs(-60.0)), None);
        assert_eq!(detector.handle_level(at(100), Dbfs(-30.0)), Some(true));
        assert_eq!(detector.handle_level(at(899), Dbfs(-90.0)), None);
        assert!(detector.is_talking());
        assert_eq!(detector.handle_level(at(900), Dbfs(-90.0)), Some(false));
        assert_eq!(detector.handle_level(at(1_000), Dbfs(f32::NEG_INFINITY)), None);
    }
}
