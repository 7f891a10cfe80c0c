//! Music through the real programs and back out of them, judged by [`crate::sound`].

use crate::browser;
use crate::programs::{Program, Relay};
use crate::sound::{Case, Reported, Stereo, Stretched, Verdict, judge, judge_stretched, offline_run};
use crate::studio::{Studio, join};
use anyhow::{Context, Result, ensure};
use client::source::Source;
use client::source::music::Music;
use codec::opus::{EncoderSettings, FrameDuration};
use serde_json::Value;
use sound_files::{SampleFormat, WavReader, WavSpec, WavWriter};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use units::{Bitrate, SampleCount, SampleRate};

/// The bit rate of program in bits per second, unless somebody asks for another.
const BITRATE: Bitrate = Bitrate(256_000);
/// What is not judged after the first sound: until the jitter buffer has its place it slews by up to 300 ppm.
const SETTLING: SampleCount = SampleCount(10 * 48_000);

/// A piece of music as a file, and what the codec alone makes of it.
pub struct Original {
    folder: TempDir,
    music: Stereo,
    offline: Stereo,
}

impl Original {
    /// So many seconds of the built-in band, and the offline run at the program settings for this frame length.
    pub fn new(seconds: u64, frame: FrameDuration) -> Result<Original> {
        let folder = tempfile::tempdir()?;
        let mut samples = vec![0.0; 2 * 48_000 * seconds as usize];
        Music::new(7).read(&mut samples)?;
        write(&folder.path().join("original.wav"), &samples)?;
        let music = Stereo::from_interleaved(&samples);
        let offline = offline_run(&EncoderSettings::program(2, frame, BITRATE), &music)?;
        Ok(Original { folder, music, offline })
    }

    /// How to name it behind `--input`.
    pub fn spec(&self) -> String {
        format!("file:{}", self.path("original.wav").display())
    }

    /// A path in the folder that lives as long as this.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Plays it into a studio whose program a native listener records to a file, and judges the file.
    pub fn through_native(&self, seconds: u64, profile: &str) -> Result<Verdict> {
        let mut room = self.play_to_native(profile, &["--seconds", &seconds.to_string()])?;
        let said = room.finish()?;
        self.judge_file(&room.out, &Told::read(&said)?)
    }

    /// The same until so much was heard of which nothing was made up, each stretch of four seconds or more judged by
    /// itself: how often a machine stands still decides how long that takes, and nothing else.
    pub fn through_native_undisturbed(&self, wanted: SampleCount, profile: &str) -> Result<Vec<Verdict>> {
        let mut room = self.play_to_native(profile, &[])?;
        let mut reports = Vec::new();
        while undisturbed(&reports).iter().map(length).sum::<u64>() < wanted.0 {
            let line = room.listener.wait_for_type("position")?;
            let report = KindReported::read(&line).context("a position says where it is")?;
            ensure!(report.at.source < self.music.len() as f64, "the music ended before so much was heard undisturbed");
            reports.push(report);
        }
        room.listener.terminate();
        room.finish()?;
        let received = read(&room.out)?;
        let stretches = undisturbed(&reports);
        let case = Case::new(&self.music, &received, &self.offline);
        Ok(stretches.iter().map(|reported| judge(&Case { reported, ..case })).collect())
    }

    fn play_to_native(&self, profile: &str, more: &[&str]) -> Result<Room> {
        let relay = Relay::start()?;
        let session = relay.new_session("Sound")?;
        let out = self.path("heard.wav");
        let output = format!("file:{}", out.display());
        let arguments = [&["--output", &output, "--profile", profile], more].concat();
        let mut listener = join(session.link("listener"), &arguments)?;
        listener.wait_for_type("joined")?;
        let input = self.spec();
        let arguments = ["--input", &input, "--stream", "program", "--output", "null", "--profile", profile];
        let publisher = join(session.link("engineer"), &arguments)?;
        Ok(Room { _relay: relay, _publisher: publisher, listener, out })
    }

    /// Plays it into a studio whose program Chromium decodes, and judges what it decoded after its first second.
    pub fn through_chromium(&self, seconds: u64) -> Result<(Stretched, Value)> {
        let studio = Studio::open(&self.spec(), &[])?;
        let length = seconds.to_string();
        let link = studio.session.link("listener");
        let heard = browser::run("listen", link, self.folder.path(), &["--seconds", &length])?;
        let wav = heard["wav"].as_str().context("the browser names its recording")?;
        let received = read(Path::new(wav))?;
        Ok((judge_stretched(&self.music, &received, SampleCount(48_000)), heard))
    }

    fn judge_file(&self, path: &Path, told: &Told) -> Result<Verdict> {
        let received = read(path)?;
        let Told { concealed, redundant, skip, reported } = told;
        let (reference, offline) = (&self.music, &self.offline);
        let (skip, concealed, redundant) = (*skip, *concealed, *redundant);
        Ok(judge(&Case { reference, received: &received, offline, skip, concealed, redundant, reported }))
    }
}

/// A publisher, and a listener who records.
struct Room {
    _relay: Relay,
    _publisher: Program,
    listener: Program,
    out: PathBuf,
}

impl Room {
    /// Waits for the listener's end and returns all that it said.
    fn finish(&mut self) -> Result<Vec<Value>> {
        let (status, said) = self.listener.finish()?;
        ensure!(status.success(), "the listener failed ({status})");
        Ok(said)
    }
}

/// A place of the recording, and whether what follows is neither made up nor from a copy.
#[derive(Clone, Copy)]
struct KindReported {
    at: Reported,
    real: bool,
}

impl KindReported {
    fn read(line: &Value) -> Option<KindReported> {
        Some(KindReported { at: reported(line)?, real: line["kind"] == "real" })
    }
}

/// Reports come ten times a second; where none came for longer, nobody knows what was played.
const LONGEST_UNTOLD: u64 = 9_600;
/// A frame that was not the real one leaves the decoder's memory wrong, which the next frames make good: up to 200 ms
/// differ after it.
const RECOVERY: u64 = 9_600;
/// Shorter stretches are not judged: the judge wants two seconds of whole windows.
const SHORTEST: u64 = 4 * 48_000;

/// The reports of each stretch in which all was real, as far as the player says.
fn undisturbed(reports: &[KindReported]) -> Vec<Vec<Reported>> {
    let goes_on =
        |a: &KindReported, b: &KindReported| a.real && b.real && b.at.received - a.at.received <= LONGEST_UNTOLD;
    let recovered = |stretch: &[KindReported]| -> Vec<Reported> {
        let from = stretch[0].at.received + RECOVERY;
        stretch.iter().map(|report| report.at).filter(|at| at.received >= from).collect()
    };
    let stretches = reports.chunk_by(goes_on).filter(|stretch| stretch[0].real).map(recovered);
    stretches.filter(|stretch| length(stretch) >= SHORTEST).collect()
}

/// From the first report to the last, in samples of the recording.
fn length(stretch: impl AsRef<[Reported]>) -> u64 {
    let stretch = stretch.as_ref();
    stretch.last().zip(stretch.first()).map_or(0, |(last, first)| last.received - first.received)
}

/// What a listening client said about its own recording.
struct Told {
    concealed: SampleCount,
    redundant: SampleCount,
    skip: SampleCount,
    reported: Vec<Reported>,
}

impl Told {
    fn read(said: &[Value]) -> Result<Told> {
        let positions: Vec<&Value> = said.iter().filter(|line| line["type"] == "position").collect();
        let first = positions.iter().find(|line| line["kind"] == "real").context("no position was reported")?;
        let skip = SampleCount(first["out_sample"].as_u64().context("out_sample")?) + SETTLING;
        let settled_ms = first_heard_ms(said)? + 10_000;
        let settled = |line: &&Value| line["type"] == "stats" && line["ms"].as_u64() > Some(settled_ms);
        // The second in which the settling ends counts what was before, too.
        let stats = || said.iter().filter(settled).skip(1);
        let sum = |name: &str| SampleCount(stats().filter_map(|line| line["heard"][0][name].as_u64()).sum());
        let (concealed, redundant) = (sum("concealed"), sum("redundant"));
        let reported = positions.iter().filter_map(|line| reported(line)).collect();
        Ok(Told { concealed, redundant, skip, reported })
    }
}

fn first_heard_ms(said: &[Value]) -> Result<u64> {
    let heard = said.iter().find(|line| line["type"] == "hearing").context("nothing was heard")?;
    heard["ms"].as_u64().context("hearing says when")
}

/// A position line in samples of the original: the source plays it from its first sample on, at 48 kHz.
fn reported(line: &Value) -> Option<Reported> {
    let fraction = line["ticks"].as_f64()?.rem_euclid(1.0);
    let source = line["sample"].as_i64()? as f64 + fraction;
    Some(Reported { received: line["out_sample"].as_u64()?, source })
}

/// Writes interleaved stereo at 48 kHz as 32-bit float.
pub fn write(path: &Path, samples: &[f32]) -> Result<()> {
    let spec = WavSpec { channels: 2, rate: SampleRate::HZ_48000, format: SampleFormat::F32 };
    let mut writer = WavWriter::create(path, spec)?;
    writer.write(samples)?;
    writer.finish()?;
    Ok(())
}

/// Reads a stereo file at 48 kHz.
pub fn read(path: &Path) -> Result<Stereo> {
    let mut reader = WavReader::open(path)?;
    ensure!(reader.spec().channels == 2, "{} is not stereo", path.display());
    let mut samples = vec![0.0; 2 * reader.frames().0 as usize];
    let frames = reader.read(&mut samples)?;
    Ok(Stereo::from_interleaved(&samples[..2 * frames]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reports each tenth of a second, but for some that differ from `(received, real)`.
    fn reports(seconds: u64, change: impl Fn(u64) -> Option<bool>) -> Vec<KindReported> {
        let at = |received: u64| Reported { received, source: received as f64 };
        let told = (0..seconds * 10).filter_map(|n| Some((n * 4_800, change(n)?)));
        told.map(|(received, real)| KindReported { at: at(received), real }).collect()
    }

    fn stretches(reports: &[KindReported]) -> Vec<(u64, u64)> {
        undisturbed(reports).iter().map(|s| (s[0].received / 4_800, s[s.len() - 1].received / 4_800)).collect()
    }

    #[test]
    fn a_stretch_ends_before_what_was_made_up_or_not_told_and_begins_when_the_decoder_has_recovered() {
        assert_eq!(stretches(&reports(10, |_| Some(true))), [(2, 99)]);
        assert_eq!(stretches(&reports(10, |n| Some(n != 45))), [(2, 44), (48, 99)]);
        assert_eq!(stretches(&reports(10, |n| (n != 45).then_some(true))), [(2, 99)], "one may be late");
        assert_eq!(stretches(&reports(10, |n| (n != 45 && n != 46).then_some(true))), [(2, 44), (49, 99)]);
        assert_eq!(stretches(&reports(10, |n| Some(n % 30 != 0))), [], "each is too short");
        assert_eq!(stretches(&[]), []);
    }
}
