//! Reference network traces: seeded, the same packet for packet wherever they are generated.
//!
//! Frame `k` of length `F` is complete and leaves at `k·F/(1 + skew) + F`, ms of the receiver's clock. Its delay is 20 ms
//! plus jitter; a stall holds everything back until it ends, then releases it about 0.2 ms apart; packets stay in order
//! (at least 0.02 ms apart) except reordered ones (1.5 F later); duplicates come 1 ms later; loss is Gilbert-Elliott.

pub mod run;

use crate::rng::Rng;

/// The seed of the published checksums and figures.
pub const SEED: u64 = 0x9E37_79B9_7F4A_7C15;

/// One network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trace {
    /// What it is called.
    pub name: &'static str,
    /// Mean of the gamma-distributed jitter (shape 2), ms.
    pub gamma_ms: f64,
    /// Scale in ms and shape of additional Lomax-distributed jitter, capped at 80 ms.
    pub pareto: Option<(f64, f64)>,
    /// Stalls per second, their shortest and their longest, ms.
    pub stalls: (f64, f64, f64),
    /// Share of frames lost.
    pub loss: f64,
    /// Mean frames lost in a row.
    pub burst: f64,
    /// Share of frames that come 1.5 frames later.
    pub reorder: f64,
    /// Share of frames that come twice.
    pub duplicate: f64,
    /// From when on, s, the way is longer, and by how much, ms.
    pub step: Option<(f64, f64)>,
    /// Amplitude of a slow change of the way with a period of 37 s, ms.
    pub wander_ms: f64,
}

/// Nothing but the 20 ms.
const STILL: Trace = Trace {
    name: "still",
    gamma_ms: 0.3,
    pareto: None,
    stalls: (0.0, 0.0, 0.0),
    loss: 0.0,
    burst: 1.0,
    reorder: 0.0,
    duplicate: 0.0,
    step: None,
    wander_ms: 0.0,
};

/// All of them.
pub const TRACES: [Trace; 6] = [
    Trace { name: "lan", ..STILL },
    Trace { name: "fibre", gamma_ms: 1.0, loss: 0.001, burst: 2.0, reorder: 0.001, duplicate: 0.001, ..STILL },
    Trace { name: "cable", gamma_ms: 2.0, stalls: (0.05, 15.0, 40.0), loss: 0.005, burst: 2.0, ..STILL },
    Trace {
        name: "wifi",
        gamma_ms: 0.5,
        pareto: Some((1.0, 1.8)),
        stalls: (0.33, 10.0, 60.0),
        loss: 0.01,
        burst: 3.0,
        reorder: 0.002,
        duplicate: 0.001,
        ..STILL
    },
    Trace { name: "4g", gamma_ms: 6.0, wander_ms: 5.0, stalls: (0.1, 20.0, 120.0), loss: 0.01, burst: 4.0, ..STILL },
    Trace { name: "route", gamma_ms: 1.0, loss: 0.001, burst: 2.0, step: Some((600.0, 15.0)), ..STILL },
];

/// One packet's arrival.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// Number of its frame.
    pub frame: u64,
    /// When it comes, ms of the receiver's clock.
    pub at_ms: f64,
}

impl Trace {
    /// The trace of that name.
    pub fn named(name: &str) -> Option<Trace> {
        TRACES.into_iter().find(|trace| trace.name == name)
    }

    /// Every arrival, by frame number; a lost frame has none, a doubled one two. Not sorted by time.
    pub fn arrivals(&self, frame_ms: f64, seconds: f64, skew_ppm: f64, seed: u64) -> Vec<Arrival> {
        let mut network = Network { trace: *self, rng: Rng::new(seed), previous: 0.0, bad: false, stall_end: -1.0 };
        let frames = (seconds * 1_000.0 / frame_ms) as u64;
        let mut arrivals = Vec::with_capacity(frames as usize);
        for frame in 0..frames {
            let send_ms = frame as f64 * frame_ms / (1.0 + skew_ppm * 1e-6) + frame_ms;
            network.carry(frame, send_ms, frame_ms, &mut arrivals);
        }
        arrivals
    }
}

/// What a network remembers from frame to frame.
struct Network {
    trace: Trace,
    rng: Rng,
    previous: f64,
    bad: bool,
    stall_end: f64,
}

impl Network {
    /// Draws one frame's fate. The order of the draws is part of the definition.
    fn carry(&mut self, frame: u64, send_ms: f64, frame_ms: f64, arrivals: &mut Vec<Arrival>) {
        let delay_ms = self.delay_ms(send_ms, frame_ms);
        let lost = self.is_lost();
        let mut at_ms = send_ms + delay_ms;
        if self.rng.uniform() < self.trace.reorder {
            at_ms += 1.5 * frame_ms;
        } else {
            at_ms = at_ms.max(self.previous + 0.02);
            self.previous = at_ms;
        }
        if !lost {
            arrivals.push(Arrival { frame, at_ms });
            if self.rng.uniform() < self.trace.duplicate {
                arrivals.push(Arrival { frame, at_ms: at_ms + 1.0 });
            }
        }
    }

    fn delay_ms(&mut self, send_ms: f64, frame_ms: f64) -> f64 {
        let trace = self.trace;
        let step_ms = trace.step.filter(|(at_s, _)| send_ms / 1_000.0 > *at_s).map_or(0.0, |(_, ms)| ms);
        let wander_ms = trace.wander_ms * (2.0 * std::f64::consts::PI * send_ms / 37_000.0).sin();
        let base_ms = 20.0 + step_ms + wander_ms;
        let gamma_ms = self.rng.gamma2(trace.gamma_ms);
        let pareto_ms = trace.pareto.map_or(0.0, |(scale, shape)| self.rng.pareto(scale, shape).min(80.0));
        let mut delay_ms = base_ms + gamma_ms + pareto_ms;
        let (per_second, shortest, longest) = trace.stalls;
        if self.rng.uniform() < per_second * frame_ms / 1_000.0 {
            self.stall_end = send_ms + base_ms + shortest + (longest - shortest) * self.rng.uniform();
        }
        if send_ms + delay_ms < self.stall_end {
            delay_ms = self.stall_end - send_ms + self.rng.exponential(0.2);
        }
        delay_ms
    }

    /// Gilbert-Elliott: nothing is lost in the good state, everything in the bad one.
    fn is_lost(&mut self) -> bool {
        let Trace { loss, burst, .. } = self.trace;
        let enter = if loss > 0.0 { loss / (burst * (1.0 - loss)) } else { 0.0 };
        let draw = self.rng.uniform();
        self.bad = if self.bad { draw > 1.0 / burst } else { draw < enter };
        self.bad
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    /// The reference's checksum: frame and microseconds of the first 10 000 frames of 5 ms at +200 ppm.
    fn checksum(trace: &Trace) -> String {
        let mut hash = Sha256::new();
        for Arrival { frame, at_ms } in trace.arrivals(5.0, 50.0, 200.0, SEED) {
            hash.update(format!("{frame},{}\n", (at_ms * 1_000.0).round_ties_even() as i64));
        }
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn every_trace_equals_the_reference() {
        let expected = [
            ("lan", "189b5fbf6c9d557e"),
            ("fibre", "5d4c89796accdbd7"),
            ("cable", "a5c1c971c175fb80"),
            ("wifi", "e8955a286fc70c5c"),
            ("4g", "c1e366233b0f5a92"),
            ("route", "01f4d8f078872b4e"),
        ];
        let found = TRACES.map(|trace| (trace.name, checksum(&trace)));
        assert_eq!(found.each_ref().map(|(name, sum)| (*name, sum.as_str())), expected);
    }

    #[test]
    fn another_seed_is_another_day() {
        let lan = Trace::named("lan").unwrap();
        assert_ne!(lan.arrivals(5.0, 1.0, 0.0, SEED), lan.arrivals(5.0, 1.0, 0.0, SEED + 1));
    }
}
