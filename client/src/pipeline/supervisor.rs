//! Opens an output device, keeps it, and opens it again when it went away: all of playing that may block.

use super::drive::{DeviceDriver, DeviceEnd};
use super::engine::{Engine, PlayerControl};
use super::playback::{PlaybackFormat, playback_ring};
use super::thread::spawn;
use super::{MonoClock, PipelineError};
use crate::device::{self, DeviceError, PlaybackStream};
use crate::spec::OutputSpec;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Release};
use std::sync::{Arc, mpsc};
use std::thread::{JoinHandle, park_timeout};
use std::time::Duration;
use units::SampleRate;

/// How often a device that is gone is tried again.
const REOPEN: Duration = Duration::from_millis(500);

/// Starts the two threads of an output device: this one's and, from it, the playout thread.
pub(super) fn start_device(
    output: OutputSpec,
    clock: MonoClock,
    engine: Engine,
    control: Arc<PlayerControl>,
) -> Result<(JoinHandle<()>, PlaybackFormat), PipelineError> {
    let (started_in, started) = mpsc::channel();
    let thread = spawn("playback", move || match Supervisor::start(output, clock, engine, control) {
        Ok((supervisor, format)) => {
            let _ = started_in.send(Ok(format));
            supervisor.run();
        }
        Err(error) => drop(started_in.send(Err(error))),
    })?;
    Ok((thread, started.recv().map_err(|_| PipelineError::ThreadDied)??))
}

/// The thread that holds the device.
struct Supervisor {
    output: OutputSpec,
    clock: MonoClock,
    control: Arc<PlayerControl>,
    devices: Producer<Box<DeviceEnd>>,
    retired: Consumer<Box<DeviceEnd>>,
    playout: JoinHandle<()>,
    stream: Option<PlaybackStream>,
    rate: Option<SampleRate>,
}

/// One device at a time, so two slots never fill.
const DEVICE_SLOTS: usize = 2;

impl Supervisor {
    fn start(
        output: OutputSpec,
        clock: MonoClock,
        engine: Engine,
        control: Arc<PlayerControl>,
    ) -> Result<(Supervisor, PlaybackFormat), PipelineError> {
        let (devices, devices_out) = RingBuffer::new(DEVICE_SLOTS);
        let (retired_in, retired) = RingBuffer::new(DEVICE_SLOTS);
        let this = std::thread::current();
        let driver = DeviceDriver::new(engine, clock, control.clone(), this, devices_out, retired_in);
        let playout = spawn("playout", move || driver.run())?;
        let mut supervisor = Supervisor { output, clock, control, devices, retired, playout, stream: None, rate: None };
        match supervisor.open() {
            Ok((stream, format)) => {
                supervisor.stream = Some(stream);
                Ok((supervisor, format))
            }
            Err(error) => {
                supervisor.close();
                Err(error.into())
            }
        }
    }

    fn run(mut self) {
        while !self.control.stop.load(Acquire) {
            while self.retired.pop().is_ok() {}
            let (control, stream) = (self.control.clone(), self.stream.take());
            self.stream = tended(&control, stream, || Some(self.open().ok()?.0));
            park_timeout(REOPEN);
        }
        self.close();
    }

    /// Opens the device and hands it to the playout thread.
    fn open(&mut self) -> Result<(PlaybackStream, PlaybackFormat), DeviceError> {
        let (playout, rate) = (self.playout.thread().clone(), self.rate);
        let mut opened = None;
        let name = self.output.to_string();
        let stream = device::open_playback(&self.output, self.clock, |format| {
            if rate.is_some_and(|rate| rate != format.rate) {
                return Err(DeviceError::RateChanged(name));
            }
            let (writer, reader) = playback_ring(format, playout);
            opened = Some(DeviceEnd { writer, format });
            Ok(reader)
        })?;
        let (stream, end) = stream.zip(opened).ok_or(DeviceError::NoDefault("output"))?;
        let format = end.format;
        self.rate = Some(format.rate);
        let _ = self.devices.push(Box::new(end));
        self.playout.thread().unpark();
        Ok((stream, format))
    }

    fn close(mut self) {
        self.stream = None;
        self.control.stop.store(true, Release);
        self.playout.thread().unpark();
        let _ = self.playout.join();
    }
}

/// The device as it is, or opened anew if that is wanted or did not succeed the last time. The wish is taken before the
/// device is opened: one that dies at once is wished for anew.
fn tended<S>(control: &PlayerControl, stream: Option<S>, open: impl FnOnce() -> Option<S>) -> Option<S> {
    let wanted = control.device_wanted.swap(false, AcqRel);
    stream.filter(|_| !wanted).or_else(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_opened_until_one_lives_and_also_when_the_new_one_dies_while_it_is_opened() {
        let control = PlayerControl::default();
        let refuses = || None;
        assert_eq!(tended(&control, Some(1), || Some(2)), Some(1), "one that plays is left alone");
        control.device_wanted.store(true, Release);
        assert_eq!(tended(&control, Some(1), refuses), None);
        let dies_at_once = || {
            control.device_wanted.store(true, Release);
            Some(2)
        };
        let second = tended(&control, None, dies_at_once);
        assert_eq!(tended(&control, second, || Some(3)), Some(3));
        assert_eq!(tended(&control, Some(3), refuses), Some(3));
    }
}
