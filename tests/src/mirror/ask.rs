use super::Mirror;
use crate::rng::Rng;
use protocol::command::{Belief, Command};
use protocol::ids::{CreditId, NoteId, ParticipantId, StreamId, TakeNumber};
use protocol::session::mix::{Credit, MixFile};
use protocol::session::note::{Anchor, NewNote, NoteStatus, Severity, Wording};
use protocol::session::people::{Metre, Song};
use protocol::session::take::{Phase, Verdict};
use protocol::stream::{EpochMap, StreamFormat, StreamKind};
use units::{RtpTimestamp, SampleCount, SampleRate, SampleTime, Ssrc, Ticks};
use uuid::Uuid;

const VERDICTS: [Verdict; 4] = [Verdict::None, Verdict::Approved, Verdict::Rejected, Verdict::Redo];

/// Something that somebody might ask who sees what this mirror shows, whether they may or not.
pub fn ask(mirror: &Mirror, rng: &mut Rng) -> Command {
    match below(rng, 4) {
        0 => about_takes(mirror, rng),
        1 | 2 => about_notes(mirror, rng),
        _ => about_the_rest(mirror, rng),
    }
}

fn below(rng: &mut Rng, n: usize) -> usize {
    (rng.uniform() * n as f64) as usize
}

fn pick<T: Copy>(rng: &mut Rng, from: impl IntoIterator<Item = T>) -> Option<T> {
    let all: Vec<T> = from.into_iter().collect();
    let n = below(rng, all.len());
    all.get(n).copied()
}

fn id() -> Uuid {
    Uuid::new_v4()
}

fn words(rng: &mut Rng) -> String {
    let all = ["flat here", "late", "lovely", "👩‍🎤 yes", "ضعيف هنا", "\"quoted\" \\ and\nbroken", "again, please"];
    all[below(rng, all.len())].to_owned()
}

fn about_takes(mirror: &Mirror, rng: &mut Rng) -> Command {
    let takes = mirror.state.takes.iter();
    let take = pick(rng, takes.map(|take| take.number)).unwrap_or(TakeNumber(1));
    let in_review = mirror.state.takes.iter().filter(|take| take.phase == Phase::InReview).map(|take| take.number);
    let reviewed = pick(rng, in_review).unwrap_or(take);
    let phase = mirror.state.take(take).map(|take| take.phase);
    let belief = Some(Belief { phase, ..Belief::default() }).filter(|_| below(rng, 2) == 0);
    let (verdict, reason, on) = (VERDICTS[below(rng, 4)], words(rng), below(rng, 3) > 0);
    match below(rng, 12) {
        0 => Command::TakeArm { slate: "verse".into() },
        1 | 2 => Command::TakeRoll { take: None, slate: None, belief: None },
        3 | 4 => Command::TakeStop { take: None, belief: None },
        5 => Command::TakeSubmit { take, belief },
        6 => Command::TakeVerdict { take: reviewed, verdict, reason, belief: None },
        7 => Command::TakeVote { take: reviewed, verdict, reason },
        8 => Command::TakeCircle { take, on },
        9 => Command::TakeHero { take, on },
        10 => Command::TakeSlate { take, slate: words(rng) },
        _ => Command::TakeClose { take, belief },
    }
}

fn about_notes(mirror: &Mirror, rng: &mut Rng) -> Command {
    let Some(note) = pick(rng, mirror.state.notes.keys().copied()).filter(|_| below(rng, 3) > 0) else {
        return Command::NoteAdd(new_note(mirror, rng));
    };
    let known = mirror.state.notes.get(&note).map(|note| note.status);
    let status = [NoteStatus::Open, NoteStatus::Done, NoteStatus::WontFix][below(rng, 3)];
    match below(rng, 6) {
        0 => Command::NoteReply { note: NoteId(id()), parent: note, text: words(rng) },
        1 => Command::NoteStatus { note, status, belief: Some(Belief { status: known, ..Belief::default() }) },
        2 => Command::NoteStatus { note, status, belief: None },
        3 => Command::NoteAssign { note, to: somebody(mirror, rng) },
        4 => Command::NoteRetract { note },
        _ => Command::NoteEdit { note, wording: wording(mirror, rng) },
    }
}

fn somebody(mirror: &Mirror, rng: &mut Rng) -> Option<ParticipantId> {
    pick(rng, mirror.state.participants.keys().copied())
}

fn wording(mirror: &Mirror, rng: &mut Rng) -> Wording {
    Wording { on: anchor(mirror, rng), text: words(rng), tag: Some("time".into()), severity: Severity::Minor }
}

fn new_note(mirror: &Mirror, rng: &mut Rng) -> NewNote {
    let Wording { on, text, tag, severity } = wording(mirror, rng);
    let (reaction_ms, uncertainty_ms, concealed) = (250, 5, below(rng, 5) == 0);
    NewNote { note: NoteId(id()), on, reaction_ms, uncertainty_ms, concealed, text, tag, severity, parent: None }
}

/// Live sound, where there is any, else a take or a mix version, also where there is none.
fn anchor(mirror: &Mirror, rng: &mut Rng) -> Anchor {
    let mapped = mirror.state.streams.values().filter(|stream| !stream.epochs.is_empty());
    match (below(rng, 3), pick(rng, mapped.map(|stream| stream.id))) {
        (0, Some(stream)) => Anchor::Live { stream, epoch: 0, at: Ticks(below(rng, 1_000_000) as i64), to: None },
        (1, _) => Anchor::Mix { mix: protocol::ids::MixNumber(1), at: Some(SampleTime(7)), to: None },
        _ => Anchor::Take { take: TakeNumber(1), part: None, at: None, to: None },
    }
}

fn about_the_rest(mirror: &Mirror, rng: &mut Rng) -> Command {
    let mine = mirror.state.streams.values().filter(|stream| stream.open && stream.participant == mirror.me);
    let stream = pick(rng, mine.map(|stream| stream.id));
    let undoable = mirror.state.undoable.iter().filter(|change| change.by == Some(mirror.me));
    match (below(rng, 12), stream) {
        (0, _) => Command::BatonTake {},
        (1, _) => Command::BatonGive { to: somebody(mirror, rng) },
        (2, _) => Command::BatonReclaim {},
        (3, _) => Command::SessionSong { song: song(rng) },
        (4, _) => Command::MixAdd { file: mix(rng) },
        (5, _) => Command::CreditSet { credit: credit(mirror) },
        (6, _) => Command::SessionConsent { given: below(rng, 2) == 0 },
        (7, _) => Command::Undo { of: pick(rng, undoable.map(|change| change.seq)).unwrap_or(3) },
        (8, Some(stream)) => Command::StreamClose { stream },
        (9 | 10, Some(stream)) => Command::StreamEpoch { stream, map: epoch(mirror, stream) },
        (8..=10, None) => open(rng),
        _ => Command::ChatSay { text: words(rng) },
    }
}

fn song(rng: &mut Rng) -> Song {
    let tempo_mbpm = Some(60_000 + below(rng, 100) as u32 * 1_000);
    Song { tempo_mbpm, metre: Some(Metre { beats: 3, unit: 4 }), key: Some("F♯ minor".into()) }
}

fn mix(rng: &mut Rng) -> MixFile {
    let (rate, length) = (SampleRate(48_000), SampleCount(48_000 * 60));
    MixFile { title: words(rng), rate, channels: 2, length, pcm_hash: "ab".repeat(32) }
}

fn credit(mirror: &Mirror) -> Credit {
    Credit { id: CreditId(id()), participant: Some(mirror.me), name: "Nina".into(), did: "lead vocal".into() }
}

fn open(rng: &mut Rng) -> Command {
    let kind = [StreamKind::Program, StreamKind::Mic, StreamKind::Talkback][below(rng, 3)];
    let rate = SampleRate(48_000);
    let format = StreamFormat { channels: 2, frame_us: 5_000, bitrate: 256_000, redundancy: 1, rate };
    Command::StreamOpen { stream: StreamId(id()), kind, label: words(rng), format }
}

fn epoch(mirror: &Mirror, stream: StreamId) -> EpochMap {
    let next = mirror.state.streams.get(&stream).map_or(0, |stream| stream.epochs.len() as u32);
    EpochMap {
        epoch: next,
        ssrc: Ssrc(7),
        rtp0: RtpTimestamp(u32::MAX - 480_000),
        from: Ticks(i64::from(next) * 48_000),
        sample0: SampleTime(i64::from(next) * 48_000),
        rate: SampleRate(48_000),
        codec_delay: Ticks(120),
        resampler_delay: Ticks(0),
        trusted: true,
    }
}
