//! `farfield-relay`: the relay as a program.

use anyhow::{Context, anyhow};
use clap::Parser;
use relay::config::{Cli, Config, check_environment};
use relay::{Running, reachable, telemetry};
use std::io::Write;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(tool) = &cli.tool {
        return tool.run();
    }
    match start(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("farfield-relay: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(cli: &Cli) -> anyhow::Result<()> {
    let names: Vec<_> = std::env::vars_os().map(|(name, _)| name).collect();
    check_environment(names.iter().map(|name| name.as_os_str()))?;
    let config = Config::load(cli).map_err(said)?;
    if cli.print_config {
        print!("{}", config.to_toml());
        return Ok(());
    }
    telemetry::start_logging(&config.log, cli.json).map_err(|sentence| anyhow!(sentence))?;
    let runtime = tokio::runtime::Runtime::new()
        .context("the system gives the relay no threads; raise its limit on tasks and start it again")?;
    runtime.block_on(work(config, cli.json))
}

async fn work(config: Config, json: bool) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = async move {
        tokio::select! { _ = terminate.recv() => (), _ = interrupt.recv() => () }
    };
    let owner_key = config.data.join("owner.key");
    let running = relay::run(config, stop).await.map_err(said)?;
    announce(&running, &owner_key.display().to_string(), json)
        .context("nobody reads the relay's standard output; start it with a terminal or a file there")?;
    running.finished().await;
    Ok(())
}

/// The relay's own errors name their causes in their sentences, so the chain behind them would only repeat them.
fn said(error: impl std::error::Error) -> anyhow::Error {
    anyhow!(error.to_string())
}

/// The first line on stdout with `--json`.
#[derive(serde::Serialize)]
struct Ready {
    ready: bool,
    http: String,
    media: Vec<String>,
}

fn announce(running: &Running, owner_key: &str, json: bool) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    let http = running.http_url();
    let media: Vec<_> = running.media_addrs.iter().map(|addr| reachable(*addr).to_string()).collect();
    if json {
        let line = serde_json::to_string(&Ready { ready: true, http, media })?;
        writeln!(out, "{line}")?;
    } else {
        writeln!(out, "The relay is at {http}, media on UDP {}. Owner's key: {owner_key}", media.join(", "))?;
    }
    out.flush()
}
