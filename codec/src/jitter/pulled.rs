use units::{SampleCount, Ticks};

/// Most spans that one [`Pulled`] can tell apart; a longer block joins the last ones under the worst kind among them.
const MAX_SPANS: usize = 32;

/// Where a range of output samples came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Nothing has been played yet.
    #[default]
    Silence,
    /// The packet itself.
    Real,
    /// A redundant copy of the packet.
    Redundant,
    /// Made up, because neither was there in time.
    Concealed,
}

/// A position on the stream's RTP clock, unwrapped to 64 bits from the first packet's timestamp, between two ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Position {
    /// Whole ticks; the low 32 bits are an RTP timestamp.
    pub ticks: Ticks,
    /// The rest of a tick, in [0, 1).
    pub fraction: f64,
}

impl Position {
    /// Ticks since `origin`, with their fraction.
    pub fn ticks_since(self, origin: Ticks) -> f64 {
        (self.ticks.0 - origin.0) as f64 + self.fraction
    }

    pub(super) fn new(ticks: i64, fraction: f64) -> Position {
        let whole = fraction.floor();
        Position { ticks: Ticks(ticks + whole as i64), fraction: fraction - whole }
    }
}

/// A range of output samples of one kind whose source positions lie on one line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Span {
    /// Its length in samples per channel.
    pub len: SampleCount,
    /// What was played.
    pub kind: Kind,
    /// The source position of its first sample, the resampler's delay taken off; `None` for silence.
    pub position: Option<Position>,
    /// Ticks from one sample to the next: the ratio in force, or 0 where the buffer was filled up by concealment.
    pub ticks_per_sample: f64,
}

/// What one call of [`JitterBuffer::pull_rt`](super::JitterBuffer::pull_rt) has put out.
#[derive(Clone, Copy, Debug)]
pub struct Pulled {
    spans: [Span; MAX_SPANS],
    used: usize,
    /// The source position jumped within this block; note positions before and after do not compare.
    pub resynced: bool,
    /// Ticks consumed per output sample: 48 000 / output rate · (1 + drift + slew).
    pub ratio: f64,
}

impl Pulled {
    pub(super) fn new(ratio: f64) -> Pulled {
        Pulled { spans: [Span::default(); MAX_SPANS], used: 0, resynced: false, ratio }
    }

    /// The ranges of the block in order; their lengths add up to the block's.
    pub fn spans(&self) -> &[Span] {
        &self.spans[..self.used]
    }

    /// The source position of the first sample that is not silence.
    pub fn position(&self) -> Option<Position> {
        self.spans().iter().find_map(|span| span.position)
    }

    /// The source position of output sample `n` of the block, counted per channel; `None` for silence or beyond the end.
    pub fn position_at(&self, n: SampleCount) -> Option<Position> {
        let mut before = 0;
        for span in self.spans() {
            if n.0 < before + span.len.0 {
                let on = (n.0 - before) as f64 * span.ticks_per_sample;
                return span.position.map(|at| Position::new(at.ticks.0, at.fraction + on));
            }
            before += span.len.0;
        }
        None
    }

    /// Samples per channel of one kind.
    pub fn count(&self, kind: Kind) -> SampleCount {
        SampleCount(self.spans().iter().filter(|span| span.kind == kind).map(|span| span.len.0).sum())
    }

    pub(super) fn add(&mut self, span: Span) {
        if let Some(last) = self.spans[..self.used].last_mut() {
            let end = last.position.map(|at| at.fraction + last.len.0 as f64 * last.ticks_per_sample);
            let continues = match (last.position, span.position, end) {
                (Some(a), Some(b), Some(end)) => {
                    (b.ticks_since(a.ticks) - end).abs() < 1e-3
                        && (last.ticks_per_sample - span.ticks_per_sample).abs() < 1e-12
                }
                (None, None, _) => true,
                _ => false,
            };
            if continues && last.kind == span.kind || self.used == MAX_SPANS {
                last.len = SampleCount(last.len.0 + span.len.0);
                last.kind = last.kind.max(span.kind);
                return;
            }
        }
        self.spans[self.used] = span;
        self.used += 1;
    }
}
