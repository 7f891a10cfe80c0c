//! Opens an output device, keeps it, and opens it again when it went away: all of playing that may block.

use super::drive::{DeviceDriver, DeviceEnd};
use super::engine::{Engine, PlayerControl};
use super::events::OutputEvent;
use super::playback::{PlaybackFormat, playback_ring};
use super::queue::QueueSender;
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

/// Starts the two threads of an output device: this one's and, from it, the playout thread. What becomes of the device is
/// told to `events`.
pub(super) fn start_device(
    output: OutputSpec,
    clock: MonoClock,
    engine: Engine,
    control: Arc<PlayerControl>,
    events: QueueSender<OutputEvent>,
) -> Result<(JoinHandle<()>, PlaybackFormat), PipelineError> {
    let (started_in, started) = mpsc::channel();
    let thread = spawn("playback", move || match Supervisor::start(output, clock, engine, control) {
        Ok((supervisor, stream, format)) => {
            let _ = started_in.send(Ok(format));
            supervisor.run(Kept::new(stream, events));
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
    ) -> Result<(Supervisor, PlaybackStream, PlaybackFormat), PipelineError> {
        let (devices, devices_out) = RingBuffer::new(DEVICE_SLOTS);
        let (retired_in, retired) = RingBuffer::new(DEVICE_SLOTS);
        let this = std::thread::current();
        let driver = DeviceDriver::new(engine, clock, control.clone(), this, devices_out, retired_in);
        let playout = spawn("playout", move || driver.run())?;
        let mut supervisor = Supervisor { output, clock, control, devices, retired, playout, rate: None };
        match supervisor.open() {
            Ok((stream, format)) => Ok((supervisor, stream, format)),
            Err(error) => {
                supervisor.close();
                Err(error.into())
            }
        }
    }

    fn run(mut self, mut kept: Kept<PlaybackStream>) {
        while !self.control.stop.load(Acquire) {
            while self.retired.pop().is_ok() {}
            let control = self.control.clone();
            kept.tend(&control, || Ok(self.open()?.0));
            park_timeout(REOPEN);
        }
        drop(kept);
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

    fn close(self) {
        self.control.stop.store(true, Release);
        self.playout.thread().unpark();
        let _ = self.playout.join();
    }
}

/// A device that is opened anew when it is gone; both is told.
struct Kept<S> {
    stream: Option<S>,
    events: QueueSender<OutputEvent>,
    /// It was told to be gone, and not yet to be back.
    lost: bool,
    /// Why it could not be opened, as told last since then.
    cause: Option<String>,
}

impl<S> Kept<S> {
    fn new(stream: S, events: QueueSender<OutputEvent>) -> Kept<S> {
        Kept { stream: Some(stream), events, lost: false, cause: None }
    }

    /// Opens it anew if that is wanted or did not succeed the last time. The wish is taken before the device is opened: one
    /// that dies at once is wished for anew. So it is back only when the next look finds it alive.
    fn tend(&mut self, control: &PlayerControl, open: impl FnOnce() -> Result<S, DeviceError>) {
        let wanted = control.device_wanted.swap(false, AcqRel);
        if self.stream.is_some() && !wanted {
            return self.tell_back();
        }
        self.stream = None;
        self.tell_lost();
        match open() {
            Ok(stream) => self.stream = Some(stream),
            Err(error) => self.tell_cause(error.to_string()),
        }
    }

    fn tell_lost(&mut self) {
        if !std::mem::replace(&mut self.lost, true) {
            self.tell(OutputEvent::DeviceLost(None));
        }
    }

    fn tell_cause(&mut self, cause: String) {
        if self.cause.as_ref() != Some(&cause) {
            self.cause = Some(cause.clone());
            self.tell(OutputEvent::DeviceLost(Some(cause)));
        }
    }

    fn tell_back(&mut self) {
        if std::mem::take(&mut self.lost) {
            self.cause = None;
            self.tell(OutputEvent::DeviceBack);
        }
    }

    fn tell(&mut self, event: OutputEvent) {
        let _ = self.events.try_send(event);
    }
}

#[cfg(test)]
mod tests {
    use super::super::queue::{QueueReceiver, queue};
    use super::OutputEvent::{DeviceBack, DeviceLost};
    use super::*;

    struct Bench {
        control: PlayerControl,
        kept: Kept<u32>,
        events: QueueReceiver<OutputEvent>,
    }

    impl Bench {
        /// Its device is the first.
        fn new() -> Bench {
            let (events_in, events) = queue(16);
            Bench { control: PlayerControl::default(), kept: Kept::new(1, events_in), events }
        }

        fn dies(&self) {
            self.control.device_wanted.store(true, Release);
        }

        /// Looks after the device where one can be opened, or none; what is told of it.
        fn tend(&mut self, opened: Result<u32, DeviceError>) -> Vec<OutputEvent> {
            self.kept.tend(&self.control, || opened);
            self.told()
        }

        fn told(&mut self) -> Vec<OutputEvent> {
            std::iter::from_fn(|| self.events.try_recv()).collect()
        }
    }

    fn lost(error: &DeviceError) -> OutputEvent {
        DeviceLost(Some(error.to_string()))
    }

    #[test]
    fn a_device_is_opened_until_one_lives_and_also_when_the_new_one_dies_while_it_is_opened() {
        let mut bench = Bench::new();
        bench.tend(Ok(2));
        assert_eq!(bench.kept.stream, Some(1), "one that plays is left alone");
        bench.dies();
        bench.tend(Err(DeviceError::JackNotRunning));
        assert_eq!(bench.kept.stream, None);
        let Bench { control, kept, .. } = &mut bench;
        kept.tend(control, || {
            control.device_wanted.store(true, Release);
            Ok(2)
        });
        bench.tend(Ok(3));
        assert_eq!(bench.kept.stream, Some(3));
        bench.tend(Err(DeviceError::JackNotRunning));
        assert_eq!(bench.kept.stream, Some(3));
    }

    #[test]
    fn a_device_that_is_gone_is_told_once_with_each_cause_that_keeps_it_away_and_its_return() {
        let mut bench = Bench::new();
        assert_eq!(bench.tend(Ok(2)), []);
        bench.dies();
        let changed = || DeviceError::RateChanged("device".to_owned());
        assert_eq!(
            bench.tend(Err(DeviceError::JackNotRunning)),
            [DeviceLost(None), lost(&DeviceError::JackNotRunning)]
        );
        assert_eq!(bench.tend(Err(DeviceError::JackNotRunning)), []);
        assert_eq!(bench.tend(Err(changed())), [lost(&changed())]);
        assert_eq!(bench.tend(Ok(2)), [], "it may die at once");
        assert_eq!(bench.tend(Ok(3)), [DeviceBack]);
        assert_eq!(bench.tend(Ok(3)), []);
        bench.dies();
        assert_eq!(bench.tend(Err(changed())), [DeviceLost(None), lost(&changed())], "the next time it is told again");
    }

    #[test]
    fn a_device_that_dies_each_time_it_is_opened_is_told_to_be_gone_once_and_not_to_be_back() {
        let mut bench = Bench::new();
        bench.dies();
        assert_eq!(bench.tend(Ok(2)), [DeviceLost(None)]);
        for next in 3..6 {
            bench.dies();
            assert_eq!(bench.tend(Ok(next)), []);
        }
        assert_eq!(bench.tend(Ok(6)), [DeviceBack]);
    }
}
