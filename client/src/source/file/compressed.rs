use crate::source::{Source, SourceError};
use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use symphonia::core::codecs::audio::AudioDecoder;
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatReader, TrackType, probe::Hint};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::packet::Packet;
use units::{SampleCount, SampleRate};

/// So many packets in a row that cannot be decoded, and what is there is no sound.
const MAX_BAD: usize = 32;
/// A damaged packet becomes silence of its own length, at most this many frames.
const MAX_PACKET_FRAMES: u64 = 1 << 16;

/// Anything that `symphonia` decodes.
pub(super) struct Compressed {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track: u32,
    rate: SampleRate,
    channels: usize,
    length: Option<SampleCount>,
    decoded: Vec<f32>,
    taken: usize,
    frames_out: u64,
    damage: Damage,
}

/// What went wrong on the way, and whether it was told.
#[derive(Default)]
struct Damage {
    bad_packets: usize,
    cut: bool,
    ended: bool,
    told_cut: bool,
    told_bad: bool,
}

impl Compressed {
    /// Finds the format and decodes up to the first samples.
    pub(super) fn open(path: &Path, name: &str) -> Result<Compressed, SourceError> {
        let io = |cause| SourceError::Io { path: name.into(), cause };
        let stream = MediaSourceStream::new(Box::new(File::open(path).map_err(io)?), Default::default());
        let probe = symphonia::default::get_probe();
        let format = probe
            .probe(&Hint::new(), stream, Default::default(), Default::default())
            .map_err(|cause| refusal(cause, name))?;
        let track = format.default_track(TrackType::Audio).ok_or_else(|| SourceError::Empty { path: name.into() })?;
        let (id, length) = (track.id, track.num_frames.map(SampleCount));
        let coding = || SourceError::Coding { path: name.into() };
        let params = track.codec_params.as_ref().and_then(|params| params.audio()).ok_or_else(coding)?;
        let decoder =
            symphonia::default::get_codecs().make_audio_decoder(params, &Default::default()).map_err(|_| coding())?;
        let mut source = Compressed {
            format,
            decoder,
            track: id,
            rate: SampleRate(0),
            channels: 0,
            length,
            decoded: Vec::new(),
            taken: 0,
            frames_out: 0,
            damage: Damage::default(),
        };
        source.begin(name)?;
        Ok(source)
    }

    /// Decodes until rate and channels are known.
    fn begin(&mut self, name: &str) -> Result<(), SourceError> {
        while self.decoded.is_empty() && self.damage.bad_packets < MAX_BAD {
            let Some(packet) = self.next_packet() else { break };
            self.decode(&packet);
        }
        match &self.damage {
            _ if !self.decoded.is_empty() => Ok(()),
            Damage { cut: false, bad_packets: 0, .. } => Err(SourceError::Empty { path: name.into() }),
            _ => Err(SourceError::CutOff { path: name.into() }),
        }
    }

    /// The track's next packet; `None` at the end, whether the file was meant to end there or not.
    fn next_packet(&mut self) -> Option<Packet> {
        while !self.damage.ended {
            match self.format.next_packet() {
                Ok(Some(packet)) if packet.track_id == self.track => return Some(packet),
                Ok(Some(_)) => {}
                Ok(None) => self.damage.ended = true,
                Err(Error::DecodeError(_)) if self.damage.bad_packets < MAX_BAD => self.damage.bad_packets += 1,
                Err(_) => {
                    self.damage.ended = true;
                    self.damage.cut = true;
                }
            }
        }
        None
    }

    /// Replaces what is decoded. A packet that cannot be decoded is silent, so that what follows stays in its place.
    fn decode(&mut self, packet: &Packet) {
        self.decoded.clear();
        self.taken = 0;
        match self.decoder.decode(packet) {
            Ok(sound) => {
                let (rate, channels) = (sound.spec().rate(), sound.spec().channels().count());
                if self.channels == 0 && channels > 0 && rate > 0 {
                    (self.rate, self.channels) = (SampleRate(rate), channels);
                }
                if (self.rate.0, self.channels) == (rate, channels) {
                    sound.copy_to_vec_interleaved(&mut self.decoded);
                } else {
                    self.damage.ended = true;
                    self.damage.cut = true;
                }
            }
            Err(_) => {
                self.damage.bad_packets += 1;
                let frames = packet.dur.get().min(MAX_PACKET_FRAMES) as usize;
                self.decoded.resize(frames * self.channels, 0.0);
            }
        }
    }
}

/// Why the probe found no format.
fn refusal(cause: Error, name: &str) -> SourceError {
    let path = name.into();
    match cause {
        Error::Unsupported(_) => SourceError::NotSound { path },
        Error::IoError(cause) if cause.kind() != ErrorKind::UnexpectedEof => SourceError::Io { path, cause },
        _ => SourceError::CutOff { path },
    }
}

impl Source for Compressed {
    fn rate(&self) -> SampleRate {
        self.rate
    }

    fn channels(&self) -> usize {
        self.channels
    }

    fn read(&mut self, out: &mut [f32]) -> Result<usize, SourceError> {
        let wanted = out.len() / self.channels * self.channels;
        let mut done = 0;
        while done < wanted {
            if self.taken == self.decoded.len() {
                let Some(packet) = self.next_packet() else { break };
                self.decode(&packet);
                continue;
            }
            let n = (wanted - done).min(self.decoded.len() - self.taken);
            out[done..done + n].copy_from_slice(&self.decoded[self.taken..self.taken + n]);
            (done, self.taken) = (done + n, self.taken + n);
        }
        self.frames_out += (done / self.channels) as u64;
        Ok(done / self.channels)
    }

    fn len_hint(&self) -> Option<SampleCount> {
        self.length
    }

    fn poll_warning(&mut self) -> Option<String> {
        let seconds = |frames: u64| frames as f64 / f64::from(self.rate.0);
        if self.damage.bad_packets > 0 && !self.damage.told_bad {
            self.damage.told_bad = true;
            return Some("The file is damaged in places, which are played as silence; copy it again.".into());
        }
        let short = self.length.is_some_and(|length| self.frames_out < length.0);
        if self.damage.ended && self.taken == self.decoded.len() && (self.damage.cut || short) && !self.damage.told_cut
        {
            self.damage.told_cut = true;
            let there = seconds(self.frames_out);
            return Some(match self.length {
                Some(length) => {
                    let declared = seconds(length.0);
                    format!("The file is cut off: {there:.1} of {declared:.1} s are there and used; copy it again.")
                }
                None => format!("The file is cut off: {there:.1} s are there and used; copy it again."),
            });
        }
        None
    }
}
