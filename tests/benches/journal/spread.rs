//! From a command's sending to its answer, and to the moment at which somebody has its event, through the real relay.

use super::{holds, quantile};
use anyhow::Result;
use std::time::Duration;
use tests::load::{Crowd, Load, Plan};
use tests::programs::Relay;

const PEOPLE: usize = 50;
const MOST_MS: f64 = 20.0;
const LOAD: Load = Load { seed: 1, sessions: 1, people: PEOPLE };
/// How often each of them asks: a lively session, and nearly what a participant may ask for long.
const RATES_PER_S: [f64; 3] = [0.4, 2.0, 8.0];
/// Commands that are measured at each rate.
const MEASURED: usize = 2_000;
/// At the lowest rate fewer, so that it takes no longer than the others.
const MEASURED_SLOW: usize = 400;
/// Commands before the measurement.
const WARM_UP: usize = 2 * PEOPLE;

pub(super) fn print() -> Result<bool> {
    println!("\none session, {PEOPLE} participants on links, ms from sending to …");
    println!("commands/s   answered p50     p99   everybody has the event p50     p99");
    let mut worst_ms = 0f64;
    for per_s in RATES_PER_S {
        let relay = Relay::start_with(&["--log", "error"])?;
        let plan = Plan { every: Duration::from_secs_f64(1.0 / per_s), outstanding: 8, repeats: 0 };
        let crowd = Crowd::gather(&relay, LOAD, plan)?;
        crowd.wait_for("the warm-up", crowd.tape().answered(WARM_UP))?;
        crowd.tape().take_delays();
        let measured = if per_s < 1.0 { MEASURED_SLOW } else { MEASURED };
        let begun = std::time::Instant::now();
        crowd.wait_for("the commands", crowd.tape().answered(WARM_UP + measured))?;
        let rate = measured as f64 / begun.elapsed().as_secs_f64();
        let (mut answers, mut spread) = crowd.tape().take_delays();
        answers.sort();
        spread.sort();
        let ms = |times: &[u64], share| quantile(times, share) / 1e3;
        println!(
            "{rate:10.0} {:14.2} {:7.2} {:29.2} {:7.2}",
            ms(&answers, 0.5),
            ms(&answers, 0.99),
            ms(&spread, 0.5),
            ms(&spread, 0.99)
        );
        worst_ms = worst_ms.max(ms(&spread, 0.99));
        crowd.settle()?;
    }
    Ok(holds(&format!("everybody has it within {MOST_MS} ms at p99"), worst_ms <= MOST_MS))
}
