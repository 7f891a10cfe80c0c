//! What a participant costs the relay who is there and does nothing.

use anyhow::{Context, Result};
use tests::load::Person;
use tests::programs::Relay;

/// Sessions, and participants of each.
const SESSIONS: usize = 10;
const PEOPLE: usize = 50;
/// Everybody else knows of everybody in a session, so the first ones count for what the relay needs once.
const FIRST: usize = 5;

pub(super) fn print() -> Result<bool> {
    let relay = Relay::start_with(&["--log", "error"])?;
    let sessions: Vec<_> = (0..SESSIONS).map(|n| relay.new_session(&format!("Session {n}"))).collect::<Result<_>>()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let (mut links, mut before) = (Vec::new(), 0);
    for one in 0..PEOPLE {
        for session in &sessions {
            links.push(runtime.block_on(async {
                let mut person = Person::by_link(session.link("mentor"), &format!("Mentor {one}"), 1).await?;
                anyhow::Ok(person.come_in().await?)
            })?);
        }
        if one + 1 == FIRST {
            before = resident_kib(relay.program.id())?;
        }
    }
    let more = (PEOPLE - FIRST) * SESSIONS;
    let each = (resident_kib(relay.program.id())? - before) as f64 / more as f64;
    println!("\nmemory: {each:.0} KiB for each of {more} idle participants in {SESSIONS} sessions of {PEOPLE}");
    Ok(true)
}

fn resident_kib(process: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("a process has resident memory")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
