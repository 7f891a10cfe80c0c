//! A small session for exports: Ada, a program that begins with the session, a take that begins a second into it.

use crate::event::{Event, Recorded, Stored};
use crate::export::Source;
use crate::grants::Role;
use crate::ids::{CreditId, LogId, MixNumber, NoteId, PartId, ParticipantId, SessionId, StreamId, TakeNumber};
use crate::session::mix::{Credit, MixFile};
use crate::session::note::{Anchor, NewNote, Severity};
use crate::session::people::{Metre, Song};
use crate::session::take::{Former, Verdict};
use crate::stream::{EpochMap, StreamFormat, StreamKind};
use units::{RtpTimestamp, SampleCount, SampleRate, SampleTime, Ssrc, Ticks, WallTime};
use uuid::Uuid;

pub(super) const ADA: ParticipantId = ParticipantId(Uuid::from_u128(1));
pub(super) const PROGRAM: StreamId = StreamId(Uuid::from_u128(2));
pub(super) const MIC: StreamId = StreamId(Uuid::from_u128(3));
pub(super) const PART: PartId = PartId(Uuid::from_u128(4));
const TAKE: TakeNumber = TakeNumber(1);
/// 2027-01-15 08:00 UTC.
const BEGIN_MS: i64 = 1_800_000_000_000;

pub(super) struct Scene {
    events: Vec<Stored>,
    now_ms: i64,
}

pub(super) fn map(epoch: u32, rate: u32) -> EpochMap {
    EpochMap {
        epoch,
        ssrc: Ssrc(7),
        rtp0: RtpTimestamp(u32::MAX - 480_000),
        from: Ticks(0),
        sample0: SampleTime(0),
        rate: SampleRate(rate),
        codec_delay: Ticks(120),
        resampler_delay: Ticks(0),
        trusted: true,
    }
}

impl Scene {
    /// The take begins with sample `rate` of the program and has so many samples, at 96 kHz from sample 96 000 on.
    pub(super) fn with_take(rate: u32, samples: i64) -> Scene {
        Scene::with_roll(rate, samples, None)
    }

    /// The same with a recorder that tells at which sample it rolled.
    pub(super) fn with_roll(rate: u32, samples: i64, roll: Option<i64>) -> Scene {
        let mut scene = Scene { events: Vec::new(), now_ms: 0 };
        scene.add(Event::SessionOpen { title: "Blue hour".into() });
        let (name, role) = ("Ada".to_owned(), Role::Owner);
        scene.add(Event::ParticipantJoin { participant: ADA, name, role, grants: role.grants(), invite: None });
        scene.stream(PROGRAM, rate);
        scene.at_ms(1_000);
        let metre = Some(Metre { beats: 3, unit: 4 });
        let song = Song { tempo_mbpm: Some(97_300), metre, key: Some("F♯ minor".into()) };
        scene.add(Event::SessionSong { song, was: Song::default() });
        scene.take(rate, samples, roll.map(SampleTime));
        let credit = Credit {
            id: CreditId(Uuid::from_u128(9)),
            participant: None,
            name: "Ada".into(),
            did: "lead vocal".into(),
        };
        scene.add(Event::CreditSet { credit, was: None });
        scene
    }

    pub(super) fn source(&self) -> Source {
        Source::new(SessionId(Uuid::from_u128(77)), LogId(Uuid::from_u128(78)), self.events.clone())
    }

    /// So long after the session's beginning.
    pub(super) fn at_ms(&mut self, now_ms: i64) {
        self.now_ms = now_ms;
    }

    pub(super) fn add(&mut self, event: Event) -> u64 {
        let seq = self.events.len() as u64 + 1;
        let at = WallTime(BEGIN_MS + self.now_ms);
        self.events.push(Stored::write(Recorded { seq, id: None, by: Some(ADA), at, event }));
        seq
    }

    /// Adds an event as another version stored it; its number is put in for `"seq":0`.
    pub(super) fn store(&mut self, text: &str) {
        let text = text.replacen("\"seq\":0", &format!("\"seq\":{}", self.events.len() + 1), 1);
        self.events.push(Stored::read(&text).unwrap());
    }

    pub(super) fn stream(&mut self, stream: StreamId, rate: u32) {
        let format =
            StreamFormat { channels: 2, frame_us: 5_000, bitrate: 256_000, redundancy: 1, rate: SampleRate(rate) };
        let (kind, label) = (StreamKind::Program, "Main".to_owned());
        self.add(Event::StreamOpen { stream, participant: ADA, kind, label, format });
        self.add(Event::StreamEpoch { stream, map: map(0, rate) });
    }

    fn take(&mut self, rate: u32, samples: i64, roll: Option<SampleTime>) {
        self.add(Event::TakeArm { take: TAKE, slate: "verse".into(), only: None });
        self.add(Event::TakeRoll { take: TAKE });
        let (from, rate) = (SampleTime(i64::from(rate)), SampleRate(rate));
        let (take, part, participant, stream, epoch, channels) = (TAKE, PART, ADA, PROGRAM, 0, 2);
        self.add(Event::PartRolling { take, part, participant, stream, epoch, from, rate, channels, roll });
        self.add(Event::TakeStop { take: TAKE });
        let (to, gaps, pcm_hash) = (SampleTime(from.0 + samples), Vec::new(), "cd".repeat(32));
        self.add(Event::PartStopped { take: TAKE, part: PART, to, gaps, pcm_hash });
        self.add(Event::TakeSubmit { take: TAKE });
    }

    /// Another part of the take, of the program too, that begins so many samples after the take's first one.
    pub(super) fn late_part(&mut self, part: PartId, later: i64, rate: u32) {
        let (from, rate) = (SampleTime(i64::from(rate) + later), SampleRate(rate));
        let (take, participant, stream, epoch, channels, roll) = (TAKE, ADA, PROGRAM, 0, 1, None);
        self.add(Event::PartRolling { take, part, participant, stream, epoch, from, rate, channels, roll });
    }

    /// A second take by the relay's clock alone, without a part.
    pub(super) fn bare_take(&mut self, from_ms: i64, to_ms: i64) {
        let take = TakeNumber(2);
        self.add(Event::TakeArm { take, slate: String::new(), only: None });
        self.at_ms(from_ms);
        self.add(Event::TakeRoll { take });
        self.at_ms(to_ms);
        self.add(Event::TakeStop { take });
    }

    pub(super) fn slate(&mut self, slate: &str) {
        self.add(Event::TakeSlate { take: TAKE, slate: slate.into(), was: String::new() });
    }

    pub(super) fn verdict(&mut self, reason: &str) {
        let (verdict, audio, was) = (Verdict::Approved, vec!["cd".repeat(32)], Former::default());
        self.add(Event::TakeVerdict { take: TAKE, verdict, reason: reason.into(), audio, decided: None, was });
    }

    pub(super) fn note(&mut self, on: Anchor, reaction_ms: u32, text: &str) -> NoteId {
        let note = NoteId(Uuid::from_u128(1_000 + self.events.len() as u128));
        self.add(Event::NoteAdd(NewNote {
            note,
            on,
            reaction_ms,
            uncertainty_ms: 5,
            concealed: false,
            text: text.into(),
            tag: None,
            severity: Severity::Minor,
            parent: None,
        }));
        note
    }

    pub(super) fn reply(&mut self, parent: NoteId, text: &str) {
        let note = self.note(Anchor::Take { take: TAKE, part: None, at: None, to: None }, 0, text);
        let last = self.events.pop().unwrap();
        let Event::NoteAdd(new) = last.recorded().event.clone() else { panic!("not a note: {note}") };
        self.add(Event::NoteAdd(NewNote { parent: Some(parent), ..new }));
    }

    pub(super) fn mix(&mut self, number: u32) {
        let (rate, length, title) = (SampleRate(44_100), SampleCount(44_100 * 60), format!("Mix {number}"));
        let file = MixFile { title, rate, channels: 2, length, pcm_hash: "ef".repeat(32) };
        self.add(Event::MixAdd { mix: MixNumber(number), file });
    }

    pub(super) fn rename(&mut self, name: &str) {
        let (name, role) = (name.to_owned(), Role::Owner);
        self.add(Event::ParticipantJoin { participant: ADA, name, role, grants: role.grants(), invite: None });
    }

    pub(super) fn leave(&mut self) {
        self.add(Event::ParticipantLeave { participant: ADA });
    }
}
