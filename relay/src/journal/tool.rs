//! `farfield-relay verify`, `backup` and `restore`: work on a data folder without running a relay.

use super::backup::{backup, restore};
use super::verify::{Report, verify};
use clap::Subcommand;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

/// Everything is sound and done.
const SOUND: u8 = 0;
/// It was looked through, and something is wrong in it.
const FAULTY: u8 = 1;
/// It could not be done.
const FAILED: u8 = 2;

/// What to do with a data folder. Exit code 0: done and sound; 1: done, but faults were found; 2: not done.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Tool {
    /// Read every session's journal through and say what is wrong where; a relay may be at work
    #[command(after_help = EXIT_CODES)]
    Verify {
        /// The relay's data folder, or a backup
        data: PathBuf,
        /// Say it as one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Copy journal, invitations and keys to a new folder; a relay may be at work
    #[command(after_help = EXIT_CODES)]
    Backup {
        /// The relay's data folder
        data: PathBuf,
        /// The folder to make
        path: PathBuf,
    },
    /// Put a backup into a folder that is empty or does not exist
    #[command(after_help = EXIT_CODES)]
    Restore {
        /// The backup
        path: PathBuf,
        /// The relay's data folder to be
        data: PathBuf,
    },
}

const EXIT_CODES: &str = "Exit codes: 0 done and sound; 1 done, but faults were found; 2 not done.";

impl Tool {
    /// Does it, says what came of it on stdout, or on stderr why nothing did. Blocks on the disk.
    pub fn run(&self) -> ExitCode {
        let code = self.work(&mut io::stdout()).unwrap_or_else(|why| {
            eprintln!("farfield-relay: {why}");
            FAILED
        });
        ExitCode::from(code)
    }

    fn work(&self, out: &mut impl Write) -> Result<u8, String> {
        let report = match self {
            Tool::Verify { data, .. } => verify(data).map_err(said)?,
            Tool::Backup { data, path } => backup(data, path).map_err(said)?,
            Tool::Restore { path, data } => restore(path, data).map_err(said)?,
        };
        self.say(out, &report).map_err(said)?;
        Ok(if report.is_sound() { SOUND } else { FAULTY })
    }

    fn say(&self, out: &mut impl Write, report: &Report) -> io::Result<()> {
        if let Tool::Verify { json: true, .. } = self {
            return writeln!(out, "{}", serde_json::to_string(report)?);
        }
        report.faults.iter().try_for_each(|fault| writeln!(out, "{fault}"))?;
        let (sessions, events) = (report.sessions.len(), report.events());
        let verdict = match (report.faults.len(), self) {
            (0, Tool::Restore { .. }) => "restored and sound".to_owned(),
            (0, Tool::Backup { .. }) => "copied and sound".to_owned(),
            (0, Tool::Verify { .. }) => "sound".to_owned(),
            (faults, _) => format!("{faults} faults"),
        };
        writeln!(out, "{sessions} sessions with {events} events: {verdict}.")
    }
}

fn said(error: impl std::error::Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests;
