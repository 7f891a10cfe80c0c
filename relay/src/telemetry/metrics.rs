use crate::journal::Figures;
use crate::media::{MediaHandle, ShardStats};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;
use std::fmt;

/// What the relay counts. Each figure is one atomic number.
#[derive(Debug, Default)]
pub struct Metrics {
    registry: Registry,
    /// Links whose hello was accepted and that are open.
    pub links: Gauge,
    /// Sessions that run.
    pub rooms: Gauge,
    /// Hellos that were accepted.
    pub joins: Counter,
    /// Hellos that were refused.
    pub refused_joins: Counter,
    /// Frames read from links.
    pub frames_in: Counter,
    /// Frames that could not be read.
    pub frames_malformed: Counter,
    /// Frames put into links' queues.
    pub frames_out: Counter,
    /// Links closed because their reader fell behind.
    pub slow_links: Counter,
}

impl Metrics {
    /// All figures at zero, with those of the media plane and of the journal beside them.
    pub fn new(media: MediaHandle, journal: &Figures) -> Metrics {
        let mut metrics = Metrics { registry: Registry::with_prefix("farfield"), ..Metrics::default() };
        let Metrics { registry, links, rooms, joins, refused_joins, .. } = &mut metrics;
        registry.register("links", "Links that are open", links.clone());
        registry.register("rooms", "Sessions that run", rooms.clone());
        registry.register("joins", "Hellos accepted", joins.clone());
        registry.register("joins_refused", "Hellos refused", refused_joins.clone());
        let Metrics { registry, frames_in, frames_malformed, frames_out, slow_links, .. } = &mut metrics;
        registry.register("frames_in", "Frames read from links", frames_in.clone());
        registry.register("frames_malformed", "Frames that could not be read", frames_malformed.clone());
        registry.register("frames_out", "Frames queued for links", frames_out.clone());
        registry.register("links_closed_slow", "Links closed because their reader fell behind", slow_links.clone());
        journal.register(registry);
        registry.register_collector(Box::new(MediaFigures(media)));
        metrics
    }

    /// Everything in the OpenMetrics text format.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

/// Reads the shards' counters when they are asked for.
#[derive(Debug)]
struct MediaFigures(MediaHandle);

type Read = fn(&ShardStats) -> f64;

const COUNTERS: [(&str, &str, Read); 9] = [
    ("media_datagrams_in", "Datagrams received", |s| s.datagrams_in as f64),
    ("media_datagrams_refused", "Datagrams that no peer was found for", |s| s.datagrams_refused as f64),
    ("media_packets_in", "Media packets taken from publishers", |s| s.packets_in as f64),
    ("media_packets_malformed", "Media packets with broken framing", |s| s.packets_malformed as f64),
    ("media_packets_out", "Media packets sent to listeners", |s| s.packets_out as f64),
    ("media_packets_direct", "Those sealed past the WebRTC library", |s| s.packets_direct as f64),
    ("media_send_errors", "Datagrams that the system did not take", |s| s.send_errors as f64),
    ("media_forward_seconds", "Time spent forwarding, sealing and sending included", |s| s.forward_us as f64 / 1e6),
    ("media_cpu_seconds", "CPU time of the shard's thread", |s| s.cpu_us as f64 / 1e6),
];

impl Collector for MediaFigures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let shards = self.0.stats();
        let peers: Vec<_> = shards.iter().map(|stats| ConstGauge::new(stats.peers as f64)).collect();
        encode_by_shard(&mut encoder, "media_peers", "Peers, connected or not", &peers)?;
        for (name, help, read) in COUNTERS {
            let values: Vec<_> = shards.iter().map(|stats| ConstCounter::new(read(stats))).collect();
            encode_by_shard(&mut encoder, name, help, &values)?;
        }
        Ok(())
    }
}

fn encode_by_shard<M: EncodeMetric>(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    values: &[M],
) -> Result<(), fmt::Error> {
    let Some(first) = values.first() else { return Ok(()) };
    let mut family = encoder.encode_descriptor(name, help, None, first.metric_type())?;
    values
        .iter()
        .enumerate()
        .try_for_each(|(shard, value)| value.encode(family.encode_family(&[("shard", shard.to_string())])?))
}
