use std::fmt;
use std::str::FromStr;

/// What happens to the datagrams of one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Impairment {
    /// Start of the random numbers. Same seed and same datagrams, same fate.
    pub seed: u64,
    /// Delay of every datagram in ms.
    pub delay_ms: f64,
    /// How much faster than the receiver's clock the sender's runs, in ppm: the delay shrinks by as much, or grows where
    /// this is negative, from the first datagram on.
    pub skew_ppm: f64,
    /// Mean of the random part of the delay in ms (gamma distributed, shape 2). Order is kept.
    pub jitter_ms: f64,
    /// Share of datagrams lost, 0 to 1 (Gilbert-Elliott).
    pub loss: f64,
    /// Mean length of a burst of losses in datagrams, at least 1.
    pub burst: f64,
    /// Share of datagrams that come 5 ms late and so out of order.
    pub reorder: f64,
    /// Share of datagrams that come twice, 1 ms apart.
    pub duplicate: f64,
    /// Places, counted from 0, of datagrams that are lost whatever the random numbers say.
    pub drop: Vec<u64>,
}

/// Why a text describes no impairment.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not part of an impairment; write words like `seed=7 delay=20 loss=0.05 burst=2 drop=0+3`")]
pub struct SpecError(String);

impl Default for Impairment {
    /// A perfect wire.
    fn default() -> Impairment {
        let (delay_ms, jitter_ms, loss, burst, reorder, duplicate) = (0.0, 0.0, 0.0, 1.0, 0.0, 0.0);
        Impairment { seed: 1, delay_ms, skew_ppm: 0.0, jitter_ms, loss, burst, reorder, duplicate, drop: Vec::new() }
    }
}

impl FromStr for Impairment {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Impairment, SpecError> {
        let mut read = Impairment::default();
        for word in text.split_whitespace() {
            read.set(word).ok_or_else(|| SpecError(word.to_owned()))?;
        }
        Ok(read)
    }
}

impl Impairment {
    fn set(&mut self, word: &str) -> Option<()> {
        let (name, value) = word.split_once('=')?;
        match name {
            "seed" => self.seed = value.parse().ok()?,
            "delay" => self.delay_ms = number(value, 60_000.0)?,
            "skew" => self.skew_ppm = value.parse().ok().filter(|ppm: &f64| ppm.abs() <= 1_000.0)?,
            "jitter" => self.jitter_ms = number(value, 60_000.0)?,
            "loss" => self.loss = number(value, 1.0)?,
            "burst" => self.burst = number(value, 1e6).filter(|burst| *burst >= 1.0)?,
            "reorder" => self.reorder = number(value, 1.0)?,
            "duplicate" => self.duplicate = number(value, 1.0)?,
            "drop" => self.drop = value.split('+').map(|at| at.parse().ok()).collect::<Option<_>>()?,
            _ => return None,
        }
        Some(())
    }
}

fn number(text: &str, most: f64) -> Option<f64> {
    text.parse().ok().filter(|value| (0.0..=most).contains(value))
}

impl fmt::Display for Impairment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed={}", self.seed)?;
        let plain = Impairment::default();
        let mut say = |name: &str, value: f64, usual: f64| {
            if value == usual { Ok(()) } else { write!(f, " {name}={value}") }
        };
        say("delay", self.delay_ms, plain.delay_ms)?;
        say("skew", self.skew_ppm, plain.skew_ppm)?;
        say("jitter", self.jitter_ms, plain.jitter_ms)?;
        say("loss", self.loss, plain.loss)?;
        say("burst", self.burst, plain.burst)?;
        say("reorder", self.reorder, plain.reorder)?;
        say("duplicate", self.duplicate, plain.duplicate)?;
        if self.drop.is_empty() {
            return Ok(());
        }
        let places: Vec<String> = self.drop.iter().map(u64::to_string).collect();
        write!(f, " drop={}", places.join("+"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_described_network_reads_back_as_itself() {
        let text = "seed=7 delay=20 skew=-300 jitter=3 loss=0.05 burst=2 reorder=0.001 duplicate=0.01 drop=0+3";
        assert_eq!(text.parse::<Impairment>().unwrap().to_string(), text);
        assert_eq!("".parse::<Impairment>().unwrap().to_string(), "seed=1");
    }

    #[test]
    fn what_is_no_network_is_said() {
        for text in ["loss=1.1", "loss=-0.1", "burst=0.5", "lag=3", "skew=2000", "seed", "drop=1+x", "delay=NaN"] {
            assert_eq!(text.parse::<Impairment>(), Err(SpecError(text.to_owned())));
        }
        assert!("loss=1".parse::<Impairment>().is_ok());
    }
}
