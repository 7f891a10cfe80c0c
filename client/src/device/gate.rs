//! Keeps JACK's threads out of our code while their client is being closed.
//!
//! JACK stops the threads that call us with `pthread_cancel` at whatever instruction they are (`JackPosixThread::Kill`, of type
//! `PTHREAD_CANCEL_ASYNCHRONOUS`). Hit inside of a Rust function, the unwinding aborts the program with "FATAL: exception not
//! rethrown"; hit inside of `free`, it leaves the heap broken. So before a client is closed nobody is let in any more, who is
//! inside is waited for, and threads whose server has died are given the time to end by themselves.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A callback that is away for so long does not come back: its thread has died in it.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// JACK's threads, at real-time priority, end within this when their server has died.
const ENDING: Duration = Duration::from_millis(20);

/// A door that JACK's threads go through, and that the owner of their client closes.
#[derive(Debug, Default)]
pub struct CallbackGate {
    closed: AtomicBool,
    inside: AtomicU32,
    ending: AtomicBool,
}

impl CallbackGate {
    /// Runs `call` unless the gate is closed; whether it did. Wait-free.
    pub fn pass_rt(&self, call: impl FnOnce()) -> bool {
        // Of the two stores and the two loads behind them, here and in `close`, one load sees the other's store.
        self.inside.fetch_add(1, SeqCst);
        let open = !self.closed.load(SeqCst);
        if open {
            call();
        }
        self.inside.fetch_sub(1, SeqCst);
        open
    }

    /// As `pass_rt`, on a thread of a server that has died.
    pub fn pass_ending_rt(&self, call: impl FnOnce()) {
        self.ending.store(true, SeqCst);
        self.pass_rt(call);
    }

    /// Lets nobody in from now on, and blocks until nobody is inside: for a millisecond, twenty where the server has died, a
    /// second where a thread has died inside.
    pub fn close(&self) {
        self.closed.store(true, SeqCst);
        let begun = Instant::now();
        // Who has just left is on its last instructions, so it is slept in any case.
        std::thread::sleep(if self.ending.load(SeqCst) { ENDING } else { LOOK_AGAIN });
        while self.inside.load(SeqCst) > 0 && begun.elapsed() < PATIENCE {
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

/// Which clients of one server this process has.
///
/// When a client is opened, libjack deletes those that are left of a server that has died
/// (`JackLibGlobals::Init`, "Jack server was closed but clients are still allocated, cleanup..."), and closing them later is a
/// use after free. So none is opened until all of those are closed.
#[derive(Debug)]
pub(super) struct Clients {
    count: Mutex<u32>,
    server_died: AtomicBool,
}

/// The place of one client among [`Clients`]; to be dropped after it.
#[derive(Debug)]
pub(super) struct Seat<'a>(&'a Clients);

impl Clients {
    pub(super) const fn new() -> Clients {
        Clients { count: Mutex::new(0), server_died: AtomicBool::new(false) }
    }

    /// Opens one by `open`; none while some of a dead server are left. Blocks while another one is being opened.
    pub(super) fn open<T, E>(&self, open: impl FnOnce() -> Result<T, E>) -> Option<Result<(Seat<'_>, T), E>> {
        let mut count = self.count();
        if *count == 0 {
            self.server_died.store(false, SeqCst);
        } else if self.server_died.load(SeqCst) {
            return None;
        }
        let opened = open();
        *count += u32::from(opened.is_ok());
        Some(opened.map(|client| (Seat(self), client)))
    }

    /// The server of those that are open has died.
    pub(super) fn server_died_rt(&self) {
        self.server_died.store(true, SeqCst);
    }

    fn count(&self) -> MutexGuard<'_, u32> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        *self.0.count() -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_inside_once_the_gate_is_closed() {
        for _ in 0..500 {
            let (gate, busy, calls) = (CallbackGate::default(), AtomicBool::new(false), AtomicU32::new(0));
            std::thread::scope(|scope| {
                let callback = scope.spawn(|| {
                    while !gate.closed.load(SeqCst) {
                        gate.pass_rt(|| {
                            busy.store(true, SeqCst);
                            calls.fetch_add(1, SeqCst);
                            busy.store(false, SeqCst);
                        });
                    }
                });
                while calls.load(SeqCst) == 0 {
                    std::hint::spin_loop();
                }
                gate.close();
                let before = calls.load(SeqCst);
                assert!(!busy.load(SeqCst));
                callback.join().unwrap();
                assert_eq!(calls.load(SeqCst), before);
            });
        }
    }

    #[test]
    fn no_client_is_opened_while_one_of_a_dead_server_is_left() {
        let clients = Clients::new();
        let open = || clients.open(|| Ok::<_, ()>(())).map(|opened| opened.unwrap().0);
        let (first, second) = (open().unwrap(), open().unwrap());
        clients.server_died_rt();
        assert!(open().is_none());
        drop(first);
        assert!(open().is_none());
        drop(second);
        assert!(clients.open(|| Err::<(), _>(())).unwrap().is_err());
        assert!(open().is_some());
    }

    #[test]
    fn a_callback_that_never_comes_back_is_not_waited_for_for_ever() {
        let gate = CallbackGate::default();
        gate.inside.store(1, SeqCst);
        gate.close();
        assert!(gate.closed.load(SeqCst));
    }
}
