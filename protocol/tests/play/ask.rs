use super::Play;
use protocol::command::{Belief, Command};
use protocol::grants::{Grant, Grants, Role};
use protocol::ids::{CreditId, InviteId, MixNumber, NoteId, PartId, ParticipantId, StreamId, TakeNumber};
use protocol::session::mix::{Credit, MixFile};
use protocol::session::note::{Anchor, NewNote, NoteStatus, Severity, Wording};
use protocol::session::people::{Decides, Metre, Policy, Song};
use protocol::session::take::{CaptureGap, Part, PartPhase, Phase, Verdict};
use protocol::stream::{EpochMap, StreamFormat, StreamKind};
use units::{RtpTimestamp, SampleCount, SampleRate, SampleTime, Ssrc, Ticks};
use uuid::Uuid;

const VERDICTS: [Verdict; 4] = [Verdict::None, Verdict::Approved, Verdict::Rejected, Verdict::Redo];
const TEXTS: [&str; 8] = [
    "flat on “hour”",
    "breath before the chorus\r\nand after it",
    "<script>alert(1)</script>",
    "\u{1b}[2Jred \u{202e}back",
    "ضعيف هنا",
    "👩‍🎤👩‍🎤",
    "",
    "\u{200b}",
];

impl Play {
    /// Who asks, and what: mostly something that makes sense just now.
    pub(crate) fn ask(&mut self) -> (ParticipantId, Command) {
        let command = match self.rng.below(100) {
            0..30 => self.about_takes(),
            30..45 => self.about_parts(),
            45..68 => self.about_notes(),
            68..80 => self.about_streams(),
            80..90 => self.about_people(),
            _ => self.about_the_rest(),
        };
        (self.who(&command), command)
    }

    /// Whoever owns the thing, most of the time; else anybody who is here, now and then somebody who is not.
    fn who(&mut self, command: &Command) -> ParticipantId {
        let owner = match command {
            Command::StreamEpoch { stream, .. }
            | Command::StreamClose { stream }
            | Command::PartRolling { stream, .. } => self.state.streams.get(stream).map(|stream| stream.participant),
            Command::PartStopped { take, part, .. } | Command::PartInterrupted { take, part, .. } => {
                self.state.take(*take).and_then(|take| take.part(*part)).map(|part| part.participant)
            }
            Command::NoteEdit { note, .. } | Command::NoteRetract { note } => {
                self.state.notes.get(note).and_then(|note| note.made.by)
            }
            Command::BatonGive { .. } => self.state.baton.map(|baton| baton.holder),
            Command::Undo { of } => self.state.undoable.iter().find(|change| change.seq == *of).and_then(|c| c.by),
            // One person's streams are enough to meet the limit now and then.
            Command::StreamOpen { .. } => Some(self.people[0]),
            _ => self.rng.once_in(2).then(|| self.people[0]),
        };
        let here: Vec<_> = self.people.iter().copied().filter(|id| self.is_here(*id)).collect();
        let anybody = self.rng.pick(&here).or_else(|| self.rng.pick(&self.people)).unwrap();
        owner.filter(|_| !self.rng.once_in(8)).unwrap_or(anybody)
    }

    fn text(&mut self) -> String {
        let odd = self.rng.pick(&TEXTS).unwrap().to_owned();
        match self.rng.below(12) {
            0 => odd,
            1 => "x".repeat(self.rng.below(2_500) as usize),
            n => format!("words {n}"),
        }
    }

    fn take_in(&mut self, phase: Phase) -> TakeNumber {
        let fitting: Vec<_> =
            self.state.takes.iter().filter(|take| take.phase == phase).map(|take| take.number).collect();
        let any = TakeNumber(self.rng.below(self.state.takes.len() as u64 + 2) as u32);
        let fit = self.rng.pick(&fitting);
        fit.filter(|_| !self.rng.once_in(10)).unwrap_or(any)
    }

    fn belief(&mut self, take: TakeNumber) -> Option<Belief> {
        let known = self.state.take(take).map(|take| (take.phase, take.verdict));
        let (phase, verdict) = known?;
        match self.rng.below(4) {
            0 => Some(Belief { phase: Some(phase), verdict: Some(verdict), status: None }),
            1 if self.rng.once_in(4) => Some(Belief { phase: Some(Phase::Closed), ..Belief::default() }),
            _ => None,
        }
    }

    fn about_takes(&mut self) -> Command {
        let on = !self.rng.once_in(3);
        let (verdict, slate) = (self.rng.pick(&VERDICTS).unwrap(), self.text());
        let reason = if self.rng.once_in(2) { String::new() } else { self.text() };
        let review = self.take_in(Phase::InReview);
        let belief = self.belief(review);
        match self.rng.below(22) {
            0 => Command::TakeArm { slate },
            1 | 2 => Command::TakeCancel { take: self.take_in(Phase::Armed), belief: None },
            3..6 => Command::TakeRoll { take: None, slate: Some(slate).filter(|_| on), belief: None },
            6 => {
                let take = self.take_in(Phase::Armed);
                Command::TakeRoll { take: Some(take), slate: None, belief: self.belief(take) }
            }
            7..10 => Command::TakeStop { take: None, belief: None },
            10 => Command::TakeSlate { take: review, slate },
            11 | 12 => Command::TakeSubmit { take: self.take_in(Phase::Recorded), belief: None },
            13..16 => Command::TakeVerdict { take: review, verdict, reason, belief },
            16 => Command::TakeVote { take: review, verdict, reason },
            17 => Command::TakeCircle { take: review, on },
            18 => Command::TakeHero { take: review, on },
            19 if on => Command::TakeFalseStart { take: review, on },
            19 => Command::TakeWild { take: review, on: true },
            20 => Command::TakeClose { take: review, belief },
            _ => Command::TakeReopen { take: self.take_in(Phase::Closed), reason, belief: None },
        }
    }

    fn about_parts(&mut self) -> Command {
        let rolling: Vec<_> = self.parts(PartPhase::Rolling);
        let interrupted = self.parts(PartPhase::Interrupted);
        let end = match self.rng.below(8) {
            0 => interrupted,
            _ => rolling,
        };
        let Some((take, part)) = self.rng.pick(&end).filter(|_| !self.rng.once_in(3)) else { return self.begin_part() };
        let to =
            SampleTime(part.from.0 + self.rng.below(480_000) as i64 - if self.rng.once_in(12) { 9_000 } else { 0 });
        let gap = CaptureGap { at: SampleTime(part.from.0 + 10), samples: SampleCount(self.rng.below(100)) };
        let gaps = if self.rng.once_in(4) { vec![gap] } else { Vec::new() };
        let pcm_hash = if self.rng.once_in(20) { "no".into() } else { self.hash() };
        let (part, reason) = (part.id, "power".to_owned());
        match self.rng.below(6) {
            0 => {
                let gaps = if self.rng.once_in(6) { gaps } else { Vec::new() };
                Command::PartInterrupted { take, part, to: None, gaps, pcm_hash: None, reason }
            }
            1 => Command::PartInterrupted { take, part, to: Some(to), gaps, pcm_hash: Some(pcm_hash), reason },
            _ => Command::PartStopped { take, part, to, gaps, pcm_hash },
        }
    }

    fn parts(&self, phase: PartPhase) -> Vec<(TakeNumber, Part)> {
        let takes = self.state.takes.iter().rev().take(6);
        let all = takes.flat_map(|take| take.parts.iter().map(|part| (take.number, part.clone())));
        all.filter(|(_, part)| part.phase == phase).collect()
    }

    fn begin_part(&mut self) -> Command {
        let phase = if self.rng.once_in(5) { Phase::InReview } else { Phase::Rolling };
        let any = self.rng.once_in(10);
        let recorded = |stream: &&protocol::stream::Stream| {
            stream.kind != StreamKind::Talkback && stream.open && (any || !stream.epochs.is_empty())
        };
        let streams: Vec<_> = self.state.streams.values().filter(recorded).map(|stream| stream.id).collect();
        let (take, part) = (self.take_in(phase), PartId(self.old_or_new()));
        let stream = self.rng.pick(&streams).unwrap_or(StreamId(part.0));
        let (from, rate) = (SampleTime(self.rng.below(1_000_000) as i64), SampleRate(48_000));
        let epochs = self.state.streams.get(&stream).map_or(0, |stream| stream.epochs.len() as u64);
        let unknown = u64::from(self.rng.once_in(10));
        let epoch = self.rng.below(epochs + unknown) as u32;
        let before = if self.rng.once_in(12) { -1 } else { self.rng.below(240_000) as i64 };
        let roll = self.rng.once_in(2).then_some(SampleTime(from.0 + before));
        Command::PartRolling { take, part, stream, epoch, from, rate, channels: self.rng.below(20) as u8 + 1, roll }
    }

    fn hash(&mut self) -> String {
        format!("{:064x}", self.rng.below(1_000))
    }

    /// A new id, now and then one that is in use.
    fn old_or_new(&mut self) -> Uuid {
        let parts: Vec<_> = self.state.takes.iter().flat_map(|take| take.parts.iter().map(|part| part.id.0)).collect();
        let notes = self.state.notes.keys().map(|id| id.0);
        let used: Vec<_> = parts.into_iter().chain(notes).collect();
        self.rng.pick(&used).filter(|_| self.rng.once_in(12)).unwrap_or_else(|| self.id())
    }

    fn anchor(&mut self) -> Anchor {
        let at = self.rng.below(2_000_000) as i64 - if self.rng.once_in(12) { 1_500_000 } else { 0 };
        let to = self.rng.once_in(3).then(|| at + self.rng.below(100_000) as i64 - 1_000);
        let streams: Vec<_> = self.state.streams.values().filter(|s| !s.epochs.is_empty()).map(|s| s.id).collect();
        match self.rng.below(3) {
            0 => {
                let take = self.take_in(Phase::InReview);
                let part = self.state.take(take).and_then(|take| take.parts.first()).map(|part| part.id);
                let at = part.is_some().then_some(SampleTime(at / 10));
                Anchor::Take { take, part, at, to: to.filter(|_| at.is_some()).map(|to| SampleTime(to / 10)) }
            }
            1 if !self.state.mixes.is_empty() => {
                let mix = MixNumber(self.rng.below(self.state.mixes.len() as u64) as u32 + 1);
                Anchor::Mix { mix, at: Some(SampleTime(at)), to: to.map(SampleTime) }
            }
            _ => {
                let stream = self.rng.pick(&streams).unwrap_or(StreamId(Uuid::nil()));
                Anchor::Live { stream, epoch: 0, at: Ticks(at), to: to.map(Ticks) }
            }
        }
    }

    fn wording(&mut self) -> Wording {
        let tag = self.rng.once_in(2).then(|| "pitch".to_owned());
        let severity = self.rng.pick(&[Severity::Info, Severity::Minor, Severity::Major]).unwrap();
        Wording { on: self.anchor(), text: self.text(), tag, severity }
    }

    fn note(&mut self) -> NoteId {
        let notes: Vec<_> = self.state.notes.keys().copied().collect();
        let any = NoteId(self.id());
        self.rng.pick(&notes).filter(|_| !self.rng.once_in(20)).unwrap_or(any)
    }

    fn about_notes(&mut self) -> Command {
        let statuses = [NoteStatus::Open, NoteStatus::Done, NoteStatus::WontFix];
        let (status, believed) = (self.rng.pick(&statuses).unwrap(), self.rng.pick(&statuses));
        let belief = self.rng.once_in(4).then(|| Belief { status: believed, ..Belief::default() });
        let none = self.state.notes.is_empty();
        match self.rng.below(12) + if none { 7 } else { 0 } {
            0 => Command::NoteEdit { note: self.note(), wording: self.wording() },
            1 | 2 => Command::NoteStatus { note: self.note(), status, belief },
            3 => Command::NoteAssign { note: self.note(), to: self.rng.pick(&self.people) },
            4 | 5 => Command::NoteReply { note: NoteId(self.old_or_new()), parent: self.note(), text: self.text() },
            6 => Command::NoteRetract { note: self.note() },
            _ => {
                let Wording { on, text, tag, severity } = self.wording();
                let (reaction_ms, concealed) = (self.rng.below(2_100) as u32, self.rng.once_in(5));
                let note = NoteId(self.old_or_new());
                let parent = self.rng.once_in(10).then(|| self.note());
                let new = NewNote { note, on, reaction_ms, uncertainty_ms: 5, concealed, text, tag, severity, parent };
                Command::NoteAdd(new)
            }
        }
    }

    fn about_streams(&mut self) -> Command {
        let streams: Vec<_> = self.state.streams.keys().copied().collect();
        let new = StreamId(self.id());
        let stream = self.rng.pick(&streams).filter(|_| !self.rng.once_in(10)).unwrap_or(new);
        let kind = self.rng.pick(&[StreamKind::Program, StreamKind::Mic, StreamKind::Talkback]).unwrap();
        let label = if self.rng.once_in(12) { "\u{7}".to_owned() } else { "Main".to_owned() };
        let redundancy = self.rng.below(5) as u8;
        let format =
            StreamFormat { channels: 2, frame_us: 5_000, bitrate: 256_000, redundancy, rate: SampleRate(44_100) };
        match self.rng.below(6) {
            0..3 => Command::StreamOpen { stream: if self.rng.once_in(3) { stream } else { new }, kind, label, format },
            3 | 4 => Command::StreamEpoch { stream, map: self.map(stream) },
            _ => Command::StreamClose { stream },
        }
    }

    fn map(&mut self, stream: StreamId) -> EpochMap {
        let known = self.state.streams.get(&stream).map_or(0, |stream| stream.epochs.len());
        EpochMap {
            epoch: known as u32 + u32::from(self.rng.once_in(10)),
            ssrc: Ssrc(0x1234_5678),
            rtp0: RtpTimestamp(u32::MAX - 480_000),
            from: Ticks(known as i64 * 48_000 - if self.rng.once_in(12) { 60_000 } else { 0 }),
            sample0: SampleTime(known as i64 * 44_100),
            rate: SampleRate(44_100),
            codec_delay: Ticks(120),
            resampler_delay: Ticks(17),
            trusted: true,
        }
    }

    fn about_people(&mut self) -> Command {
        let participant = self.rng.pick(&self.people).unwrap();
        let waiting: Vec<_> = self.state.lobby.keys().copied().collect();
        let waits = self.rng.pick(&waiting).filter(|_| !self.rng.once_in(8)).unwrap_or(participant);
        let invites: Vec<_> = self.state.invites.keys().copied().collect();
        let (role, reason) = (self.rng.pick(&Role::ALL).unwrap(), self.text());
        if !waiting.is_empty() && self.rng.once_in(3) {
            let participant = waits;
            let denied = self.rng.once_in(3);
            return if denied { Command::LobbyDeny { participant } } else { Command::LobbyAdmit { participant } };
        }
        match self.rng.below(18) {
            0 => Command::LobbyAdmit { participant: waits },
            1 => {
                let banned: Vec<_> = self.state.banned.iter().copied().collect();
                Command::ParticipantUnban { participant: self.rng.pick(&banned).unwrap_or(participant) }
            }
            2 => Command::LobbyDeny { participant: waits },
            3 => Command::ParticipantGrant { participant, grants: self.grants(role) },
            4 => Command::ParticipantKick { participant, reason },
            5 => Command::ParticipantBan { participant, reason },
            6 => Command::SessionConsent { given: false },
            7 => Command::InviteRevoke { invite: self.rng.pick(&invites).unwrap_or(InviteId(self.id())) },
            8 | 9 => {
                let invite = self.rng.pick(&invites).filter(|_| self.rng.once_in(5)).unwrap_or(InviteId(self.id()));
                Command::InviteMake { invite, role, once: self.rng.once_in(2) }
            }
            10..13 => Command::BatonTake {},
            13 | 14 => Command::BatonGive { to: Some(participant).filter(|_| !self.rng.once_in(3)) },
            15 => Command::BatonReclaim {},
            _ => Command::SessionConsent { given: !self.rng.once_in(4) },
        }
    }

    fn grants(&mut self, role: Role) -> Grants {
        let mut grants = role.grants();
        if self.rng.once_in(3) {
            grants.0.insert(Grant::TakeRollBaton);
        }
        grants
    }

    fn about_the_rest(&mut self) -> Command {
        let decides = self.rng.pick(&[Decides::Producer, Decides::Mentor]).unwrap();
        let policy = Policy { decides, lobby: self.rng.once_in(3), consent: self.rng.once_in(4) };
        let tempo = self.rng.once_in(2).then(|| self.rng.below(300_000) as u32);
        let metre = self.rng.once_in(2).then(|| Metre { beats: self.rng.below(9) as u8, unit: 4 });
        let credits: Vec<_> = self.state.credits.keys().copied().collect();
        let old = self.rng.pick(&credits).unwrap_or(CreditId(Uuid::nil()));
        match self.rng.below(20) {
            0 => Command::SessionPolicy { policy },
            1 => Command::SessionSong { song: Song { tempo_mbpm: tempo, metre, key: Some("F♯ minor".into()) } },
            2 if self.rng.once_in(4) => Command::SessionClose {},
            2..5 => Command::SessionOpen { title: format!("Blue hour {}", self.rng.below(3)) },
            5..8 => Command::MixAdd { file: self.mix() },
            8..11 => {
                let participant = self.rng.pick(&self.people);
                let id = if self.rng.once_in(3) { old } else { CreditId(self.id()) };
                Command::CreditSet { credit: Credit { id, participant, name: "Nina".into(), did: self.text() } }
            }
            11 | 12 => Command::CreditRemove { credit: old },
            13..16 => Command::ChatSay { text: self.text() },
            _ => {
                let changes: Vec<_> = self.state.undoable.iter().map(|change| change.seq).collect();
                Command::Undo { of: self.rng.pick(&changes).unwrap_or(1) }
            }
        }
    }

    fn mix(&mut self) -> MixFile {
        let (length, pcm_hash) = (SampleCount(self.rng.below(3_000_000)), self.hash());
        MixFile { title: self.text(), rate: SampleRate(48_000), channels: 2, length, pcm_hash }
    }
}
