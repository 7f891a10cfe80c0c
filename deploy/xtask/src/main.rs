//! `cargo xtask …`: everything that a newcomer or a machine does with this house, each as one command that does its own
//! set-up.
//!
//! *Absent*: native dependencies. This crate must build on a machine that has nothing but a compiler, because it is
//! what installs the rest.

mod bench;
mod demo;
mod page;
mod readers;
mod setup;
mod shell;
mod stamp;
mod test;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Build, try and test Farfield.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Start a relay and a studio that plays into it, and print the links for everybody else.
    Demo(Demo),
    /// Run the whole suite, browser tests in a headless Chromium included.
    Test(Test),
    /// Measure: sound, delay, relay cost, codec, journal. Prints tables with the machine they were made on.
    Bench {
        /// Which one; all when none is named.
        #[arg(value_enum)]
        which: Vec<bench::Bench>,
    },
    /// Put the real programs through faults for long, and judge what they did meanwhile.
    Faults {
        /// Which; all when none is named.
        #[arg(value_enum)]
        which: Vec<bench::Fault>,
    },
    /// Build the page into client/web/dist, where the relay embeds it from.
    Page,
    /// Write the page's TypeScript types anew from the crate `protocol`.
    Types,
    /// Install what the other commands need, and nothing else.
    Setup,
}

/// What `cargo xtask demo` takes.
#[derive(clap::Args)]
struct Demo {
    /// What the studio plays: `device[:NAME]`, `jack[:NAME]`, `file:PATH`, a path, `music` or `tone`; a file over and
    /// over.
    /// Without it: the default capture device if there is one, else music that the program makes itself.
    #[arg(long, value_name = "SPEC")]
    input: Option<String>,
    /// Folder of keys, sessions and recordings. Without it: `demo` in cargo's target folder.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Stop by itself after so many seconds.
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
    /// One JSON object a line instead of words: first the links, then what the studio client tells.
    #[arg(long)]
    json: bool,
}

/// What `cargo xtask test` takes.
#[derive(clap::Args)]
struct Test {
    /// Only tests whose name contains this; the page's own tests are then left out.
    filter: Option<String>,
}

fn main() -> ExitCode {
    let done = match Cli::parse().task {
        Task::Demo(demo) => demo::run(&demo),
        Task::Test(test) => test::run(test.filter.as_deref()),
        Task::Bench { which } => bench::run(&which),
        Task::Faults { which } => bench::run_faults(&which),
        Task::Page => setup::ensure(setup::Need::Build).and_then(|()| page::build()),
        Task::Types => page::write_types(),
        Task::Setup => setup::ensure(setup::Need::Test),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
