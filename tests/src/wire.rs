//! A wire to the relay that a test can cut and mend: everything over TCP, which is links and pages. Sound is UDP and
//! does not pass here.

use anyhow::{Context, Result};
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::spawn;

/// Passes connections on while it is whole. Cut when dropped.
pub struct Wire {
    near: SocketAddr,
    far: SocketAddr,
    state: Arc<Mutex<State>>,
}

/// The sockets that are open, both sides; none while the wire is cut.
type State = Option<Vec<TcpStream>>;

impl Wire {
    /// Begins to pass on to a relay that listens at `http://ADDRESS:PORT`.
    pub fn to(relay: &str) -> Result<Wire> {
        let far = relay.strip_prefix("http://").context("the relay's address begins with http://")?.parse()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let near = listener.local_addr()?;
        let state = Arc::new(Mutex::new(Some(Vec::new())));
        let shared = Arc::downgrade(&state);
        spawn(move || {
            for socket in listener.incoming().map_while(io::Result::ok) {
                let Some(state) = shared.upgrade() else { return };
                // A relay that is away is like a cut wire: the caller finds its socket closed.
                let _ = pass_on(socket, far, &state);
            }
        });
        Ok(Wire { near, far, state })
    }

    /// A link of the relay's, by way of this wire.
    pub fn by_way_of(&self, link: &str) -> String {
        link.replacen(&self.far.to_string(), &self.near.to_string(), 1)
    }

    /// Breaks what there is; nothing new comes up.
    pub fn cut(&self) {
        for socket in lock(&self.state).take().into_iter().flatten() {
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Lets connections through again.
    pub fn mend(&self) {
        lock(&self.state).get_or_insert_default();
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.cut();
        // The listening thread finds out that nobody holds the wire any more.
        let near = self.near;
        self.state = Arc::default();
        let _ = TcpStream::connect(near);
    }
}

fn pass_on(near: TcpStream, far: SocketAddr, state: &Mutex<State>) -> io::Result<()> {
    if lock(state).is_none() {
        return Ok(());
    }
    let far = TcpStream::connect(far)?;
    let copies = [(near.try_clone()?, far.try_clone()?), (far.try_clone()?, near.try_clone()?)];
    match lock(state).as_mut() {
        Some(open) => open.extend([near, far]),
        None => return Ok(()),
    }
    for (mut from, mut to) in copies {
        spawn(move || {
            let _ = io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Both);
            let _ = from.shutdown(Shutdown::Both);
        });
    }
    Ok(())
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
