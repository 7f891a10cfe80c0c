//! Music through the real programs and back, judged: `cargo xtask bench sound`, or
//! `cargo bench -p tests --bench sound -- SECONDS PROFILE` for one run with its alignment printed, `-- chromium` for the
//! browser alone. Fails when a limit of
//! the verdict is broken, and prints how often the machine itself stood still meanwhile.

use codec::opus::FrameDuration;
use std::process::ExitCode;
use tests::recording::Original;
use tests::sound::Verdict;
use tests::stalls::StallWatch;

/// What the figures of the README are taken over.
const USUAL_SECONDS: u64 = 90;

fn main() -> anyhow::Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if words == ["chromium"] {
        return Ok(exit_code(chromium()?));
    }
    if let [seconds, profile] = words.as_slice() {
        let (seconds, verdict) = run(seconds.parse()?, profile)?;
        print(profile, seconds, &verdict);
        for at in &verdict.alignment {
            println!("{:8.1} s  shift {:10.3}  deviation {:8.3}", at.at as f64 / 48e3, at.shift, at.deviation);
        }
        for range in &verdict.damaged {
            println!("damaged {:.3} s to {:.3} s", range.start as f64 / 48e3, range.end as f64 / 48e3);
        }
        return Ok(exit_code(verdict.failures().is_empty()));
    }
    let mut all_hold = true;
    println!("profile   seconds  concealed  level dB (L, R)    segSNR dB  offline  worst position  faults");
    for profile in ["default", "low", "safe"] {
        let (seconds, verdict) = run(USUAL_SECONDS, profile)?;
        print(profile, seconds, &verdict);
        all_hold &= verdict.failures().is_empty();
    }
    Ok(exit_code(all_hold & chromium()?))
}

/// Chromium's own buffer stretches time whenever it adapts, so that neither place nor SNR can be asked of it.
fn chromium() -> anyhow::Result<bool> {
    const SECONDS: u64 = 20;
    let (heard, _) = Original::new(2 * SECONDS, FrameDuration::Us10000)?.through_chromium(SECONDS)?;
    let [left, right] = heard.level_db;
    println!("chromium  found in the music  time bent  level dB (L, R)    left and right made of the music's");
    println!(
        "{SECONDS:7} s  {:17.1}%  {:9}  {left:7.3}, {right:7.3}  {:.3?}",
        100.0 * heard.found,
        heard.moves,
        heard.mixing.unwrap_or([[f64::NAN; 2]; 2])
    );
    let failures = heard.failures();
    failures.iter().for_each(|failure| println!("          {failure}"));
    Ok(failures.is_empty())
}

fn exit_code(all_hold: bool) -> ExitCode {
    if all_hold { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(seconds: u64, profile: &str) -> anyhow::Result<(u64, Verdict)> {
    let frame = if profile == "low" { FrameDuration::Us5000 } else { FrameDuration::Us10000 };
    let original = Original::new(seconds + 10, frame)?;
    let watch = StallWatch::start();
    let verdict = original.through_native(seconds, profile)?;
    println!("{profile:8}  {}", watch.stop());
    Ok((seconds, verdict))
}

fn print(profile: &str, seconds: u64, verdict: &Verdict) {
    let position = verdict.worst_alignment().map_or(f64::NAN, |worst| worst.deviation);
    let [left, right] = verdict.level_db;
    println!(
        "{profile:8}  {seconds:7}  {:9}  {left:7.3}, {right:7.3}  {:9.2}  {:7.2}  {position:14.3}  {}",
        verdict.concealed.0,
        verdict.snr_db,
        verdict.offline_snr_db,
        verdict.failures().len()
    );
    for failure in verdict.failures() {
        println!("          {failure}");
    }
}
