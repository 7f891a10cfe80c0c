//! Keeps a callback's thread out of our code while its client is being closed.
//!
//! JACK stops the thread that calls us with `pthread_cancel` at whatever instruction it is (`JackPosixThread::Kill`, of type
//! `PTHREAD_CANCEL_ASYNCHRONOUS`). Hit inside of a Rust function, the unwinding aborts the program with "FATAL: exception not
//! rethrown". So before a client is closed nobody is let in any more, and who is inside is waited for.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

/// A callback that is away for so long does not come back: its server has died under it.
const PATIENCE: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_micros(200);

/// A door that one callback's thread goes through, and that somebody else closes.
#[derive(Debug, Default)]
pub struct CallbackGate {
    closed: AtomicBool,
    inside: AtomicBool,
}

impl CallbackGate {
    /// Runs `call` unless the gate is closed; whether it did. For one thread; wait-free.
    pub fn pass_rt(&self, call: impl FnOnce()) -> bool {
        // Of the two stores and the two loads behind them, here and in `close`, one load sees the other's store.
        self.inside.store(true, SeqCst);
        let open = !self.closed.load(SeqCst);
        if open {
            call();
        }
        self.inside.store(false, SeqCst);
        open
    }

    /// Lets nobody in from now on, and blocks until nobody is inside, for a second at the most.
    pub fn close(&self) {
        self.closed.store(true, SeqCst);
        let begun = Instant::now();
        while self.inside.load(SeqCst) && begun.elapsed() < PATIENCE {
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    #[test]
    fn nobody_is_inside_once_the_gate_is_closed() {
        for _ in 0..2_000 {
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
    fn a_callback_that_never_comes_back_is_not_waited_for_for_ever() {
        let gate = CallbackGate::default();
        gate.inside.store(true, SeqCst);
        gate.close();
        assert!(gate.closed.load(SeqCst));
    }
}
