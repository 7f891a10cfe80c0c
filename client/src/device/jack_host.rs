//! JACK, through its own crate: its frame time counts lost periods exactly.
//!
//! The library is loaded at run time, so the program starts on machines without it.

use super::DeviceError;
use super::gate::{CallbackGate, Clients, Seat};
use crate::pipeline::MonoClock;
use crate::pipeline::capture::{CaptureFormat, CaptureNotice, CaptureWriter, Counting};
use crate::pipeline::playback::{PlaybackFormat, PlaybackNotice, PlaybackReader};
use crate::pipeline::thread::name_this_thread;
use crate::spec::JackSpec;
use jack::{
    AsyncClient, AudioIn, AudioOut, Client, ClientOptions, ClientStatus, Control, LatencyType, NotificationHandler,
    Port, PortFlags, PortSpec, ProcessHandler, ProcessScope,
};
use std::ffi::CStr;
use std::sync::Arc;
use std::time::Duration;
use units::{MonoTime, SampleRate};

const CLIENT_NAME: &str = "farfield";
pub(super) const AUDIO: &str = "32 bit float mono audio";
/// What JACK's thread that calls us is called in tools that list threads.
const CALLBACK_NAME: &CStr = c"ff-callback";

/// The clients of this process.
static CLIENTS: Clients = Clients::new();

/// A running client; dropping it disconnects.
pub(crate) struct Running<N, P> {
    gate: Arc<CallbackGate>,
    client: AsyncClient<Noticing<N>, Gated<P>>,
    _seat: Seat<'static>,
}

pub(crate) type JackCapture = Running<CaptureNotice, CaptureProcess>;
pub(crate) type JackPlayback = Running<PlaybackNotice, PlaybackProcess>;

impl<N: Notice, P: Process> Running<N, P> {
    fn start(seat: Seat<'static>, client: Client, notice: N, process: P) -> Result<Running<N, P>, DeviceError> {
        let gate = Arc::new(CallbackGate::default());
        let (noticing, gated) =
            (Noticing { gate: Arc::clone(&gate), notice }, Gated { gate: Arc::clone(&gate), process });
        let client = client.activate_async(noticing, gated).map_err(refused)?;
        Ok(Running { gate, client, _seat: seat })
    }

    fn connect(&self, from: &str, to: &str) -> Result<(), DeviceError> {
        self.client.as_client().connect_ports_by_name(from, to).map_err(refused)
    }
}

impl<N, P> Drop for Running<N, P> {
    fn drop(&mut self) {
        self.gate.close();
    }
}

/// Opens a client, registers `in_1…`, connects them as the spec says and starts.
pub(crate) fn open_capture(
    spec: &JackSpec,
    clock: MonoClock,
    connect: impl FnOnce(CaptureFormat) -> Result<CaptureWriter, DeviceError>,
) -> Result<JackCapture, DeviceError> {
    let (seat, client) = open_client()?;
    let peers = peer_ports(&client, spec, PortFlags::IS_OUTPUT)?;
    let ports = register(&client, "in", peers.len(), AudioIn::default())?;
    let names = names(&ports)?;
    let rate = SampleRate(client.sample_rate());
    let writer = connect(CaptureFormat { rate, channels: ports.len(), counting: Counting::Exact })?;
    let notice = writer.notice();
    let process = CaptureProcess { ports, writer, clock, frame_time: FrameTime::default() };
    let running = Running::start(seat, client, notice, process)?;
    for (own, peer) in names.iter().zip(peers.iter().flatten()) {
        running.connect(peer, own)?;
    }
    Ok(running)
}

/// Opens a client, registers `out_1…`, connects them as the spec says and starts.
pub(crate) fn open_playback(
    spec: &JackSpec,
    clock: MonoClock,
    connect: impl FnOnce(PlaybackFormat) -> Result<PlaybackReader, DeviceError>,
) -> Result<JackPlayback, DeviceError> {
    let (seat, client) = open_client()?;
    let peers = peer_ports(&client, spec, PortFlags::IS_INPUT)?;
    let ports = register(&client, "out", peers.len(), AudioOut::default())?;
    let names = names(&ports)?;
    let rate = SampleRate(client.sample_rate());
    let reader = connect(PlaybackFormat { rate, period: client.buffer_size() as usize, counting: Counting::Exact })?;
    let notice = reader.notice();
    let process = PlaybackProcess { ports, reader, clock, frame_time: FrameTime::default() };
    let running = Running::start(seat, client, notice, process)?;
    for (own, peer) in names.iter().zip(peers.iter().flatten()) {
        running.connect(own, peer)?;
    }
    Ok(running)
}

/// The capture callback.
pub(crate) struct CaptureProcess {
    ports: Vec<Port<AudioIn>>,
    writer: CaptureWriter,
    clock: MonoClock,
    frame_time: FrameTime,
}

impl Process for CaptureProcess {
    fn run_rt(&mut self, scope: &ProcessScope) {
        let frames = scope.n_frames() as usize;
        let position = self.frame_time.unwrap(scope.last_frame_time());
        let latency = latency_frames(&self.ports, LatencyType::Capture, frames as u64);
        let age = u64::from(scope.frames_since_cycle_start()) + latency;
        let captured_at = MonoTime(self.clock.now().0.saturating_sub(self.writer.nanos(age)));
        let first = self.ports[0].as_slice(scope);
        let last = self.ports[self.ports.len() - 1].as_slice(scope);
        self.writer.write_rt(position, captured_at, frames, |frame, channel| [first, last][channel][frame]);
    }
}

/// The playback callback.
pub(crate) struct PlaybackProcess {
    ports: Vec<Port<AudioOut>>,
    reader: PlaybackReader,
    clock: MonoClock,
    frame_time: FrameTime,
}

impl Process for PlaybackProcess {
    fn run_rt(&mut self, scope: &ProcessScope) {
        let (now, position) = (self.clock.now(), self.frame_time.unwrap(scope.last_frame_time()));
        let late = self.reader.nanos(u64::from(scope.frames_since_cycle_start()));
        let cycle_start = MonoTime(now.0.saturating_sub(late));
        let frames = scope.n_frames() as usize;
        let latency = latency_frames(&self.ports, LatencyType::Playback, frames as u64);
        let latency = Duration::from_nanos(self.reader.nanos(latency));
        match self.ports.as_mut_slice() {
            [only] => {
                let out = only.as_mut_slice(scope);
                self.reader.read_rt(position, cycle_start, latency, frames, |frame, [left, right]| {
                    out[frame] = 0.5 * (left + right)
                });
            }
            [left, right, ..] => {
                let (left, right) = (left.as_mut_slice(scope), right.as_mut_slice(scope));
                self.reader
                    .read_rt(position, cycle_start, latency, frames, |frame, pair| [left[frame], right[frame]] = pair);
            }
            [] => (),
        }
    }

    /// A port that nobody writes to would sound again with what was in it.
    fn silence_rt(&mut self, scope: &ProcessScope) {
        self.ports.iter_mut().for_each(|port| port.as_mut_slice(scope).fill(0.0));
    }
}

/// What lies between the worst of these ports and the converters, in frames, as the server knows it: buffers, and what
/// its user measured. At least a period: a cycle hands over what was captured during the one before it, and what it
/// takes is played during the next. Reads shared memory, no more.
fn latency_frames<S>(ports: &[Port<S>], kind: LatencyType, period: u64) -> u64 {
    let longest = ports.iter().map(|port| port.get_latency_range(kind).1).max().unwrap_or(0);
    u64::from(longest).max(period)
}

/// JACK's 32-bit frame time without its wrap.
#[derive(Default)]
struct FrameTime {
    last: Option<u32>,
    position: u64,
}

impl FrameTime {
    fn unwrap(&mut self, time: u32) -> u64 {
        let passed = time.wrapping_sub(self.last.unwrap_or(time)) as i32;
        self.last = Some(time);
        self.position = self.position.saturating_add_signed(i64::from(passed));
        self.position
    }
}

/// What is done in each cycle.
pub(crate) trait Process: Send + 'static {
    /// Takes from the ports what was captured, or fills them.
    fn run_rt(&mut self, scope: &ProcessScope);
    /// Fills the ports that it has with silence.
    fn silence_rt(&mut self, _scope: &ProcessScope) {}
}

/// A callback that is kept out while its client is being closed.
pub(crate) struct Gated<P> {
    gate: Arc<CallbackGate>,
    process: P,
}

impl<P: Process> ProcessHandler for Gated<P> {
    fn process(&mut self, _: &Client, scope: &ProcessScope) -> Control {
        if !self.gate.pass_rt(|| self.process.run_rt(scope)) {
            self.process.silence_rt(scope);
        }
        Control::Continue
    }
}

/// Who is told what JACK tells beside the sound.
pub(crate) trait Notice: Send + Sync + 'static {
    fn failed_rt(&self);
    fn xrun_rt(&self);
}

impl Notice for CaptureNotice {
    fn failed_rt(&self) {
        CaptureNotice::failed_rt(self);
    }

    fn xrun_rt(&self) {
        CaptureNotice::xrun_rt(self);
    }
}

impl Notice for PlaybackNotice {
    fn failed_rt(&self) {
        PlaybackNotice::failed_rt(self);
    }

    fn xrun_rt(&self) {
        PlaybackNotice::xrun_rt(self);
    }
}

/// As [`Gated`], of what JACK tells beside the sound.
pub(crate) struct Noticing<N> {
    gate: Arc<CallbackGate>,
    notice: N,
}

impl<N: Notice> NotificationHandler for Noticing<N> {
    fn thread_init(&self, _: &Client) {
        name_this_thread(CALLBACK_NAME);
    }

    unsafe fn shutdown(&mut self, _: ClientStatus, _: &str) {
        CLIENTS.server_died_rt();
        self.gate.pass_ending_rt(|| self.notice.failed_rt());
    }

    fn xrun(&mut self, _: &Client) -> Control {
        self.gate.pass_rt(|| self.notice.xrun_rt());
        Control::Continue
    }
}

/// Opens a client without starting a server. The client is to be dropped before its seat.
pub(super) fn open_client() -> Result<(Seat<'static>, Client), DeviceError> {
    let opened = CLIENTS.open(|| Client::new(CLIENT_NAME, ClientOptions::NO_START_SERVER));
    match opened.ok_or(DeviceError::JackNotRunning)? {
        Ok((seat, (client, _))) => Ok((seat, client)),
        Err(jack::Error::LibraryError(_)) => Err(DeviceError::JackAbsent),
        Err(jack::Error::ClientError(status)) if !status.contains(ClientStatus::SERVER_ERROR) => {
            Err(DeviceError::JackNotRunning)
        }
        Err(error) => Err(refused(error)),
    }
}

/// Our ports' counterparts: one entry for each port of ours, none inside where nothing is to be connected.
fn peer_ports(client: &Client, spec: &JackSpec, flags: PortFlags) -> Result<Vec<Option<String>>, DeviceError> {
    if spec.name.as_deref() == Some("-") {
        return Ok(vec![None; if spec.channels.is_empty() { 2 } else { spec.channels.len() }]);
    }
    let found = match &spec.name {
        None => client.ports(None, Some(AUDIO), flags | PortFlags::IS_PHYSICAL),
        Some(name) => ports_of(client, name, flags),
    };
    let wanted = || spec.name.clone().unwrap_or_else(|| "the sound card".into());
    if found.is_empty() {
        return Err(DeviceError::JackNoPorts { wanted: wanted(), available: clients(client, flags) });
    }
    let picked = super::pick(&spec.channels, found.len() as u16, &wanted())?;
    Ok(picked.into_iter().map(|i| Some(found[i].clone())).collect())
}

fn ports_of(client: &Client, name: &str, flags: PortFlags) -> Vec<String> {
    let all = client.ports(None, Some(AUDIO), flags);
    all.into_iter().filter(|port| port.rsplit_once(':').is_some_and(|(owner, _)| owner == name)).collect()
}

/// The names of all clients that have such ports, for a message.
fn clients(client: &Client, flags: PortFlags) -> String {
    let ports = client.ports(None, Some(AUDIO), flags);
    let mut owners: Vec<&str> = ports.iter().filter_map(|port| Some(port.rsplit_once(':')?.0)).collect();
    owners.dedup();
    if owners.is_empty() { "nobody".into() } else { owners.join(", ") }
}

fn register<S: PortSpec + Copy>(
    client: &Client,
    stem: &str,
    count: usize,
    spec: S,
) -> Result<Vec<Port<S>>, DeviceError> {
    (1..=count).map(|i| client.register_port(&format!("{stem}_{i}"), spec).map_err(refused)).collect()
}

fn names<S>(ports: &[Port<S>]) -> Result<Vec<String>, DeviceError> {
    ports.iter().map(|port| port.name().map_err(refused)).collect()
}

fn refused(error: jack::Error) -> DeviceError {
    DeviceError::Jack(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_time_goes_on_across_its_wrap() {
        let mut time = FrameTime::default();
        assert_eq!(time.unwrap(u32::MAX - 63), 0);
        assert_eq!(time.unwrap(0), 64);
        assert_eq!(time.unwrap(64 + 128), 64 + 192);
    }
}
