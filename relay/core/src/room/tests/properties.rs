use super::*;
use proptest::prelude::*;
use protocol::ids::{InviteId, NoteId, TakeNumber};
use protocol::session::note::{Anchor, NewNote, Severity};
use protocol::session::{hear_grant, publish_grant};

const PEOPLE: u128 = 4;
const STREAMS: u128 = 5;

/// One thing that can happen in a session.
#[derive(Clone, Debug)]
enum Step {
    Enter {
        who: u128,
    },
    Lose {
        who: u128,
    },
    Leave {
        who: u128,
    },
    Command {
        who: u128,
        id: u128,
        stream: u128,
        action: u8,
    },
    Levels {
        who: u128,
        stream: u128,
    },
    Pass {
        ms: u64,
    },
    /// The journal answers so many batches, the last one with a full disk or not.
    Journal {
        batches: usize,
        has_space: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let (who, stream) = (0..PEOPLE, 0..STREAMS);
    prop_oneof![
        2 => who.clone().prop_map(|who| Step::Enter { who }),
        1 => who.clone().prop_map(|who| Step::Lose { who }),
        1 => who.clone().prop_map(|who| Step::Leave { who }),
        6 => (who.clone(), 0..40u128, stream.clone(), 0..20u8)
            .prop_map(|(who, id, stream, action)| Step::Command { who, id, stream, action }),
        3 => (who, stream).prop_map(|(who, stream)| Step::Levels { who, stream }),
        2 => (1..20_000u64).prop_map(|ms| Step::Pass { ms }),
    ]
}

/// A step in a house whose journal answers late and now and then has no space.
fn slow_step() -> impl Strategy<Value = Step> {
    let journal = (1..4usize, prop::bool::weighted(0.8));
    prop_oneof![
        3 => step(),
        2 => journal.prop_map(|(batches, has_space)| Step::Journal { batches, has_space }),
    ]
}

/// What one link knows of the session, from its frames alone.
struct Mirror {
    seq: u64,
    state: SessionState,
}

/// A house with everybody's present link and mirror.
struct Play {
    house: House,
    links: BTreeMap<u128, LinkId>,
    mirrors: BTreeMap<LinkId, Mirror>,
    granted: BTreeMap<(u128, u128), (Command, u64)>,
}

fn role(who: u128) -> Role {
    [Role::Engineer, Role::Mentor, Role::Listener, Role::Student][who as usize]
}

fn asked(stream: u128, action: u8) -> Command {
    match action {
        0 => open(stream, StreamKind::Program),
        1 => open(stream, StreamKind::Talkback),
        2 => open(stream, StreamKind::Mic),
        3 => Command::StreamClose { stream: self::stream(stream) },
        6.. => asked_of_takes(stream, action),
        epoch => {
            let mut map =
                super::super::peers::implicit_epoch(u32::from(epoch - 4), units::Ssrc(5), units::RtpTimestamp(9));
            map.trusted = true;
            Command::StreamEpoch { stream: self::stream(stream), map }
        }
    }
}

/// What is asked of takes, notes and the rest; `n` says about which.
fn asked_of_takes(n: u128, action: u8) -> Command {
    let (take, belief, id) = (TakeNumber(n as u32 + 1), None, uuid::Uuid::from_u128(n));
    let on = Anchor::Take { take, part: None, at: None, to: None };
    match action {
        6 => Command::SessionConsent { given: n.is_multiple_of(2) },
        7 => Command::BatonTake {},
        8 => Command::BatonGive { to: Some(person(n)) },
        9 => Command::BatonReclaim {},
        10 => Command::TakeRoll { take: None, slate: Some(format!("verse {n}")), belief },
        11 => Command::TakeStop { take: None, belief },
        12 => Command::TakeSubmit { take, belief },
        13 => Command::TakeCircle { take, on: true },
        14 => Command::TakeHero { take, on: true },
        15 => Command::NoteAdd(NewNote {
            note: NoteId(id),
            on,
            reaction_ms: 0,
            uncertainty_ms: 5,
            concealed: false,
            text: "flat".into(),
            tag: None,
            severity: Severity::Minor,
            parent: None,
        }),
        16 => Command::NoteRetract { note: NoteId(id) },
        17 => Command::InviteMake { invite: InviteId(id), role: Role::Listener, once: true },
        18 => Command::Undo { of: 10 + n as u64 },
        _ => Command::ChatSay { text: "good".into() },
    }
}

impl Play {
    fn of(steps: &[Step]) -> Play {
        Play::in_house(House::new(), steps)
    }

    fn in_house(house: House, steps: &[Step]) -> Play {
        let (links, mirrors, granted) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut play = Play { house, links, mirrors, granted };
        for step in steps {
            play.take(step);
            play.read();
        }
        play
    }

    /// In a house whose journal answers when it is told.
    fn slow(steps: &[Step]) -> Play {
        let mut house = House::new();
        house.prompt = false;
        Play::in_house(house, steps)
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Enter { who } => {
                let link = self.house.enter(who, role(who));
                self.links.insert(who, link);
            }
            Step::Lose { who } => self.links.remove(&who).into_iter().for_each(|link| self.house.lose(link)),
            Step::Leave { who } => self.links.remove(&who).into_iter().for_each(|link| self.house.leave(link)),
            Step::Command { who, id, stream, action } => self.command(who, id, asked(stream, action)),
            Step::Levels { who, stream } => {
                let eph = ClientFrame::Eph(levels(stream, -20.0));
                self.links.get(&who).copied().into_iter().for_each(|link| self.house.frame(link, eph.clone()));
            }
            Step::Pass { ms } => self.house.pass(MS * ms as u32),
            Step::Journal { batches, has_space } => {
                (1..batches).for_each(|_| self.house.answer(true));
                self.house.answer(has_space);
            }
        }
    }

    fn command(&mut self, who: u128, id: u128, command: Command) {
        let Some(link) = self.links.get(&who).copied() else { return };
        self.read();
        self.house.command(link, id, command.clone());
        if let Some(RelayFrame::Ok { seq, .. }) = self.house.inboxes.get(&link).and_then(|frames| frames.first()) {
            let known = self.granted.entry((who, id)).or_insert((command.clone(), *seq));
            assert_eq!(*known, (command, *seq), "the same id is granted once, with one answer");
        }
    }

    /// Until the journal has answered everything and what could not be recorded has been.
    fn settle(&mut self) {
        self.house.prompt = true;
        self.house.answer_all();
        self.house.pass(Duration::from_secs(5));
        self.read();
    }

    /// Lets every link read what it was sent, and checks that it may be sent that.
    fn read(&mut self) {
        for (link, frames) in std::mem::take(&mut self.house.inboxes) {
            let owner = self.house.owners[&link];
            for frame in frames {
                self.check(owner, &frame);
                match frame {
                    RelayFrame::Welcome(welcome) => {
                        let protocol::wire::Welcome { seq, state, .. } = *welcome;
                        self.mirrors.insert(link, Mirror { seq, state: *state.expect("everybody is new") });
                    }
                    RelayFrame::Ok { seq, .. } => {
                        assert!(seq <= self.house.log().len() as u64, "nothing is acknowledged before it is durable");
                    }
                    RelayFrame::Ev(told) => {
                        assert!(
                            told.recorded.seq <= self.house.log().len() as u64,
                            "nothing is told before it is durable"
                        );
                        let mirror = self.mirrors.get_mut(&link).expect("events come after the welcome");
                        assert_eq!(told.recorded.seq, mirror.seq + 1, "the log has no gap");
                        apply(&mut mirror.state, &told.recorded);
                        mirror.seq = told.recorded.seq;
                    }
                    _ => {}
                }
            }
        }
    }

    fn check(&self, owner: ParticipantId, frame: &RelayFrame) {
        let state = self.house.room.state();
        match frame {
            RelayFrame::Eph { from, eph: Ephemeral::Levels { stream, .. } } => {
                let stream = &state.streams[stream];
                let hears = state.participants[&owner].grants.has(hear_grant(stream.kind));
                assert!(hears && *from == stream.participant && owner != *from);
            }
            RelayFrame::Eph { .. } => panic!("only levels were told"),
            RelayFrame::Welcome(welcome) => assert_eq!(welcome.participant, owner),
            RelayFrame::Sdp(_) => panic!("nobody offered"),
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn with_a_slow_and_failing_journal_everybody_holds_what_is_durable(steps in prop::collection::vec(slow_step(), 0..120)) {
        let mut play = Play::slow(&steps);
        play.settle();
        let mut fold = SessionState::default();
        play.house.log().iter().for_each(|told| apply(&mut fold, told));
        prop_assert_eq!(&fold, play.house.room.state());
        prop_assert_eq!(&fold, &play.house.room.log.ahead().state, "nothing is decided on what was lost");
        for (who, link) in &play.links {
            if play.house.closed.iter().any(|(closed, _)| closed == link) {
                continue;
            }
            let mirror = &play.mirrors[link];
            prop_assert_eq!(&mirror.state, &fold, "{} mirrors the room", who);
            prop_assert!(play.house.is_present(*who));
        }
        let present = fold.participants.iter().filter(|(_, person)| person.present).count();
        prop_assert!(play.house.room.present() >= present, "who is in by the log is here or expected");
        let chain: Vec<_> = play.house.kept.tail.iter().map(|event| event.hash).collect();
        prop_assert_eq!(chain.last().copied().unwrap_or_default(), play.house.room.place().hash.0);
        play.house.restart();
        prop_assert_eq!(&fold, play.house.room.state());
    }

    #[test]
    fn every_link_that_folds_its_frames_holds_the_rooms_state(steps in prop::collection::vec(step(), 0..120)) {
        let play = Play::of(&steps);
        for link in play.links.values() {
            let mirror = &play.mirrors[link];
            prop_assert_eq!(&mirror.state, play.house.room.state());
            prop_assert_eq!(mirror.seq, play.house.log().len() as u64);
        }
    }

    #[test]
    fn the_log_folds_to_the_same_state_from_any_of_its_snapshots(
        steps in prop::collection::vec(step(), 0..60), cut in any::<prop::sample::Index>()
    ) {
        let play = Play::of(&steps);
        let events = play.house.log();
        prop_assert!(events.iter().zip(1..).all(|(told, seq)| told.seq == seq));
        let cut = cut.index(events.len() + 1);
        let mut snapshot = SessionState::default();
        events[..cut].iter().for_each(|told| apply(&mut snapshot, told));
        events[cut..].iter().for_each(|told| apply(&mut snapshot, told));
        prop_assert_eq!(&snapshot, play.house.room.state());
    }

    #[test]
    fn repeating_every_granted_command_three_times_changes_nothing(steps in prop::collection::vec(step(), 0..80)) {
        let mut play = Play::of(&steps);
        let before = play.house.log().len();
        let granted: Vec<_> = play.granted.clone().into_iter().collect();
        let mut repeated = 0;
        for ((who, id), (command, seq)) in granted {
            let Some(link) = play.links.get(&who).copied() else { continue };
            let (len, state) = (play.house.log().len(), play.house.room.state().clone());
            for _ in 0..3 {
                play.house.take(link);
                play.house.command(link, id, command.clone());
                let told = play.house.take(link);
                let answered = matches!(told.first(), Some(RelayFrame::Ok { seq: told, .. }) if *told == seq);
                prop_assert!(answered, "{:?}", told);
            }
            prop_assert_eq!((play.house.log().len(), play.house.room.state()), (len, &state));
            repeated += 1;
        }
        prop_assert!(repeated > 0 || play.house.log().len() == before);
    }

    #[test]
    fn nobody_publishes_and_nobody_is_planned_to_hear_what_they_may_not(steps in prop::collection::vec(step(), 0..120)) {
        let play = Play::of(&steps);
        let state = play.house.room.state();
        let may = |who: &ParticipantId, grant| state.participants[who].grants.has(grant);
        prop_assert!(state.streams.values().all(|s| may(&s.participant, publish_grant(s.kind))));
        prop_assert!(state.streams.values().all(|s| !s.open || state.participants[&s.participant].present));
        for (listener, heard) in &Plan::of(state).listeners {
            prop_assert!(state.participants[listener].present);
            prop_assert!(heard.iter().all(|one| may(listener, hear_grant(one.kind)) && one.publisher != *listener));
            prop_assert_eq!(heard.iter().map(|one| one.stream).collect::<BTreeSet<_>>().len(), heard.len());
        }
    }
}
