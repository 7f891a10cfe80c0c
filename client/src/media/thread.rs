//! The thread that all packets pass through.

use crate::pipeline::thread::{NETWORK_LEVEL, raise_this_thread, spawn};
use std::io;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// A thread with a runtime of its own, raised above ordinary work where the system allows it: a busy machine delays
/// no packet, and one packet wakes one thread. It serves whatever it is given until it is dropped, which does not wait
/// for what is still running on it.
pub struct NetworkThread {
    runtime: Handle,
    /// Dropped with it, which ends the thread.
    _until: oneshot::Sender<()>,
}

impl NetworkThread {
    /// Starts the thread.
    pub fn start() -> io::Result<NetworkThread> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (until, ended) = oneshot::channel();
        spawn("network", move || {
            raise_this_thread(NETWORK_LEVEL);
            // An error says that the sender has gone, which is what is waited for.
            let _ = runtime.block_on(ended);
        })?;
        Ok(NetworkThread { runtime: handle, _until: until })
    }

    /// Where tasks that handle packets are spawned.
    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }
}
