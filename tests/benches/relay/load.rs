//! The load: one publisher and many listeners, each a real peer with its own socket, all in one thread.

use crate::shard::ShardProcess;
use crate::{cipher, sockets};
use anyhow::{Context, Result, ensure};
use packets::PayloadType;
use std::net::UdpSocket;
use std::time::{Duration, Instant};
use str0m::change::SdpAnswer;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};

/// Full-band stereo Opus of 5 and of 20 ms.
const TOCS: [(u64, u8); 2] = [(5, 0xEC), (20, 0xFC)];
/// All peers must stand after this time.
const CONNECT_WITHIN: Duration = Duration::from_secs(60);
/// Sound before the measured part, for caches and first reports.
const WARM_UP: Duration = Duration::from_millis(500);
/// So long after the last one no packet is on its way any more, however loaded the machine is.
const DRAIN: Duration = Duration::from_secs(1);

/// What a case showed.
pub(crate) struct Measured {
    pub(crate) cpu_us: f64,
    pub(crate) delay_us_p50: f64,
    pub(crate) delay_us_p99: f64,
    pub(crate) kib_per_listener: f64,
    /// Share of the packets that every listener should have had.
    pub(crate) received: f64,
    /// Share of the packets that the shard sealed past the WebRTC library.
    pub(crate) direct: f64,
    pub(crate) lost: Lost,
}

/// Where packets were lost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lost {
    /// Sent by the publisher and never read by the shard.
    above: u64,
    /// Read by the shard and not sent to every listener.
    unsent: u64,
    /// That the system did not take from the shard.
    refused: u64,
    /// In full receive buffers of the listeners.
    overflowed: u64,
}

impl std::fmt::Display for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Lost { above, unsent, refused, overflowed } = self;
        write!(f, "{above} before the shard, {unsent} inside it, {refused} refused by the system, ")?;
        write!(f, "{overflowed} in the listeners' buffers")
    }
}

pub(crate) struct Load {
    shard: ShardProcess,
    /// The publisher, then the listeners.
    peers: Vec<Peer>,
    kib_per_listener: f64,
}

struct Peer {
    rtc: Rtc,
    udp: UdpSocket,
    send: Option<Mid>,
    connected: bool,
    deadline: Instant,
    heard: u64,
}

/// When each packet was sent, and how long it took to whom.
#[derive(Default)]
struct Journal {
    sent_ns: Vec<u64>,
    delays_ns: Vec<u32>,
    frame_ticks: u32,
}

impl Load {
    /// Connects the peers.
    pub(crate) fn new(listeners: usize, sections: usize) -> Result<Load> {
        let mut load = Load { shard: ShardProcess::start()?, peers: Vec::new(), kib_per_listener: 0.0 };
        load.join(0, true, 0)?;
        load.connect()?;
        let before = load.shard.resident_kib()?;
        for n in 1..=listeners {
            load.join(n as u128, false, sections)?;
        }
        load.connect()?;
        load.kib_per_listener = (load.shard.resident_kib()? - before) / listeners as f64;
        Ok(load)
    }

    /// Publishes and listens for so long.
    pub(crate) fn run(mut self, frame_ms: u64, bytes: usize, lasting: Duration) -> Result<Measured> {
        let mut journal = Journal { frame_ticks: 48 * frame_ms as u32, ..Journal::default() };
        let toc = TOCS.iter().find(|(ms, _)| *ms == frame_ms).context("no such frame")?.1;
        let mut payload = vec![7; bytes];
        payload[0] = toc;
        let frame = Duration::from_millis(frame_ms);
        self.publish(frame, &payload, WARM_UP, &mut journal)?;
        let warm = journal.sent_ns.len();
        let heard = self.heard();
        journal.delays_ns.clear();
        let (before, overflowed) = (self.shard.stats()?, self.overflowed()?);
        self.publish(frame, &payload, lasting, &mut journal)?;
        let done = self.shard.stats()?.since(before);
        ensure!(done.packets_out > 0, "the shard forwarded nothing");
        let sent = journal.sent_ns.len() - warm;
        let lost = Lost {
            above: (sent as u64).saturating_sub(done.packets_in),
            unsent: (done.packets_in * (self.peers.len() - 1) as u64).saturating_sub(done.packets_out),
            refused: done.send_errors,
            overflowed: self.overflowed()? - overflowed,
        };
        journal.delays_ns.sort_unstable();
        Ok(Measured {
            cpu_us: done.cpu_us as f64 / done.packets_out as f64,
            delay_us_p50: journal.delay_us(0.5),
            delay_us_p99: journal.delay_us(0.99),
            kib_per_listener: self.kib_per_listener,
            received: (self.heard() - heard) as f64 / (sent * (self.peers.len() - 1)) as f64,
            direct: done.packets_direct as f64 / done.packets_out as f64,
            lost,
        })
    }

    fn join(&mut self, participant: u128, publishes: bool, slots: usize) -> Result<()> {
        let udp = sockets::socket()?;
        sockets::stamp(&udp)?;
        let builder = Rtc::builder().set_rtp_mode(true).clear_codecs().enable_opus(true, true);
        let builder = builder.set_crypto_provider(cipher::watched());
        let mut rtc = builder.build(Instant::now());
        rtc.add_local_candidate(Candidate::host(udp.local_addr()?, "udp")?);
        let mut api = rtc.sdp_api();
        let mut add = |direction| api.add_media(MediaKind::Audio, direction, None, None, None);
        let send = publishes.then(|| add(Direction::SendOnly));
        for _ in 0..slots {
            add(Direction::RecvOnly);
        }
        let (offer, pending) = api.apply().context("nothing to offer")?;
        let section = send.map(|mid| mid.to_string().trim().to_owned());
        let answer = self.shard.offer(participant, offer.to_sdp_string(), section)?;
        rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&answer)?)?;
        let mut peer = Peer { rtc, udp, send, connected: false, deadline: Instant::now(), heard: 0 };
        peer.drain(None)?;
        self.peers.push(peer);
        Ok(())
    }

    fn connect(&mut self) -> Result<()> {
        let since = Instant::now();
        while !self.peers.iter().all(|peer| peer.connected) {
            ensure!(since.elapsed() < CONNECT_WITHIN, "the peers do not connect");
            self.step(Duration::from_millis(1), &mut Journal::default())?;
        }
        Ok(())
    }

    fn publish(&mut self, frame: Duration, payload: &[u8], lasting: Duration, journal: &mut Journal) -> Result<()> {
        let started = Instant::now();
        let already = journal.sent_ns.len();
        while started.elapsed() < lasting {
            let due = started + frame * (journal.sent_ns.len() - already) as u32;
            let ahead = due.saturating_duration_since(Instant::now());
            if ahead.is_zero() {
                self.peers[0].publish(payload, journal)?;
            } else {
                self.step(ahead, journal)?;
            }
        }
        self.drain(journal)
    }

    /// Handles what is still on its way.
    fn drain(&mut self, journal: &mut Journal) -> Result<()> {
        let (mut heard, mut since) = (self.heard(), Instant::now());
        while since.elapsed() < DRAIN {
            self.step(Duration::from_millis(5), journal)?;
            if self.heard() != heard {
                (heard, since) = (self.heard(), Instant::now());
            }
        }
        Ok(())
    }

    /// Waits so long at most and handles what came and what is due.
    fn step(&mut self, timeout: Duration, journal: &mut Journal) -> Result<()> {
        let mut watched: Vec<_> = self.peers.iter().map(|peer| sockets::watch(&peer.udp)).collect();
        for at in sockets::wait(&mut watched, timeout) {
            self.peers[at].receive(journal)?;
        }
        let now = Instant::now();
        for peer in self.peers.iter_mut().filter(|peer| peer.deadline <= now) {
            peer.rtc.handle_input(Input::Timeout(now))?;
            peer.drain(None)?;
        }
        Ok(())
    }

    fn heard(&self) -> u64 {
        self.peers.iter().map(|peer| peer.heard).sum()
    }

    /// Datagrams that the kernel has dropped because a peer's receive buffer was full.
    fn overflowed(&self) -> Result<u64> {
        Ok(sockets::overflowed(self.peers.iter().map(|peer| &peer.udp))?)
    }
}

impl Peer {
    fn publish(&mut self, payload: &[u8], journal: &mut Journal) -> Result<()> {
        let number = journal.sent_ns.len() as u64;
        let at = (number as u32).wrapping_mul(journal.frame_ticks);
        let now = Instant::now();
        let mut direct = self.rtc.direct_api();
        let tx = self.send.and_then(|mid| direct.stream_tx_by_mid(mid, None)).context("no sending section")?;
        tx.write_rtp(RtpWrite::new(PayloadType::OPUS.0.into(), number.into(), at, now, payload));
        journal.sent_ns.push(sockets::wall_ns());
        self.rtc.handle_input(Input::Timeout(now))?;
        self.drain(None)
    }

    fn receive(&mut self, journal: &mut Journal) -> Result<()> {
        let mut buffer = [0; 2_000];
        let to = self.udp.local_addr()?;
        while let Some((length, from, stamp_ns)) = sockets::try_recv(&self.udp, &mut buffer) {
            let received = Receive::new(Protocol::Udp, from, to, &buffer[..length])?;
            self.rtc.handle_input(Input::Receive(Instant::now(), received))?;
            self.drain(Some((stamp_ns, &mut *journal)))?;
        }
        Ok(())
    }

    fn drain(&mut self, mut heard_at: Option<(u64, &mut Journal)>) -> Result<()> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(deadline) => {
                    self.deadline = deadline;
                    return Ok(());
                }
                // A full send buffer loses a datagram as any network does; the received share shows it.
                Output::Transmit(out) => drop(self.udp.send_to(&out.contents, out.destination)),
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::RtpPacket(packet)) => {
                    self.heard += 1;
                    if let Some((stamp_ns, journal)) = &mut heard_at {
                        journal.heard(packet.header.timestamp, *stamp_ns);
                    }
                }
                Output::Event(_) => {}
            }
        }
    }
}

impl Journal {
    /// The relay passes a first source's timestamps unchanged, so that they name the packet.
    fn heard(&mut self, at: u32, stamp_ns: u64) {
        if let Some(sent_ns) = self.sent_ns.get((at / self.frame_ticks) as usize) {
            self.delays_ns.push(stamp_ns.saturating_sub(*sent_ns) as u32);
        }
    }

    fn delay_us(&self, quantile: f64) -> f64 {
        let at = (quantile * self.delays_ns.len() as f64) as usize;
        self.delays_ns.get(at.min(self.delays_ns.len().saturating_sub(1))).map_or(f64::NAN, |ns| f64::from(*ns) / 1e3)
    }
}
