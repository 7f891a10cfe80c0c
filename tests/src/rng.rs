//! The one source of randomness of simulations: small, seeded, the same on every machine.

use std::time::SystemTime;

/// `FARFIELD_SEED`, or another one each time. It is printed, so that a failure can be repeated.
///
/// # Panics
/// If `FARFIELD_SEED` is no number.
pub fn seed() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let given = std::env::var("FARFIELD_SEED").ok();
    let seed = given.map_or(now.as_nanos() as u64, |seed| seed.parse().expect("FARFIELD_SEED is a number"));
    println!("FARFIELD_SEED={seed}");
    seed
}

/// xorshift64 with 53-bit uniforms in (0, 1), as the reference traces define it.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Starts at a seed other than 0 (0 is taken for 1), past the first 20 numbers, which hang on the seed's bits.
    pub fn new(seed: u64) -> Rng {
        let mut rng = Rng(seed.max(1));
        for _ in 0..20 {
            rng.uniform();
        }
        rng
    }

    /// Uniform in (0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Exponential with this mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * self.uniform().ln()
    }

    /// Gamma of shape 2 with this mean.
    pub fn gamma2(&mut self, mean: f64) -> f64 {
        self.exponential(mean / 2.0) + self.exponential(mean / 2.0)
    }

    /// Lomax (Pareto II) with scale `xm` and shape `a`.
    pub fn pareto(&mut self, xm: f64, a: f64) -> f64 {
        xm * (self.uniform().powf(-1.0 / a) - 1.0)
    }
}
