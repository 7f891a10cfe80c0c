use super::Failure;
use crate::control::{self, InputPlan, JoinConfig};
use crate::recorder;
use crate::report::{Mode, Reporter};
use crate::spec::{FileSpec, InputSpec, OutputSpec};
use clap::Args;
use codec::jitter::Profile;
use codec::opus::FrameDuration;
use protocol::link::InviteLink;
use protocol::session::limits::MAX_REACTION_MS;
use protocol::stream::StreamKind;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;
use units::{Bitrate, RtpTimestamp};

/// Joining a session.
#[derive(Debug, Args)]
#[command(after_long_help = JSON_HELP)]
pub struct JoinArgs {
    /// Invitation link, in quotes: the shell would take # for a comment
    link: InviteLink,
    /// What people call you
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Sound to publish: device[:NAME], jack[:NAME] or file:PATH, each with @3,4 for some channels, or music, tone,
    /// null; repeat for more streams
    #[arg(long, value_name = "SPEC")]
    input: Vec<InputSpec>,
    /// Let every file: input begin anew at its end
    #[arg(long = "loop")]
    looped: bool,
    /// What the input before it carries: program, mic or talkback [default: by the invitation's role]
    #[arg(long, value_name = "KIND", value_parser = parse_kind)]
    stream: Vec<StreamKind>,
    /// Where to play what is heard: device[:NAME][@3,4], jack[:NAME][@3,4], file:PATH (a WAV) or null
    /// [default: device if there is one]
    #[arg(long, value_name = "SPEC")]
    output: Option<OutputSpec>,
    /// Delay against safety: lowest, low, default or safe
    #[arg(long, value_name = "PROFILE", default_value = "default")]
    profile: Profile,
    /// Bits per second of a published program, 6000 to 510000 [default: 256000]
    #[arg(long, value_name = "BITS", value_parser = clap::value_parser!(u32).range(6_000..=510_000))]
    bitrate: Option<u32>,
    /// Folder for the takes of what is published [default: farfield/recordings in the user's data folder]
    #[arg(long, value_name = "FOLDER")]
    recordings: Option<PathBuf>,
    /// Leave after so many seconds
    #[arg(long, value_name = "N")]
    seconds: Option<f64>,
    /// Folder for what must survive a crash: the way back, and what the relay has not answered
    /// [default: the system's folder for such things]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// How long before a note its author means what was heard, in ms, 0 to 2000
    /// [default: as chosen last in the live view, 250 at first]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_REACTION_MS)))]
    reaction: Option<u32>,
    /// RTP timestamp at which published sound begins: rehearses the wrap of the counter
    #[arg(long, value_name = "TICKS", hide = true)]
    rtp0: Option<u32>,
    /// Frame of a published program in microseconds: 2500, 5000, 10000 or 20000
    #[arg(long, value_name = "US", hide = true, value_parser = parse_frame)]
    frame_us: Option<FrameDuration>,
    /// One JSON object a line on stdout, described in the long help (--help)
    #[arg(long)]
    json: bool,
}

const JSON_HELP: &str = "\
With --json every line on stdout is one object; `type` names the kind, times are ms since the program's start:\n  \
joined    session, participant, role, title, ms\n  \
lobby     title, why, ms: somebody inside has to let you in; joined follows when they do. why: policy (everybody new\n            \
waits) or link (whoever comes by this link does; ask for one of your own)\n  \
peer      participant, name, role, present, media, talking, hears[]: somebody came, left or changed\n  \
stream    stream, kind, label, participant, name, own, open, format: a stream began or ended\n  \
hearing   stream, ms: first sound of a stream that is not made up\n  \
stats     each second; ms, round_trip_ms (to the relay, absent while unknown), dimmed, published[], heard[], output.\n            \
published[]: stream, kind, ticks (its newest), sent, dropped (packets since the start), lost_samples (by the\n            \
device, since the start), redundancy, muted, levels\n            \
heard[]: stream, kind, name, delay_ms {total, doubt, network, buffer, output}: total is an upper bound of\n            \
capture to ear, of which doubt may be too much; absent while unknown; buffer_ms, target_ms, real, redundant,\n            \
concealed (samples since the last line), received, lost, late (packets since then), resyncs (since the start),\n            \
drift_ppm, source_levels, position {ticks, epoch, sample} (absent while unknown)\n            \
output: rendered, skipped (samples), clipped, underruns (all since the start), ahead_ms (buffer to device),\n            \
device_ms (device to outlet), device_lost (it is gone and tried again), levels\n            \
levels and source_levels are {peak_dbfs[], rms_dbfs[]}, a number for each channel\n  \
position  with --output file:, ten times a second and at each change of kind: what the file's sample out_sample\n            \
carries: stream, ticks, epoch, sample, kind (real, redundant or concealed)\n  \
heard     id, anchor {stream, epoch, at, uncertainty_ms, concealed} or why: answers {\"cmd\":\"heard\",\"id\":1} on\n            \
stdin: what was in the ear when the line was read, or at at_us of the system's monotonic clock\n  \
event     event {seq, id, by, at, type, data}: something happened in the session and is saved\n  \
warning   message: one sentence that says what to do\n  \
left      reason, ms: always the last line of an orderly end\n\n\
Each line on stdin is a command, answered by one line {\"ok\":true,\"id\",\"seq\"} or {\"ok\":false,\"id\",\"code\",\"msg\"};\n\
with an \"id\" of yours it can be repeated and is done once: the newest 256 are answered as before, an older one so or\n\
with the code conflict, which says that the relay has done it, or something else under that id:\n  \
{\"cmd\":\"take.arm\",\"slate\":\"verse\"}  {\"cmd\":\"take.roll\"}  {\"cmd\":\"take.stop\"}  {\"cmd\":\"take.cancel\"}\n  \
{\"cmd\":\"take.verdict\",\"take\":1,\"verdict\":\"approved\",\"reason\":\"…\"} (or rejected, redo; the newest take if none named)\n  \
{\"cmd\":\"take.circle\",\"take\":1}  take.hero  take.slate  take.vote  take.close  take.reopen\n  \
{\"cmd\":\"note.add\",\"text\":\"…\"} on what is heard now, less \"reaction_ms\" (else --reaction),\n    \
or \"take\":1,\"at\":SECONDS since its roll (below 0 in the pre-roll; from its first sample where no recorder told\n    \
the roll); note.reply  note.status  note.assign\n  \
{\"cmd\":\"baton.take\"}  baton.give  baton.reclaim  chat.say  undo, and every other command of the protocol\n\
What waits for the relay, up to 500 commands, is kept over a lost link and the program's end.\n\
What moves the machine or people (take.arm, roll, stop, cancel, the baton, the lobby, session.open, close, policy,\n\
participant.grant, kick, ban) is refused where there is no link, and given up 15 s after it was asked.";

impl JoinArgs {
    /// Where the session will be told.
    pub(super) fn mode(&self) -> Mode {
        match (self.json, std::io::stdout().is_terminal()) {
            (true, _) => Mode::Json,
            (false, true) => Mode::View,
            (false, false) => Mode::Log,
        }
    }
}

pub(super) async fn join(args: JoinArgs) -> Result<(), Failure> {
    let mode = args.mode();
    let seconds = args.seconds.map(check_seconds).transpose()?;
    let inputs = pair(args.input.into_iter().map(|spec| spec_of(spec, args.looped)).collect(), args.stream)?;
    let config = JoinConfig {
        link: args.link,
        name: args.name.unwrap_or_else(usual_name),
        inputs,
        output: args.output,
        profile: args.profile,
        bitrate: args.bitrate.map(Bitrate),
        recordings: args.recordings.unwrap_or_else(recorder::default_folder),
        seconds,
        state: args.state.or_else(control::usual_state_folder),
        reaction_ms: args.reaction,
        frame: args.frame_us,
        rtp0: args.rtp0.map(RtpTimestamp),
    };
    Ok(control::join(config, Reporter::start(mode)).await?)
}

fn check_seconds(seconds: f64) -> Result<Duration, Failure> {
    Duration::try_from_secs_f64(seconds).map_err(|_| Failure::Usage("--seconds is a number from 0 on".to_owned()))
}

/// The input as `--loop` wants it.
fn spec_of(spec: InputSpec, looped: bool) -> InputSpec {
    match spec {
        InputSpec::File(file) => InputSpec::File(FileSpec { looped, ..file }),
        other => other,
    }
}

/// The nth `--stream` says what the nth `--input` carries.
fn pair(inputs: Vec<InputSpec>, kinds: Vec<StreamKind>) -> Result<Vec<InputPlan>, Failure> {
    if kinds.len() > inputs.len().max(1) {
        return Err(Failure::Usage("there are more --stream than --input; write them in pairs".to_owned()));
    }
    let mut kinds = kinds.into_iter();
    let mut plans: Vec<InputPlan> =
        inputs.into_iter().map(|spec| InputPlan { spec: Some(spec), kind: kinds.next() }).collect();
    plans.extend(kinds.map(|kind| InputPlan { spec: None, kind: Some(kind) }));
    Ok(plans)
}

fn usual_name() -> String {
    let login = ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok());
    login.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "somebody".to_owned())
}

fn parse_frame(text: &str) -> Result<FrameDuration, String> {
    let micros = text.parse().ok().and_then(FrameDuration::from_micros);
    micros.ok_or_else(|| "a frame is 2500, 5000, 10000 or 20000 microseconds long".to_owned())
}

fn parse_kind(text: &str) -> Result<StreamKind, String> {
    match text {
        "program" => Ok(StreamKind::Program),
        "mic" => Ok(StreamKind::Mic),
        "talkback" => Ok(StreamKind::Talkback),
        _ => Err("a stream is program, mic or talkback".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{DelayStats, HeardStats, LevelStats, Line, OutputLine, PositionStats, PublishedStats, Stats};
    use protocol::ids::StreamId;
    use serde_json::Value;

    /// With every field there.
    fn full_stats() -> Stats {
        let levels = LevelStats { peak_dbfs: vec![-6.0], rms_dbfs: vec![-20.0] };
        let (stream, kind) = (StreamId(uuid::Uuid::nil()), StreamKind::Program);
        let published = PublishedStats {
            stream,
            kind,
            ticks: 0,
            sent: 0,
            dropped: 0,
            lost_samples: 0,
            redundancy: 0,
            muted: false,
            levels: levels.clone(),
        };
        let heard = HeardStats {
            stream,
            kind,
            name: "Ada".into(),
            delay_ms: Some(DelayStats { total: 0.0, doubt: 0.0, network: 0.0, buffer: 0.0, output: 0.0 }),
            buffer_ms: 0.0,
            target_ms: 0.0,
            real: 0,
            redundant: 0,
            concealed: 0,
            received: 0,
            lost: 0,
            late: 0,
            resyncs: 0,
            drift_ppm: 0.0,
            source_levels: levels.clone(),
            position: Some(PositionStats { ticks: 0.0, epoch: 0, sample: 0 }),
        };
        let output = OutputLine {
            rendered: 0,
            clipped: 0,
            underruns: 0,
            skipped: 0,
            device_ms: 0.0,
            ahead_ms: 0.0,
            device_lost: false,
            levels,
        };
        Stats {
            ms: 0,
            round_trip_ms: Some(0.0),
            published: vec![published],
            heard: vec![heard],
            output: Some(output),
            dimmed: false,
        }
    }

    /// Names of the fields of a value, and of those in it as deep as is said.
    fn names(value: &Value, depth: usize) -> Vec<String> {
        let inner = |value| if depth > 0 { names(value, depth - 1) } else { Vec::new() };
        match value {
            Value::Object(fields) => {
                fields.iter().flat_map(|(name, value)| std::iter::once(name.clone()).chain(inner(value))).collect()
            }
            Value::Array(values) => values.iter().flat_map(|value| names(value, depth)).collect(),
            _ => Vec::new(),
        }
    }

    /// The help from one mark to the next.
    fn part(from: &str, to: &str) -> &'static str {
        JSON_HELP.split_once(from).unwrap().1.split_once(to).unwrap().0
    }

    fn tells(help: &str, name: &str) -> bool {
        help.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name)
    }

    #[test]
    fn the_help_names_every_field_of_the_stats_where_it_is_found() {
        let mut stats = serde_json::to_value(Line::Stats(Box::new(full_stats()))).unwrap();
        stats.as_object_mut().unwrap().remove("type");
        let levels = part("levels and source_levels are", "\n");
        let parts = [
            (names(&stats, 0), part("stats  ", "published[]: ")),
            (names(&stats["published"], 2), part("published[]: ", "heard[]: ")),
            (names(&stats["heard"], 2), part("heard[]: ", "output: ")),
            (names(&stats["output"], 2), part("output: ", "levels and source_levels")),
        ];
        for (names, help) in parts {
            let untold: Vec<_> = names.iter().filter(|name| !tells(help, name) && !tells(levels, name)).collect();
            assert!(!names.is_empty() && untold.is_empty(), "{untold:?} in {help:?}");
        }
        assert!(!tells(part("heard[]: ", "output: "), "levels"), "what is heard has source_levels");
    }

    #[test]
    fn the_nth_stream_goes_with_the_nth_input() {
        let plans = pair(vec![InputSpec::Music, InputSpec::Tone], vec![StreamKind::Mic]).unwrap();
        assert_eq!(plans[0], InputPlan { spec: Some(InputSpec::Music), kind: Some(StreamKind::Mic) });
        assert_eq!(plans[1], InputPlan { spec: Some(InputSpec::Tone), kind: None });
        assert!(pair(vec![InputSpec::Music], vec![StreamKind::Mic, StreamKind::Mic]).is_err());
    }

    #[test]
    fn files_alone_are_looped() {
        let file = |looped| InputSpec::File(FileSpec { path: "mix.wav".into(), looped, ..FileSpec::default() });
        assert_eq!((spec_of(file(false), true), spec_of(file(false), false)), (file(true), file(false)));
        assert_eq!(spec_of(InputSpec::Music, true), InputSpec::Music);
    }

    #[test]
    fn a_stream_alone_takes_the_usual_input() {
        let plans = pair(vec![], vec![StreamKind::Talkback]).unwrap();
        assert_eq!(plans, [InputPlan { spec: None, kind: Some(StreamKind::Talkback) }]);
    }
}
