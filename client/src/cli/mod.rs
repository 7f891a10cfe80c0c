//! The command line: what can be asked of `farfield`, and with which exit code it answers.

mod devices;
mod exit;
mod export;
mod join;
mod session;

pub use exit::{Failure, exit_code};
pub use export::ExportArgs;
pub use join::JoinArgs;

use crate::report::Mode;
use clap::{Args, CommandFactory, Parser, Subcommand};
use protocol::grants::Role;
use protocol::link::InviteLink;
use std::path::PathBuf;

/// Studio sound, far away and undamaged: the native client.
#[derive(Debug, Parser)]
#[command(name = "farfield", version, after_help = AFTER_HELP)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Log more on stderr; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

const AFTER_HELP: &str = "\
Exit codes:\n  \
0  done, or left in order (Ctrl-C, SIGTERM and --seconds included)\n  \
1  something else failed; the message says what\n  \
2  the command line is wrong\n  \
3  the relay cannot be reached\n  \
4  the relay refused: link, key or right\n  \
5  a sound device or sound file cannot be used\n\
\n\
Examples:\n  \
farfield join 'https://studio.example/i/ID#SECRET'\n  \
farfield join LINK --input device:Scarlett@1,2 --stream program --input device:Webcam --stream talkback\n  \
farfield join LINK --input file:mix.flac --output file:heard.wav --seconds 90 --json\n  \
farfield export LINK --format reaper --take 3 -o take3.rpp\n\
\n\
FARFIELD_LOG sets what is logged on stderr, as in FARFIELD_LOG=client=debug.";

/// What can be asked.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Join a session: publish inputs, play what may be heard
    Join(Box<JoinArgs>),
    /// List sound devices
    Devices {
        /// One JSON object on stdout
        #[arg(long)]
        json: bool,
    },
    /// Make sessions
    #[command(subcommand)]
    Session(SessionCommand),
    /// Make or revoke invitation links
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Invite(InviteArgs),
    /// Write a session, a take or a mix version into a file for other programs
    Export(Box<ExportArgs>),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// What can be done with sessions.
#[derive(Debug, Subcommand)]
pub enum SessionCommand {
    /// Make a session and one invitation link per role
    New {
        /// Address of the relay, as in `https://studio.example`
        #[arg(long, value_name = "URL", env = "FARFIELD_URL")]
        relay: String,
        /// The relay's owner key, which its first start wrote into its data folder
        #[arg(long, value_name = "FILE", default_value = "farfield-data/owner.key", env = "FARFIELD_OWNER_KEY")]
        owner_key: PathBuf,
        /// What people call the session
        #[arg(long, value_name = "TITLE")]
        title: String,
        /// One JSON object on stdout: {"session":…,"links":{"owner":…,"engineer":…,…}}
        #[arg(long)]
        json: bool,
    },
}

/// Making an invitation.
#[derive(Debug, Args)]
pub struct InviteArgs {
    /// An invitation link of somebody who may invite (owner, engineer or producer)
    #[arg(required = true)]
    link: Option<InviteLink>,
    /// What the new invitation lets people do
    #[arg(long, required = true)]
    role: Option<Role>,
    /// The new invitation is used up by its first use
    #[arg(long)]
    once: bool,
    /// One JSON object on stdout: {"link":…}
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Option<InviteCommand>,
}

/// What else can be done with invitations.
#[derive(Debug, Subcommand)]
pub enum InviteCommand {
    /// End an invitation; whoever is inside stays
    Revoke {
        /// The link to end
        link: InviteLink,
        /// The link of somebody who may invite; the ended link itself when absent
        #[arg(long, value_name = "LINK")]
        by: Option<InviteLink>,
    },
}

impl Cli {
    /// Whether the terminal will be taken for the live view.
    pub fn shows_view(&self) -> bool {
        matches!(&self.command, Command::Join(args) if args.mode() == Mode::View)
    }
}

/// Does what the command line asks.
pub async fn run(cli: Cli) -> Result<(), Failure> {
    match cli.command {
        Command::Join(args) => join::join(*args).await,
        Command::Devices { json } => devices::list(json),
        Command::Session(SessionCommand::New { relay, owner_key, title, json }) => {
            session::new(&relay, &owner_key, &title, json).await
        }
        Command::Invite(args) => session::invite(args).await,
        Command::Export(args) => export::export(*args).await,
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "farfield", &mut std::io::stdout());
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = "https://studio.example/i/018f4d3e-0000-7000-8000-000000000001#AAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn the_command_line_is_well_made() {
        Cli::command().debug_assert();
    }

    #[test]
    fn an_invitation_is_made_or_revoked() {
        let made = Cli::try_parse_from(["farfield", "invite", LINK, "--role", "mentor", "--once"]).unwrap();
        assert!(matches!(made.command, Command::Invite(InviteArgs { role: Some(Role::Mentor), once: true, .. })));
        let revoked = Cli::try_parse_from(["farfield", "invite", "revoke", LINK]).unwrap();
        let Command::Invite(InviteArgs { command: Some(InviteCommand::Revoke { by: None, .. }), .. }) = revoked.command
        else {
            panic!("not a revocation")
        };
        assert!(Cli::try_parse_from(["farfield", "invite", LINK]).is_err());
    }

    #[test]
    fn a_cut_off_link_is_a_usage_error_that_says_so() {
        let error = Cli::try_parse_from(["farfield", "join", &LINK[..LINK.len() - 3]]).unwrap_err();
        assert!(error.to_string().contains("copy the whole link"), "{error}");
    }
}
