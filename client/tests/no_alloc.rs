//! JACK's callback thread allocates and frees nothing of ours while it runs the real callbacks: this binary's allocator
//! counts by the thread's name.
#![cfg(target_os = "linux")]

mod jack_loop;
#[allow(dead_code, reason = "this binary waits for nothing by the clock")]
mod jackd;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

/// What the client calls the threads that JACK calls it on.
const CALLBACK: &str = "ff-callback";

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Allocations and releases by callback threads.
static BY_CALLBACKS: AtomicU32 = AtomicU32::new(0);

impl Counting {
    fn count(&self) {
        let mut name = [0u8; 16];
        // SAFETY: writes at most sixteen bytes into the array.
        unsafe { libc::prctl(libc::PR_GET_NAME, name.as_mut_ptr()) };
        BY_CALLBACKS.fetch_add(u32::from(name.starts_with(CALLBACK.as_bytes())), Relaxed);
    }
}

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.count();
        // SAFETY: the caller keeps to the same rules.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        self.count();
        // SAFETY: the caller keeps to the same rules.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[test]
fn jacks_callbacks_allocate_nothing() {
    let named = std::thread::Builder::new().name(CALLBACK.into());
    named.spawn(|| drop(std::hint::black_box(Box::new(7)))).unwrap().join().unwrap();
    assert!(BY_CALLBACKS.load(Relaxed) >= 2, "the allocator sees whose turn it is");

    let _jackd = jackd::start(48_000);
    let mut pass = jack_loop::start();
    // Threads begin, JACK tells of connections.
    let before = pass(100);
    BY_CALLBACKS.store(0, Relaxed);
    let after = pass(400);
    assert!(after.0 > before.0 + 200 * 120, "the playback callback was served: {before:?}, {after:?}");
    assert_eq!(BY_CALLBACKS.load(Relaxed), 0);
}
