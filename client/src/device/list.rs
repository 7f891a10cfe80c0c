use super::jack_host;
use cpal::traits::{DeviceTrait, HostTrait};
use cpal::{Device, SupportedStreamConfigRange};
use jack::PortFlags;

/// One device as `farfield devices` shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct DeviceInfo {
    /// Who drives it: `ALSA`, `CoreAudio`, `WASAPI` or `JACK`.
    pub host: String,
    /// What it is called; a part of it suffices after `device:`, the whole after `jack:`.
    pub name: String,
    /// Channels that can be captured; 0 when none.
    pub inputs: u16,
    /// Channels that can be played; 0 when none.
    pub outputs: u16,
    /// Usual sample rates that it runs at, in Hz.
    pub rates: Vec<u32>,
    /// Whether `--input device` means it.
    pub default_input: bool,
    /// Whether `--output device` means it.
    pub default_output: bool,
}

const USUAL_RATES: [u32; 7] = [32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000];

/// All devices that can be opened now, JACK's clients included if a server runs. Empty on a machine without sound.
/// Opens each device for a moment; blocks for some milliseconds.
pub fn list_devices() -> Vec<DeviceInfo> {
    let _quiet = super::quiet::alsa_is_quiet();
    let host = cpal::default_host();
    let input = host.default_input_device().and_then(|device| device.id().ok());
    let output = host.default_output_device().and_then(|device| device.id().ok());
    let devices = host.devices().into_iter().flatten();
    let described = devices.map(|device| {
        let id = device.id().ok();
        let mut info = describe(&device, host.id().name());
        info.default_input = info.inputs > 0 && id == input;
        info.default_output = info.outputs > 0 && id == output;
        info
    });
    described.filter(|info| info.inputs > 0 || info.outputs > 0).chain(jack_clients()).collect()
}

fn describe(device: &Device, host: &str) -> DeviceInfo {
    let inputs = if device.supports_input() { ranges(device.supported_input_configs()) } else { Vec::new() };
    let outputs = if device.supports_output() { ranges(device.supported_output_configs()) } else { Vec::new() };
    let runs_at = |rate: &u32| inputs.iter().chain(&outputs).any(|range| range.contains_rate(*rate));
    DeviceInfo {
        host: host.into(),
        name: device.to_string(),
        inputs: channels(&inputs),
        outputs: channels(&outputs),
        rates: USUAL_RATES.into_iter().filter(runs_at).collect(),
        ..DeviceInfo::default()
    }
}

fn ranges<E>(configs: Result<impl Iterator<Item = SupportedStreamConfigRange>, E>) -> Vec<SupportedStreamConfigRange> {
    configs.into_iter().flatten().collect()
}

fn channels(ranges: &[SupportedStreamConfigRange]) -> u16 {
    ranges.iter().map(SupportedStreamConfigRange::channels).max().unwrap_or(0)
}

/// The clients of a running JACK server by name, with how many of their ports we could connect to. None of them is a default:
/// `device` means the system's own devices only.
fn jack_clients() -> Vec<DeviceInfo> {
    let Ok((_seat, client)) = jack_host::open_client() else { return Vec::new() };
    let rates = vec![client.sample_rate()];
    let mut clients: Vec<DeviceInfo> = Vec::new();
    for (flags, captures) in [(PortFlags::IS_OUTPUT, true), (PortFlags::IS_INPUT, false)] {
        for port in client.ports(None, Some(jack_host::AUDIO), flags) {
            let name = port.rsplit_once(':').map_or(port.as_str(), |(owner, _)| owner);
            let at = clients.iter().position(|info| info.name == name).unwrap_or_else(|| {
                let (host, name, rates) = ("JACK".into(), name.into(), rates.clone());
                clients.push(DeviceInfo { host, name, rates, ..DeviceInfo::default() });
                clients.len() - 1
            });
            let count = if captures { &mut clients[at].inputs } else { &mut clients[at].outputs };
            *count += 1;
        }
    }
    clients
}
