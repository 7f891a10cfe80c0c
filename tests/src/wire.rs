//! A wire to the relay that a test can cut and mend, and hold back: everything over TCP, which is links and pages. Sound
//! is UDP and does not pass here.

use crate::programs::PATIENCE;
use anyhow::{Context, Result, ensure};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::spawn;

/// What a proxy answers whose relay is away.
const BAD_GATEWAY: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// Passes connections on while it is whole. Cut when dropped.
pub struct Wire {
    near: SocketAddr,
    far: SocketAddr,
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    state: Mutex<State>,
    called: Condvar,
    gate: Arc<Gate>,
    /// Whether what the relay says is lost.
    hushed: Arc<AtomicBool>,
}

/// Whether what is said to the relay is held back.
#[derive(Default)]
struct Gate {
    held: Mutex<bool>,
    let_go: Condvar,
}

#[derive(Default)]
enum State {
    /// Passes on. The sockets that are open, both sides.
    Whole(Vec<TcpStream>),
    /// Nobody is answered.
    #[default]
    Cut,
    /// A proxy answers for a relay that is away. How many it has answered.
    Away(usize),
}

impl Wire {
    /// Begins to pass on to a relay that listens at `http://ADDRESS:PORT`.
    pub fn to(relay: &str) -> Result<Wire> {
        let far = relay.strip_prefix("http://").context("the relay's address begins with http://")?.parse()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let near = listener.local_addr()?;
        let state = Mutex::new(State::Whole(Vec::new()));
        let inner = Arc::new(Inner { state, ..Inner::default() });
        let shared = Arc::downgrade(&inner);
        spawn(move || {
            for socket in listener.incoming().map_while(io::Result::ok) {
                let Some(inner) = shared.upgrade() else { return };
                // A relay that is away is like a cut wire: the caller finds its socket closed.
                let _ = inner.handle_call(socket, far);
            }
        });
        Ok(Wire { near, far, inner })
    }

    /// A link of the relay's, by way of this wire.
    pub fn by_way_of(&self, link: &str) -> String {
        link.replacen(&self.far.to_string(), &self.near.to_string(), 1)
    }

    /// From now on nothing of what the relay says arrives, while all that is said to it does.
    pub fn hush(&self) {
        self.inner.hushed.store(true, Ordering::SeqCst);
    }

    /// Breaks what there is; nothing new comes up.
    pub fn cut(&self) {
        self.inner.change(State::Cut);
    }

    /// Breaks what there is; whoever calls is told 502 from now on, as by a proxy whose relay is away.
    pub fn call_away(&self) {
        self.inner.change(State::Away(0));
    }

    /// Waits until so many callers have been told so.
    ///
    /// # Errors
    /// When they do not call.
    pub fn wait_for_calls(&self, wanted: usize) -> Result<()> {
        let few = |state: &mut State| matches!(state, State::Away(calls) if *calls < wanted);
        let waited = self.inner.called.wait_timeout_while(self.inner.lock(), PATIENCE, few);
        let timed_out = waited.unwrap_or_else(PoisonError::into_inner).1.timed_out();
        ensure!(!timed_out, "nobody called {wanted} times while the relay was away");
        Ok(())
    }

    /// Holds back what is said to the relay from now on, as a network does that stands still.
    pub fn hold(&self) {
        self.inner.gate.set(true);
    }

    /// Lets all of it through at once.
    pub fn let_go(&self) {
        self.inner.gate.set(false);
    }

    /// Lets connections through again, both ways.
    pub fn mend(&self) {
        self.inner.hushed.store(false, Ordering::SeqCst);
        let mut state = self.inner.lock();
        if !matches!(*state, State::Whole(_)) {
            *state = State::Whole(Vec::new());
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.cut();
        self.let_go();
        // The listening thread finds out that nobody holds the wire any more.
        let near = self.near;
        self.inner = Arc::default();
        let _ = TcpStream::connect(near);
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, to: State) {
        if let State::Whole(open) = std::mem::replace(&mut *self.lock(), to) {
            open.iter().for_each(|socket| drop(socket.shutdown(Shutdown::Both)));
        }
    }

    fn handle_call(&self, near: TcpStream, far: SocketAddr) -> io::Result<()> {
        match &mut *self.lock() {
            State::Whole(_) => {}
            State::Cut => return Ok(()),
            State::Away(calls) => {
                *calls += 1;
                self.called.notify_all();
                spawn(move || answer_away(near));
                return Ok(());
            }
        }
        self.pass_on(near, TcpStream::connect(far)?)
    }

    fn pass_on(&self, near: TcpStream, far: TcpStream) -> io::Result<()> {
        let (open_gate, never) = (Arc::default(), Arc::default());
        let copies = [
            (near.try_clone()?, Mouth { to: far.try_clone()?, hushed: never }, self.gate.clone()),
            (far.try_clone()?, Mouth { to: near.try_clone()?, hushed: Arc::clone(&self.hushed) }, open_gate),
        ];
        match &mut *self.lock() {
            State::Whole(open) => open.extend([near, far]),
            State::Cut | State::Away(_) => return Ok(()),
        }
        for (mut from, mut to, gate) in copies {
            spawn(move || {
                let _ = gate.copy(&mut from, &mut to);
                let _ = to.to.shutdown(Shutdown::Both);
                let _ = from.shutdown(Shutdown::Both);
            });
        }
        Ok(())
    }
}

impl Gate {
    fn set(&self, held: bool) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = held;
        self.let_go.notify_all();
    }

    fn pass(&self) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.let_go.wait_while(held, |held| *held));
    }

    /// Copies to the end, each piece when nothing is held.
    fn copy(&self, from: &mut TcpStream, to: &mut Mouth) -> io::Result<()> {
        let mut piece = [0; 16 * 1024];
        loop {
            let length = from.read(&mut piece)?;
            if length == 0 {
                return Ok(());
            }
            self.pass();
            to.write_all(&piece[..length])?;
        }
    }
}

/// Where one side speaks to the other, unless it is hushed.
struct Mouth {
    to: TcpStream,
    hushed: Arc<AtomicBool>,
}

impl Write for Mouth {
    fn write(&mut self, said: &[u8]) -> io::Result<usize> {
        if self.hushed.load(Ordering::SeqCst) { Ok(said.len()) } else { self.to.write(said) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Answers and reads to the caller's end: what is left unread would tear the answer off.
fn answer_away(mut socket: TcpStream) -> io::Result<()> {
    socket.write_all(BAD_GATEWAY)?;
    socket.shutdown(Shutdown::Write)?;
    io::copy(&mut socket, &mut io::sink()).map(drop)
}
