//! `farfield`: the native client's command line.

use clap::Parser;
use client::cli::{Cli, exit_code, run};
use std::io::IsTerminal;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    start_logging(&cli);
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("farfield: {failure}");
            exit_code(&failure)
        }
    }
}

/// Logs go to stderr: stdout belongs to `--json` and the live view, which logs must not write into either.
fn start_logging(cli: &Cli) {
    let usual = match cli.verbose {
        _ if cli.shows_view() && std::io::stderr().is_terminal() => "off",
        0 => {
            "warn,jack=off,symphonia_core=off,symphonia_bundle_mp3=off,rtc=error,webrtc=error,rtc_ice=error,rtc_dtls=error"
        }
        1 => "info,client=debug,client_core=debug,jack=off",
        _ => "debug",
    };
    let filter = EnvFilter::try_from_env("FARFIELD_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
