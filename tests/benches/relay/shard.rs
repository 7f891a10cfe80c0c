//! The measured process: the relay's media plane with one shard, spoken to in lines of JSON.

use anyhow::{Context, Result};
use protocol::ids::{ParticipantId, SessionId, StreamId};
use protocol::stream::StreamKind;
use protocol::wire::ClientKind;
use relay::media::{MediaConfig, MediaHandle, PeerKey, PeerOffer, ShardStats};
use relay_core::plan::{HeardStream, Plan};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use uuid::Uuid;

/// What the load asks.
#[derive(Serialize, Deserialize)]
enum Request {
    /// Participant 0 publishes, the others listen.
    Offer {
        participant: u128,
        sdp: String,
        send: Option<String>,
    },
    Stats,
}

/// What the shard's process answers.
#[derive(Serialize, Deserialize)]
enum Reply {
    Answer(String),
    Stats(Stats),
}

/// What the shard has counted.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Stats {
    /// CPU time of its thread in µs.
    pub(crate) cpu_us: u64,
    pub(crate) packets_in: u64,
    pub(crate) packets_out: u64,
    pub(crate) packets_direct: u64,
    pub(crate) send_errors: u64,
}

impl Stats {
    pub(crate) fn since(self, before: Stats) -> Stats {
        Stats {
            cpu_us: self.cpu_us - before.cpu_us,
            packets_in: self.packets_in - before.packets_in,
            packets_out: self.packets_out - before.packets_out,
            packets_direct: self.packets_direct - before.packets_direct,
            send_errors: self.send_errors - before.send_errors,
        }
    }
}

/// The load's end of the shard's process.
pub(crate) struct ShardProcess {
    child: Child,
    input: ChildStdin,
    output: std::io::Lines<BufReader<ChildStdout>>,
}

impl ShardProcess {
    pub(crate) fn start() -> Result<ShardProcess> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut child = command.arg("--shard").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().context("no input")?;
        let output = BufReader::new(child.stdout.take().context("no output")?).lines();
        Ok(ShardProcess { child, input, output })
    }

    /// The answer to an offer; `send` names the section that publishes.
    pub(crate) fn offer(&mut self, participant: u128, sdp: String, send: Option<String>) -> Result<String> {
        match self.ask(&Request::Offer { participant, sdp, send })? {
            Reply::Answer(sdp) => Ok(sdp),
            Reply::Stats(_) => anyhow::bail!("not an answer"),
        }
    }

    /// What the shard has counted until now.
    pub(crate) fn stats(&mut self) -> Result<Stats> {
        match self.ask(&Request::Stats)? {
            Reply::Stats(stats) => Ok(stats),
            Reply::Answer(_) => anyhow::bail!("not counters"),
        }
    }

    /// Resident memory in KiB.
    pub(crate) fn resident_kib(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }

    fn ask(&mut self, request: &Request) -> Result<Reply> {
        writeln!(self.input, "{}", serde_json::to_string(request)?)?;
        let line = self.output.next().context("the shard's process ended")??;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for ShardProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The shard's process: answers until its input ends.
pub(crate) fn serve() -> Result<()> {
    let (sender, mut events) = tokio::sync::mpsc::channel(4_096);
    let config = MediaConfig { bind: "127.0.0.1:0".parse()?, shards: 1, advertise: None };
    let (handle, _) = MediaHandle::start(config, sender)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    handle.set_plan(SessionId(Uuid::nil()), Arc::new(plan()));
    for line in std::io::stdin().lines() {
        while events.try_recv().is_ok() {}
        let reply = match serde_json::from_str(&line?)? {
            Request::Offer { participant, sdp, send } => {
                let send = send.into_iter().map(|mid| (mid, StreamId(Uuid::nil()), StreamKind::Program)).collect();
                let participant = ParticipantId(Uuid::from_u128(participant));
                let key = PeerKey { session: SessionId(Uuid::nil()), participant, peer: 1 };
                let offer = PeerOffer { sdp, send, client: ClientKind::Page };
                Reply::Answer(runtime.block_on(handle.offer(key, offer))?)
            }
            Request::Stats => {
                let ShardStats { cpu_us, packets_in, packets_out, packets_direct, send_errors, .. } = handle.stats()[0];
                Reply::Stats(Stats { cpu_us, packets_in, packets_out, packets_direct, send_errors })
            }
        };
        println!("{}", serde_json::to_string(&reply)?);
    }
    Ok(())
}

/// A thousand listeners may hear the one stream.
fn plan() -> Plan {
    let publisher = ParticipantId(Uuid::from_u128(0));
    let heard =
        vec![HeardStream { stream: StreamId(Uuid::nil()), kind: StreamKind::Program, publisher, redundancy: 1 }];
    Plan { listeners: (1..1_000).map(|n| (ParticipantId(Uuid::from_u128(n)), heard.clone())).collect() }
}
