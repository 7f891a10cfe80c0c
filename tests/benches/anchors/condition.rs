//! What the network and the studio are like while somebody marks.

/// One row of the table.
#[derive(Clone, Copy)]
pub(crate) struct Condition {
    /// Its name.
    pub(crate) name: &'static str,
    /// The way from the relay to the listener, as an impairment's line.
    pub(crate) down: &'static str,
    /// More arguments of the publisher.
    pub(crate) publisher: &'static [&'static str],
    /// What happens halfway.
    pub(crate) halfway: Halfway,
}

/// What happens while marking goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Halfway {
    /// Nothing.
    Nothing,
    /// The publisher ends and another process takes its place.
    PublisherRestarts,
    /// The listener's sound is cut off for so long that it needs another connection.
    ListenerReconnects,
}

/// 10 s of ticks before 2^32.
const BEFORE_WRAP: &[&str] = &["--rtp0", "4294487296"];
const USUAL: Condition =
    Condition { name: "20 ms of delay", down: "delay=20", publisher: &[], halfway: Halfway::Nothing };

/// All rows.
pub(crate) const ALL: [Condition; 10] = [
    USUAL,
    Condition { name: "300 ms of delay", down: "delay=300", ..USUAL },
    Condition { name: "2 000 ms of delay", down: "delay=2000", ..USUAL },
    Condition { name: "studio clock +300 ppm", down: "delay=60 skew=300", ..USUAL },
    Condition { name: "studio clock -300 ppm", down: "delay=20 skew=-300", ..USUAL },
    Condition { name: "2 % loss", down: "delay=20 loss=0.02", ..USUAL },
    Condition { name: "20 ms frames", publisher: &["--frame-us", "20000"], ..USUAL },
    Condition { name: "RTP wrap 10 s after start", publisher: BEFORE_WRAP, ..USUAL },
    Condition { name: "publisher restart", halfway: Halfway::PublisherRestarts, ..USUAL },
    Condition { name: "reconnect", halfway: Halfway::ListenerReconnects, ..USUAL },
];
