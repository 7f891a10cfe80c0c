//! A session with a studio in it, as most tests need one.

use crate::impair::{Impairment, Proxy};
use crate::programs::{Program, Relay, Session};
use anyhow::Result;
use std::net::{Ipv4Addr, UdpSocket};

/// A relay, a session in it, and a studio client that publishes program.
pub struct Studio {
    /// The relay.
    pub relay: Relay,
    /// The session.
    pub session: Session,
    /// The studio's client, joined as engineer.
    pub client: Program,
}

impl Studio {
    /// Opens a studio on a new relay; `input` is published as program, `more` goes to `farfield join`.
    pub fn open(input: &str, more: &[&str]) -> Result<Studio> {
        Studio::open_at(Relay::start()?, input, more)
    }

    /// Opens a studio on this relay.
    pub fn open_at(relay: Relay, input: &str, more: &[&str]) -> Result<Studio> {
        let session = relay.new_session("Blue hour")?;
        let mut arguments = vec!["--name", "Studio", "--input", input, "--stream", "program"];
        if !more.contains(&"--output") {
            arguments.extend(["--output", "null"]);
        }
        arguments.extend(more);
        let mut client = join(session.link("engineer"), &arguments)?;
        client.wait_for_type("joined")?;
        Ok(Studio { relay, session, client })
    }
}

/// Starts `farfield join LINK --json` with these arguments.
pub fn join(link: &str, arguments: &[&str]) -> Result<Program> {
    let all: Vec<&str> = ["join", link, "--json"].into_iter().chain(arguments.iter().copied()).collect();
    Program::start("farfield", &all)
}

/// A relay whose media is reached through a bad network: it says that its media port is on 127.0.0.1, where the proxy
/// listens; the port of the same number on 127.0.0.2 is its own.
pub fn relay_behind(up: Impairment, down: Impairment) -> Result<(Relay, Proxy)> {
    // The proxy's port is only known once it is open, and so is the relay's.
    let reserved = UdpSocket::bind("127.0.0.2:0")?;
    let target = reserved.local_addr()?;
    let proxy = Proxy::start((Ipv4Addr::LOCALHOST, target.port()).into(), target, up, down)?;
    drop(reserved);
    let relay = Relay::start_with(&["--media", &target.to_string(), "--advertise", "127.0.0.1"])?;
    Ok((relay, proxy))
}
