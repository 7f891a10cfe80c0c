//! What people write after `--input` and `--output`: where sound comes from and where it goes.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// Where the sound of a published stream comes from: `device[:NAME][@3,4] | jack[:NAME][@3,4] | file:PATH[@3,4] |
/// music | tone | null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputSpec {
    /// A capture device.
    Device(DeviceSpec),
    /// JACK ports.
    Jack(JackSpec),
    /// A sound file, paced by a clock like a device.
    File(FileSpec),
    /// Multitrack music that the program makes itself.
    Music,
    /// A steady tone, 1 kHz left and 1.5 kHz right at −18 dBFS.
    Tone,
    /// Silence.
    Null,
}

/// Where the sound of others goes: `device[:NAME][@3,4] | jack[:NAME][@3,4] | file:PATH | null`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputSpec {
    /// A playback device.
    Device(DeviceSpec),
    /// JACK ports.
    Jack(JackSpec),
    /// A stereo WAV file of exactly what left the playout.
    File(PathBuf),
    /// Nowhere, but paced like a device.
    Null,
}

/// A device of the system's own audio interface.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceSpec {
    /// A part of its name; the default device when none.
    pub name: Option<String>,
    /// Its channels, counted from 1; all of them (at most two) when empty.
    pub channels: Vec<u16>,
}

/// A JACK client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JackSpec {
    /// Ports of this JACK client are connected at the start; the physical ones when none, nothing for `-`.
    pub name: Option<String>,
    /// Channels, counted from 1; the first two when empty.
    pub channels: Vec<u16>,
}

/// A sound file to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileSpec {
    /// Where it lies.
    pub path: PathBuf,
    /// Its channels, counted from 1; the first two when empty.
    pub channels: Vec<u16>,
    /// Whether it begins anew at its end.
    pub looped: bool,
}

/// Why a text names no place for sound.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// The part before the colon is unknown.
    #[error(
        "{0:?} names no sound: write device, device:NAME, device:NAME@3,4, jack, jack:NAME@3,4, file:PATH or \
         null (and, for an input, file:PATH@3,4, music or tone)"
    )]
    Unknown(String),
    /// `file:` without a path.
    #[error("file: needs a path, as in file:mix.wav")]
    NoPath,
    /// What stands after `@` is not a list of channels.
    #[error("{0:?} is no list of one or two channels; count from 1, as in device:NAME@3,4")]
    Channels(String),
}

impl FromStr for InputSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<InputSpec, SpecError> {
        Ok(match text {
            "music" => InputSpec::Music,
            "tone" => InputSpec::Tone,
            _ if text.starts_with("file:") => InputSpec::File(text["file:".len()..].parse()?),
            _ => match text.parse()? {
                OutputSpec::Device(device) => InputSpec::Device(device),
                OutputSpec::Jack(jack) => InputSpec::Jack(jack),
                OutputSpec::File(path) => InputSpec::File(FileSpec { path, ..FileSpec::default() }),
                OutputSpec::Null => InputSpec::Null,
            },
        })
    }
}

impl FromStr for FileSpec {
    type Err = SpecError;

    /// Reads `PATH` or `PATH@3,4`. An `@` belongs to the path unless nothing but numbers and commas follow it; a path
    /// that ends like that itself is given with a pick behind it, as in `take@2@1,2`. Not looped.
    fn from_str(text: &str) -> Result<FileSpec, SpecError> {
        let picks = |list: &str| list.bytes().all(|byte| byte.is_ascii_digit() || byte == b',');
        let (path, channels) = match text.rsplit_once('@') {
            Some((_, list)) if picks(list) => split_channels(text)?,
            _ => (text, Vec::new()),
        };
        if path.is_empty() {
            return Err(SpecError::NoPath);
        }
        Ok(FileSpec { path: path.into(), channels, looped: false })
    }
}

impl FromStr for OutputSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<OutputSpec, SpecError> {
        if text == "null" {
            return Ok(OutputSpec::Null);
        }
        if let Some(path) = text.strip_prefix("file:") {
            return if path.is_empty() { Err(SpecError::NoPath) } else { Ok(OutputSpec::File(path.into())) };
        }
        let unknown = || SpecError::Unknown(text.to_owned());
        let (rest, channels) = split_channels(text)?;
        let (kind, name) = match rest.split_once(':') {
            Some((kind, name)) => (kind, Some(name.to_owned()).filter(|name| !name.is_empty())),
            None => (rest, None),
        };
        match kind {
            "device" => Ok(OutputSpec::Device(DeviceSpec { name, channels })),
            "jack" => Ok(OutputSpec::Jack(JackSpec { name, channels })),
            _ => Err(unknown()),
        }
    }
}

/// Takes `@3,4` off the end; an `@` that is part of a name stays when no number follows it.
fn split_channels(text: &str) -> Result<(&str, Vec<u16>), SpecError> {
    let Some((rest, list)) = text.rsplit_once('@') else { return Ok((text, Vec::new())) };
    if !list.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok((text, Vec::new()));
    }
    let channel = |part: &str| part.parse::<u16>().ok().filter(|&n| n > 0);
    let channels: Option<Vec<u16>> = list.split(',').map(channel).collect();
    match channels {
        Some(channels) if channels.len() <= 2 => Ok((rest, channels)),
        _ => Err(SpecError::Channels(list.to_owned())),
    }
}

impl fmt::Display for InputSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InputSpec::Device(device) => write_named(f, "device", &device.name, &device.channels),
            InputSpec::Jack(jack) => write_named(f, "jack", &jack.name, &jack.channels),
            InputSpec::File(file) => write_named(f, "file", &Some(file.path.display().to_string()), &file.channels),
            InputSpec::Music => f.write_str("music"),
            InputSpec::Tone => f.write_str("tone"),
            InputSpec::Null => f.write_str("null"),
        }
    }
}

impl fmt::Display for OutputSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OutputSpec::Device(device) => write_named(f, "device", &device.name, &device.channels),
            OutputSpec::Jack(jack) => write_named(f, "jack", &jack.name, &jack.channels),
            OutputSpec::File(path) => write!(f, "file:{}", path.display()),
            OutputSpec::Null => f.write_str("null"),
        }
    }
}

fn write_named(f: &mut fmt::Formatter<'_>, kind: &str, name: &Option<String>, channels: &[u16]) -> fmt::Result {
    f.write_str(kind)?;
    if let Some(name) = name {
        write!(f, ":{name}")?;
    }
    for (i, channel) in channels.iter().enumerate() {
        write!(f, "{}{channel}", if i == 0 { "@" } else { "," })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_reads_back_as_written() {
        let texts =
            ["device", "device:USB Audio@3,4", "jack", "jack:ardour", "jack:ardour@3,4", "music", "tone", "null"];
        for text in texts.into_iter().chain(["file:/a/b.wav", "file:/a/b.wav@3,4", "file:take@2.wav"]) {
            assert_eq!(text.parse::<InputSpec>().unwrap().to_string(), text);
        }
        for text in ["device@2", "jack:-@1", "file:heard@3,4.wav", "null"] {
            assert_eq!(text.parse::<OutputSpec>().unwrap().to_string(), text);
        }
        assert!("music".parse::<OutputSpec>().is_err());
    }

    #[test]
    fn an_at_sign_in_a_name_is_no_channel_list() {
        let spec: OutputSpec = "device:me@home".parse().unwrap();
        assert_eq!(spec, OutputSpec::Device(DeviceSpec { name: Some("me@home".into()), channels: vec![] }));
    }

    #[test]
    fn a_pick_of_a_file_is_told_from_its_name() {
        let file = |text: &str| match text.parse::<InputSpec>() {
            Ok(InputSpec::File(FileSpec { path, channels, .. })) => (path.display().to_string(), channels),
            other => panic!("{other:?}"),
        };
        assert_eq!(file("file:mix.wav@3,4"), ("mix.wav".into(), vec![3, 4]));
        assert_eq!(file("file:mix.wav@2"), ("mix.wav".into(), vec![2]));
        assert_eq!(file("file:me@home/take@2.wav"), ("me@home/take@2.wav".into(), vec![]));
        assert_eq!(file("file:take@2@1,2"), ("take@2".into(), vec![1, 2]));
        assert_eq!("file:mix.wav@0".parse::<InputSpec>(), Err(SpecError::Channels("0".into())));
        assert_eq!("file:mix.wav@1,2,3".parse::<InputSpec>(), Err(SpecError::Channels("1,2,3".into())));
        assert_eq!("file:@1".parse::<InputSpec>(), Err(SpecError::NoPath));
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!("file:".parse::<InputSpec>(), Err(SpecError::NoPath));
        assert_eq!("device@0,1".parse::<InputSpec>(), Err(SpecError::Channels("0,1".into())));
        assert_eq!("device@1,2,3".parse::<InputSpec>(), Err(SpecError::Channels("1,2,3".into())));
        assert!(matches!("mp3:x".parse::<InputSpec>(), Err(SpecError::Unknown(_))));
    }
}
