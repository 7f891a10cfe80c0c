//! The operating system's own devices (ALSA, CoreAudio, WASAPI) through `cpal`, which reports a loss without a count.

use super::DeviceError;
use crate::pipeline::MonoClock;
use crate::pipeline::capture::{CaptureFormat, CaptureWriter, Counting};
use crate::pipeline::playback::{PlaybackFormat, PlaybackReader};
use crate::spec::DeviceSpec;
use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    BufferSize, Device, ErrorKind, FromSample, Sample, SampleFormat, SizedSample, Stream, StreamConfig,
    SupportedBufferSize, SupportedStreamConfig, SupportedStreamConfigRange,
};
use units::{MonoTime, SampleRate};

/// Samples per callback that are asked for where the device allows them: 2.7 ms at 48 kHz.
const PERIOD: u32 = 128;

/// Opens a capture device and starts it.
pub(crate) fn open_capture(
    spec: &DeviceSpec,
    clock: MonoClock,
    connect: impl FnOnce(CaptureFormat) -> Result<CaptureWriter, DeviceError>,
) -> Result<Stream, DeviceError> {
    let (device, name) = find(spec, Direction::Input)?;
    let config = choose(&device, &name, Direction::Input, highest(spec))?;
    let picked = super::pick(&spec.channels, config.channels(), &name)?;
    let rate = SampleRate(config.sample_rate());
    let writer = connect(CaptureFormat { rate, channels: picked.len(), counting: Counting::Estimated })?;
    let capture = Capture { writer, clock, picked, channels: usize::from(config.channels()), position: 0 };
    let stream = match config.sample_format() {
        SampleFormat::F32 => capture.start::<f32>(&device, &config),
        SampleFormat::I16 => capture.start::<i16>(&device, &config),
        SampleFormat::I24 => capture.start::<cpal::I24>(&device, &config),
        SampleFormat::I32 => capture.start::<i32>(&device, &config),
        SampleFormat::U8 => capture.start::<u8>(&device, &config),
        other => Err(unknown_format(other)),
    };
    let stream = stream.map_err(|error| refused(&name, &error))?;
    stream.play().map_err(|error| refused(&name, &error))?;
    Ok(stream)
}

/// Opens a playback device and starts it.
pub(crate) fn open_playback(
    spec: &DeviceSpec,
    clock: MonoClock,
    connect: impl FnOnce(PlaybackFormat) -> Result<PlaybackReader, DeviceError>,
) -> Result<Stream, DeviceError> {
    let (device, name) = find(spec, Direction::Output)?;
    let config = choose(&device, &name, Direction::Output, highest(spec))?;
    let picked = super::pick(&spec.channels, config.channels(), &name)?;
    let reader = connect(PlaybackFormat {
        rate: SampleRate(config.sample_rate()),
        period: PERIOD as usize,
        counting: Counting::Estimated,
    })?;
    let playback = Playback { reader, clock, picked, channels: usize::from(config.channels()), position: 0 };
    let stream = match config.sample_format() {
        SampleFormat::F32 => playback.start::<f32>(&device, &config),
        SampleFormat::I16 => playback.start::<i16>(&device, &config),
        SampleFormat::I24 => playback.start::<cpal::I24>(&device, &config),
        SampleFormat::I32 => playback.start::<i32>(&device, &config),
        SampleFormat::U8 => playback.start::<u8>(&device, &config),
        other => Err(unknown_format(other)),
    };
    let stream = stream.map_err(|error| refused(&name, &error))?;
    stream.play().map_err(|error| refused(&name, &error))?;
    Ok(stream)
}

struct Capture {
    writer: CaptureWriter,
    clock: MonoClock,
    picked: Vec<usize>,
    channels: usize,
    position: u64,
}

impl Capture {
    fn start<T>(mut self, device: &Device, config: &SupportedStreamConfig) -> Result<Stream, cpal::Error>
    where
        T: SizedSample,
        f32: FromSample<T>,
    {
        let notice = self.writer.notice();
        let on_error = move |error: cpal::Error| match error.kind() {
            ErrorKind::Xrun => notice.xrun_rt(),
            kind if is_fatal(kind) => notice.failed_rt(),
            _ => (),
        };
        let on_block = move |data: &[T], info: &cpal::InputCallbackInfo| {
            let stamp = info.timestamp();
            let age = stamp.callback.saturating_duration_since(stamp.capture);
            self.block_rt(data, MonoTime(self.clock.now().0.saturating_sub(age.as_nanos() as u64)));
        };
        device.build_input_stream(stream_config(config), on_block, on_error, None)
    }

    fn block_rt<T: Sample>(&mut self, data: &[T], captured_at: MonoTime)
    where
        f32: FromSample<T>,
    {
        let frames = data.len() / self.channels;
        let (channels, picked) = (self.channels, &self.picked);
        let sample = |frame: usize, channel: usize| f32::from_sample(data[frame * channels + picked[channel]]);
        self.writer.write_rt(self.position, captured_at, frames, sample);
        self.position += frames as u64;
    }
}

struct Playback {
    reader: PlaybackReader,
    clock: MonoClock,
    picked: Vec<usize>,
    channels: usize,
    position: u64,
}

impl Playback {
    fn start<T>(mut self, device: &Device, config: &SupportedStreamConfig) -> Result<Stream, cpal::Error>
    where
        T: SizedSample + FromSample<f32>,
    {
        let notice = self.reader.notice();
        let on_error = move |error: cpal::Error| match error.kind() {
            ErrorKind::Xrun => notice.xrun_rt(),
            kind if is_fatal(kind) => notice.failed_rt(),
            _ => (),
        };
        let on_block = move |data: &mut [T], info: &cpal::OutputCallbackInfo| {
            let stamp = info.timestamp();
            let latency = stamp.playback.saturating_duration_since(stamp.callback);
            self.block_rt(data, latency);
        };
        device.build_output_stream(stream_config(config), on_block, on_error, None)
    }

    fn block_rt<T: Sample + FromSample<f32>>(&mut self, data: &mut [T], latency: std::time::Duration) {
        let (channels, picked) = (self.channels, &self.picked);
        let frames = data.len() / channels;
        data.fill(T::EQUILIBRIUM);
        let position = self.position;
        self.position += frames as u64;
        self.reader.read_rt(position, self.clock.now(), latency, frames, |frame, [left, right]| {
            let out = &mut data[frame * channels..(frame + 1) * channels];
            match picked[..] {
                [only] => out[only] = T::from_sample(0.5 * (left + right)),
                [l, r, ..] => (out[l], out[r]) = (T::from_sample(left), T::from_sample(right)),
                [] => (),
            }
        });
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Direction {
    Input,
    Output,
}

impl Direction {
    fn name(self) -> &'static str {
        if self == Direction::Input { "input" } else { "output" }
    }

    fn serves(self, device: &Device) -> bool {
        if self == Direction::Input { device.supports_input() } else { device.supports_output() }
    }
}

/// The device whose name contains the wanted one, exactly or in part, or the system's default.
fn find(spec: &DeviceSpec, direction: Direction) -> Result<(Device, String), DeviceError> {
    let _quiet = super::quiet::alsa_is_quiet();
    let host = cpal::default_host();
    let Some(wanted) = &spec.name else {
        let default = match direction {
            Direction::Input => host.default_input_device(),
            Direction::Output => host.default_output_device(),
        };
        let usable = default.filter(|device| any_config(device, direction));
        return usable.map(|d| (d, "default".to_owned())).ok_or(DeviceError::NoDefault(direction.name()));
    };
    let devices = host.devices().map_err(|error| DeviceError::NoHost(error.to_string()))?;
    let named: Vec<(Device, String)> =
        devices.filter(|d| direction.serves(d)).map(|d| (names(&d), d)).map(|(n, d)| (d, n)).collect();
    let exact = named.iter().find(|(_, name)| name.split('\n').any(|part| part == wanted));
    let found = exact.or_else(|| named.iter().find(|(_, name)| name.contains(wanted.as_str())));
    found.map(|(device, _)| (device.clone(), wanted.clone())).ok_or_else(|| DeviceError::Missing {
        direction: direction.name(),
        wanted: wanted.clone(),
        available: available(&named),
    })
}

/// All that a device may be called: its name for people and its id, one a line.
fn names(device: &Device) -> String {
    let id = device.id().map(|id| id.id().to_owned()).unwrap_or_default();
    format!("{device}\n{id}")
}

fn available(named: &[(Device, String)]) -> String {
    let names: Vec<&str> = named.iter().filter_map(|(_, name)| name.split('\n').next()).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

fn any_config(device: &Device, direction: Direction) -> bool {
    configs(device, direction).is_ok_and(|configs| !configs.is_empty())
}

fn configs(device: &Device, direction: Direction) -> Result<Vec<SupportedStreamConfigRange>, cpal::Error> {
    Ok(match direction {
        Direction::Input => device.supported_input_configs()?.collect(),
        Direction::Output => device.supported_output_configs()?.collect(),
    })
}

/// The highest channel that must be there, counted from 1; two where nothing was picked.
fn highest(spec: &DeviceSpec) -> u16 {
    spec.channels.iter().copied().max().unwrap_or(2)
}

/// What fits best, else what the device likes best.
fn choose(
    device: &Device,
    name: &str,
    direction: Direction,
    channels: u16,
) -> Result<SupportedStreamConfig, DeviceError> {
    let ranges = configs(device, direction).map_err(|error| refused(name, &error))?;
    if let Some(best) = best_of(&ranges, channels) {
        return Ok(best);
    }
    let default = match direction {
        Direction::Input => device.default_input_config(),
        Direction::Output => device.default_output_config(),
    };
    default.map_err(|error| refused(name, &error))
}

/// 48 kHz if there is such a thing, in the finest samples, with just enough channels.
fn best_of(ranges: &[SupportedStreamConfigRange], channels: u16) -> Option<SupportedStreamConfig> {
    let fits = ranges.iter().filter(|range| range.channels() >= channels);
    let ranked = fits.filter_map(|range| Some((coarseness(range.sample_format())?, range)));
    let (_, best) =
        ranked.min_by_key(|(coarseness, range)| (!range.contains_rate(48_000), *coarseness, range.channels()))?;
    Some(best.try_with_sample_rate(48_000).unwrap_or_else(|| best.with_max_sample_rate()))
}

/// The finest format first; none for what is not read here. All sound is `f32` inside, so 32 whole bits come down to 24:
/// as much as converters give, and no less than a format of 24 bits.
fn coarseness(format: SampleFormat) -> Option<usize> {
    use SampleFormat::{F32, I16, I24, I32, U8};
    [F32, I32, I24, I16, U8].iter().position(|known| *known == format)
}

fn stream_config(config: &SupportedStreamConfig) -> StreamConfig {
    let buffer_size = match config.buffer_size() {
        SupportedBufferSize::Range { min, max } if min <= max => BufferSize::Fixed(PERIOD.clamp(*min, *max)),
        _ => BufferSize::Default,
    };
    StreamConfig { buffer_size, ..config.config() }
}

fn is_fatal(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::DeviceNotAvailable | ErrorKind::HostUnavailable | ErrorKind::StreamInvalidated)
}

fn unknown_format(format: SampleFormat) -> cpal::Error {
    cpal::Error::with_message(ErrorKind::UnsupportedConfig, format!("its samples are {format}, which is not read here"))
}

fn refused(name: &str, error: &cpal::Error) -> DeviceError {
    DeviceError::Refused { device: name.into(), cause: error.to_string().trim_end_matches('.').into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::capture::{MAX_BLOCK, capture_ring};
    use crate::pipeline::playback::playback_ring;
    use assert_no_alloc::assert_no_alloc;
    use std::fmt::Debug;
    use std::time::Duration;

    const RATE: SampleRate = SampleRate::HZ_48000;
    const FRAMES: usize = PERIOD as usize;

    /// What the encode thread gets of a device with four channels of which the third and the first are picked, twice.
    fn captured<T: Sample>(frame: [T; 4]) -> Vec<f32>
    where
        f32: FromSample<T>,
    {
        let format = CaptureFormat { rate: RATE, channels: 2, counting: Counting::Estimated };
        let (writer, mut reader) = capture_ring(format, std::thread::current());
        let mut capture = Capture { writer, clock: MonoClock::start(), picked: vec![2, 0], channels: 4, position: 0 };
        let data = frame.repeat(FRAMES);
        assert_no_alloc(|| (0..2).for_each(|_| capture.block_rt(&data, MonoTime(5))));
        let mut into = vec![0.0; 2 * MAX_BLOCK];
        reader.next(&mut into).unwrap();
        let (block, samples) = reader.next(&mut into).unwrap();
        assert_eq!((block.position, block.frames, block.captured_at), (FRAMES as u64, PERIOD, MonoTime(5)));
        samples.to_vec()
    }

    #[test]
    fn a_captured_block_is_picked_and_read_in_every_format_without_allocating() {
        let expected = [-0.5, 0.5].repeat(FRAMES);
        assert_eq!(captured([0.5f32, 0.1, -0.5, 0.1]), expected);
        assert_eq!(captured([1i16 << 14, 9, -1 << 14, 9]), expected);
        assert_eq!(captured([1i32 << 30, 9, -1 << 30, 9]), expected);
        assert_eq!(captured([1 << 22, 9, -1 << 22, 9].map(|value| cpal::I24::new(value).unwrap())), expected);
        assert_eq!(captured([192u8, 9, 64, 9]), expected);
    }

    fn range(format: SampleFormat, channels: u16, (least, most): (u32, u32)) -> SupportedStreamConfigRange {
        SupportedStreamConfigRange::new(channels, least, most, SupportedBufferSize::Unknown, format)
    }

    const USUAL: (u32, u32) = (44_100, 192_000);

    /// Format, channels and rate that are chosen where two channels are wanted.
    fn chosen(ranges: &[SupportedStreamConfigRange]) -> Option<(SampleFormat, u16, u32)> {
        best_of(ranges, 2).map(|best| (best.sample_format(), best.channels(), best.sample_rate()))
    }

    #[test]
    fn the_finest_samples_are_chosen_in_whatever_order_the_device_lists_them() {
        use SampleFormat::{F32, I16, I24, I32, U8};
        let finest_first = [F32, I32, I24, I16, U8];
        for from in 0..finest_first.len() {
            let mut ranges: Vec<_> = finest_first[from..].iter().map(|format| range(*format, 2, USUAL)).collect();
            assert_eq!(chosen(&ranges), Some((finest_first[from], 2, 48_000)));
            ranges.reverse();
            assert_eq!(chosen(&ranges), Some((finest_first[from], 2, 48_000)));
        }
    }

    #[test]
    fn the_rate_counts_more_than_the_samples_and_they_count_more_than_channels_to_spare() {
        let (slow, coarse) = (range(SampleFormat::I32, 2, (44_100, 44_100)), range(SampleFormat::I16, 2, USUAL));
        assert_eq!(chosen(&[slow, coarse]), Some((SampleFormat::I16, 2, 48_000)));
        assert_eq!(chosen(&[slow]), Some((SampleFormat::I32, 2, 44_100)));
        let wide = range(SampleFormat::I32, 8, USUAL);
        assert_eq!(chosen(&[coarse, wide]), Some((SampleFormat::I32, 8, 48_000)));
        assert_eq!(chosen(&[wide, range(SampleFormat::I32, 4, USUAL)]), Some((SampleFormat::I32, 4, 48_000)));
    }

    #[test]
    fn nothing_is_chosen_that_is_not_read_here_or_has_too_few_channels() {
        assert_eq!(chosen(&[range(SampleFormat::F64, 2, USUAL), range(SampleFormat::F32, 1, USUAL)]), None);
    }

    #[test]
    fn whole_samples_of_24_bits_in_32_and_of_24_lose_nothing() {
        for value in [-(1 << 23), -8_388_607, -1, 0, 1, 5_592_405, (1 << 23) - 1] {
            let exact = value as f32 / (1 << 23) as f32;
            assert_eq!(f32::from_sample(value << 8), exact, "{value}");
            assert_eq!(f32::from_sample(cpal::I24::new(value).unwrap()), exact, "{value}");
        }
    }

    /// What a device with four channels gets of a left side at a half and a right one at minus a quarter.
    fn played<T: Sample + FromSample<f32> + Debug>(picked: Vec<usize>) -> Vec<T> {
        let format = PlaybackFormat { rate: RATE, period: FRAMES, counting: Counting::Estimated };
        let (mut writer, reader) = playback_ring(format, std::thread::current());
        writer.samples.push_entire_slice(&[0.5, -0.25].repeat(FRAMES)).unwrap();
        let mut playback = Playback { reader, clock: MonoClock::start(), picked, channels: 4, position: 0 };
        let (mut there, mut missing) = (vec![T::EQUILIBRIUM; 4 * FRAMES], vec![T::from_sample(1.0); 4 * FRAMES]);
        assert_no_alloc(|| {
            playback.block_rt(&mut there, Duration::ZERO);
            playback.block_rt(&mut missing, Duration::ZERO);
        });
        assert_eq!(missing, vec![T::EQUILIBRIUM; 4 * FRAMES], "what is not there is silent");
        let taken: Vec<_> = std::iter::from_fn(|| writer.taken.pop().ok()).map(|t| (t.position, t.missing)).collect();
        assert_eq!(taken, [(0, 0), (FRAMES as u64, PERIOD)]);
        there
    }

    #[test]
    fn a_played_block_lies_on_the_picked_channels_in_every_format_without_allocating() {
        assert_eq!(played::<f32>(vec![2, 0]), [-0.25, 0.0, 0.5, 0.0].repeat(FRAMES));
        assert_eq!(played::<f32>(vec![3]), [0.0, 0.0, 0.0, 0.125].repeat(FRAMES), "one channel hears both sides");
        assert_eq!(played::<i16>(vec![0, 1]), [1 << 14, -1 << 13, 0, 0].repeat(FRAMES));
        assert_eq!(played::<i32>(vec![0, 1]), [1 << 30, -1 << 29, 0, 0].repeat(FRAMES));
        let value = |value| cpal::I24::new(value).unwrap();
        assert_eq!(played::<cpal::I24>(vec![0, 1]), [1 << 22, -1 << 21, 0, 0].map(value).repeat(FRAMES));
        assert_eq!(played::<u8>(vec![0, 1]), [192, 96, 128, 128].repeat(FRAMES));
    }
}
