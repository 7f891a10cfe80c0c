//! Logs on stderr and figures for `/metrics`.

mod metrics;

pub use metrics::Metrics;

use std::io;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Libraries that print the bytes that they carry at these levels; tickets and secrets are among them.
const KEPT_QUIET: [&str; 4] = ["tungstenite=info", "tokio_tungstenite=info", "hyper=info", "hyper_util=info"];

/// Sends logs to stderr, as JSON where programs read them. Only the first call in a process counts.
///
/// # Errors
/// When the filter cannot be read.
pub fn start_logging(filter: &str, json: bool) -> Result<(), String> {
    log_to(filter, json, io::stderr)
}

/// The same with a writer of the caller's, for tests.
///
/// # Errors
/// When the filter cannot be read.
pub fn log_to<W>(filter: &str, json: bool, writer: W) -> Result<(), String>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let wrong = |_| format!("the log filter {filter:?} cannot be read; write info, debug, or relay=debug");
    let quiet = KEPT_QUIET.into_iter().filter_map(|directive| directive.parse().ok());
    let filter = EnvFilter::try_new(filter).map_err(wrong)?;
    let filter = quiet.fold(filter, EnvFilter::add_directive);
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(writer);
    let _ = if json { builder.json().try_init() } else { builder.try_init() };
    Ok(())
}
