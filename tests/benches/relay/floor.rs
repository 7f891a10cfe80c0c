//! The least that forwarding can cost: receive one packet, then seal and send it N times.

use crate::cipher::Cipher;
use crate::sockets;
use anyhow::{Context, Result};
use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce, UnboundKey};
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// An RTP header; what comes after it is sealed.
const HEADER: usize = 12;
/// Packets that one `sendmmsg` takes where sends are batched.
pub(crate) const BATCHES: [usize; 3] = [16, 32, 64];

/// CPU µs per sealed and sent packet, of the process that [`serve`] is, which sends `batch` of them at once.
pub(crate) fn measure(
    cipher: Cipher,
    count: usize,
    batch: usize,
    (frame_ms, bytes): (u64, usize),
    lasting: Duration,
) -> Result<f64> {
    let sinks: Vec<UdpSocket> = (0..count).map(|_| sockets::socket()).collect::<std::io::Result<_>>()?;
    let ports = sinks.iter().map(|sink| Ok(sink.local_addr()?.port().to_string())).collect::<Result<Vec<_>>>()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--floor", cipher.name(), &batch.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    let mut input = child.stdin.take().context("no input")?;
    let mut output = BufReader::new(child.stdout.take().context("no output")?).lines();
    writeln!(input, "{}", ports.join(" "))?;
    let to: SocketAddr = output.next().context("the floor's process ended")??.parse()?;
    let sent = feed(&sinks, to, frame_ms, bytes, lasting)?;
    writeln!(input)?;
    let cpu_ns: f64 = output.next().context("the floor's process ended")??.parse()?;
    child.wait()?;
    Ok(cpu_ns / 1_000.0 / (sent * count) as f64)
}

/// Sends packets on time and empties the sinks; how many it sent.
fn feed(sinks: &[UdpSocket], to: SocketAddr, frame_ms: u64, bytes: usize, lasting: Duration) -> Result<usize> {
    let from = sockets::socket()?;
    let mut watched: Vec<_> = sinks.iter().map(sockets::watch).collect();
    let packet = vec![7; HEADER + bytes];
    let mut buffer = [0; 2_000];
    let started = Instant::now();
    let mut sent = 0;
    while started.elapsed() < lasting {
        let due = started + Duration::from_millis(frame_ms) * sent as u32;
        let ahead = due.saturating_duration_since(Instant::now());
        if ahead.is_zero() {
            from.send_to(&packet, to)?;
            sent += 1;
        }
        for at in sockets::wait(&mut watched, ahead) {
            while sinks[at].recv(&mut buffer).is_ok() {}
        }
    }
    Ok(sent)
}

/// The measured side: reads the ports to send to, prints its own address, and at the next line the CPU time it took.
pub(crate) fn serve(cipher: Cipher, batch: usize) -> Result<()> {
    let mut lines = std::io::stdin().lines();
    let ports = lines.next().context("no ports")??;
    let to = ports
        .split(' ')
        .map(|port| Ok(SocketAddr::from(([127, 0, 0, 1], port.parse()?))))
        .collect::<Result<Vec<_>>>()?;
    let socket = sockets::socket()?;
    socket.set_nonblocking(false)?;
    let address = socket.local_addr()?;
    println!("{address}");
    let worker = std::thread::spawn(move || seal_and_send(cipher, &socket, &to, batch));
    lines.next().context("no end")??;
    UdpSocket::bind("127.0.0.1:0")?.send_to(&[], address)?;
    println!("{}", worker.join().ok().context("the floor's thread panicked")??);
    Ok(())
}

fn seal_and_send(cipher: Cipher, socket: &UdpSocket, to: &[SocketAddr], batch: usize) -> Result<u64> {
    let secret = &[3; 32][..cipher.algorithm().key_len()];
    let keys = to.iter().map(|_| Ok(LessSafeKey::new(UnboundKey::new(cipher.algorithm(), secret)?)));
    let keys = keys.collect::<Result<Vec<_>, aws_lc_rs::error::Unspecified>>()?;
    let (mut buffer, mut sealed) = ([0; 2_000], vec![Vec::with_capacity(2_000); batch]);
    let started = sockets::thread_cpu_ns();
    for number in 0u64.. {
        let (length, _) = socket.recv_from(&mut buffer)?;
        if length == 0 {
            break;
        }
        let mut nonce = [0; 12];
        nonce[4..].copy_from_slice(&number.to_be_bytes());
        for (keys, to) in keys.chunks(batch).zip(to.chunks(batch)) {
            for (key, sealed) in keys.iter().zip(&mut sealed) {
                seal(key, nonce, &buffer[..length], sealed)?;
            }
            match (to, &sealed[..]) {
                ([to], [sealed, ..]) => drop(socket.send_to(sealed, to)?),
                (to, sealed) => sockets::send_all(socket, to, sealed)?,
            }
        }
    }
    Ok(sockets::thread_cpu_ns() - started)
}

fn seal(key: &LessSafeKey, nonce: [u8; 12], packet: &[u8], sealed: &mut Vec<u8>) -> Result<()> {
    sealed.clear();
    sealed.extend_from_slice(packet);
    let (header, body) = sealed.split_at_mut(HEADER);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(&*header), body)?;
    sealed.extend_from_slice(tag.as_ref());
    Ok(())
}
