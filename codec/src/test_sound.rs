//! Sound and a yardstick for this crate's own tests.

/// Two seconds' worth of chords, each channel its own, with an onset every 125 ms: `len` samples per channel,
/// interleaved, peaks below 0.7. Without content below 200 Hz, where Opus turns the phase.
pub(crate) fn sound(len: usize, channels: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(len * channels);
    for at in 0..len {
        let t = at as f32 / 48_000.0;
        let decay = (-8.0 * (t % 0.125)).exp();
        for channel in 0..channels {
            let root = 330.0 + 110.0 * channel as f32;
            let tone = |ratio: f32| (core::f32::consts::TAU * root * ratio * t).sin();
            out.push(0.2 * (tone(1.0) + 0.5 * tone(1.5) + decay * tone(5.0)));
        }
    }
    out
}

/// How far the difference of `heard` and `wanted` lies below `wanted`, in dB.
pub(crate) fn snr_db(wanted: &[f32], heard: &[f32]) -> f64 {
    let energy = |values: &mut dyn Iterator<Item = f32>| values.map(|v| f64::from(v) * f64::from(v)).sum::<f64>();
    let signal = energy(&mut wanted.iter().copied());
    let noise = energy(&mut wanted.iter().zip(heard).map(|(a, b)| a - b));
    10.0 * (signal / noise).log10()
}
