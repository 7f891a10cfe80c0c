//! Takes, recorded where the sound is made: every sample as the device gave it, at its own rate, before mute, resampler
//! and encoder, into 32-bit float WAV files.
//!
//! The encode thread copies each block into the lane's ring ([`TakeTap`]) and never waits. The `recorder` thread takes
//! them out, keeps the last seconds of every lane in memory as pre-roll, and writes the parts: samples, then the header,
//! so that a file is valid whenever the process dies. Beside each lies a small JSON file (its sidecar) that says which
//! part of which take it is; with it the next start of the program finds what was interrupted, repairs it and tells.
//!
//! A file's length is its span: what the source never had is silence in it, declared as a capture gap. What was lost
//! on the way to the disk is silence too, and the part says that it is damaged. A part ends, and another begins, where
//! the device was opened anew or stood still for longer than [`LONGEST_SILENCE`].
//!
//! *Absent*: the decision what to record and for whom (`client_core::take`), the network, uploading.

mod disk;
mod find;
mod history;
mod lane;
mod part;
mod sidecar;
mod tap;
#[cfg(test)]
mod tests;
mod thread;
mod when;

pub use find::find_parts;
#[cfg(test)]
pub(crate) use tap::TakeReader;
pub use tap::TakeTap;
pub(crate) use tap::{Piece, take_tap};

use crate::pipeline::MonoClock;
use crate::pipeline::thread::spawn;
use client_core::take::{LaneId, News, Order};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;
use thread::{RecorderThread, Request};
use tokio::sync::mpsc;

/// A gap up to this long is silence in the file; a longer one (a machine that slept) ends the part.
pub const LONGEST_SILENCE: Duration = Duration::from_secs(60);

/// Orders that may wait while the disk is slow. Owner: the control task. Overflow: [`RecorderStuck`].
const ORDERS: usize = 1_024;
/// News that may wait for the control task. Overflow: they wait in the recorder thread, a few for each part.
const NEWS: usize = 256;

/// Where and how takes are recorded.
#[derive(Clone, Debug)]
pub struct RecorderConfig {
    /// Where the files go: `FOLDER/SESSION/take-001/program-PART.wav`. Made when the first part begins.
    pub folder: PathBuf,
    /// How much of what came before a take rolled is kept, as far as there is so much.
    pub pre_roll: Duration,
    /// Room that is left on the disk for everything else, in bytes: recording ends before.
    pub reserve_bytes: u64,
}

/// The recorder of one process. Dropping it ends all parts and waits until they are safe.
pub struct Recorder {
    requests: Option<SyncSender<Request>>,
    thread: Option<JoinHandle<()>>,
    lanes: u32,
}

/// The recorder thread has not taken an order for very long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the recorder does not answer, because its disk hangs: check the disk, then restart this program")]
pub struct RecorderStuck;

impl RecorderConfig {
    /// Recording into `folder`, with 5 s of pre-roll, leaving 64 MiB free.
    pub fn new(folder: PathBuf) -> RecorderConfig {
        RecorderConfig { folder, pre_roll: Duration::from_secs(5), reserve_bytes: 64 << 20 }
    }
}

impl Recorder {
    /// Starts the thread; nothing is written before a take rolls.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(config: RecorderConfig, clock: MonoClock) -> io::Result<(Recorder, mpsc::Receiver<News>)> {
        let (requests, requests_out) = sync_channel(ORDERS);
        let (news_in, news) = mpsc::channel(NEWS);
        let thread = RecorderThread::new(config, clock, requests_out, news_in);
        let thread = spawn("recorder", move || thread.run())?;
        Ok((Recorder { requests: Some(requests), thread: Some(thread), lanes: 0 }, news))
    }

    /// A lane for one stream. `label` names its files: letters and digits.
    ///
    /// # Errors
    /// If the recorder is stuck.
    pub fn open_lane(&mut self, label: &'static str) -> Result<(LaneId, TakeTap), RecorderStuck> {
        let (tap, reader) = take_tap();
        let id = LaneId(self.lanes);
        self.lanes += 1;
        self.request(Request::Open { id, label, reader })?;
        Ok((id, tap))
    }

    /// Has something done. Never blocks.
    ///
    /// # Errors
    /// If the recorder is stuck; the order is then lost.
    pub fn try_order(&self, order: Order) -> Result<(), RecorderStuck> {
        self.request(Request::Order(order))
    }

    /// Ends all parts with what is captured by now and waits until they are safe; their ends are the last news. Blocks
    /// on the disk.
    pub fn finish(self) {}

    fn request(&self, request: Request) -> Result<(), RecorderStuck> {
        let sent = self.requests.as_ref().and_then(|requests| requests.try_send(request).ok());
        self.thread.iter().for_each(|thread| thread.thread().unpark());
        sent.ok_or(RecorderStuck)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

/// Where recordings go unless people say otherwise: `farfield/recordings` in the user's data folder, or in the working
/// directory where there is none.
pub fn default_folder() -> PathBuf {
    let var = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || var("HOME").map(|home| home.join(if cfg!(target_os = "macos") { MAC_DATA } else { ".local/share" }));
    let data = if cfg!(windows) { var("LOCALAPPDATA") } else { var("XDG_DATA_HOME").or_else(home) };
    data.unwrap_or_default().join("farfield").join("recordings")
}

const MAC_DATA: &str = "Library/Application Support";
