use super::Failure;
use crate::signal::{Api, Wanted};
use clap::Args;
use protocol::export::{Format, Scope};
use protocol::ids::{MixNumber, TakeNumber};
use protocol::link::InviteLink;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writing a session into a file for other programs.
#[derive(Debug, Args)]
#[command(after_long_help = FORMATS)]
pub struct ExportArgs {
    /// Invitation link of somebody who may export, in quotes; one that is good once is used up
    link: InviteLink,
    /// json, csv, md, vtt, audacity, reaper or midi
    #[arg(long, value_name = "FORMAT")]
    format: Format,
    /// Only this take, on its own timeline
    #[arg(long, value_name = "N", conflicts_with = "mix")]
    take: Option<u32>,
    /// Only this mix version, on its own timeline
    #[arg(long, value_name = "N")]
    mix: Option<u32>,
    /// File to write, or - for standard output
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
    /// Write over a file that is there
    #[arg(long)]
    force: bool,
}

const FORMATS: &str = "\
Formats:\n  \
json      everything, lossless: the state and the log with its stored bytes\n  \
csv       a table of takes, notes and replies for spreadsheets\n  \
md        the session report and the numbered list, to be read\n  \
vtt       captions (WebVTT)\n  \
audacity  a label track: File > Import > Labels\n  \
reaper    a project (.RPP) with markers and regions\n  \
midi      a Standard MIDI File with tempo, metre and markers, for Pro Tools, Logic and most others\n\
\n\
A mark stands where its author means: what was heard, less the reaction time. csv and md say both.";

pub(super) async fn export(args: ExportArgs) -> Result<(), Failure> {
    let to_stdout = args.output.as_os_str() == "-";
    if !to_stdout && !args.force && args.output.exists() {
        return Err(taken(&args.output));
    }
    let scope = match (args.take, args.mix) {
        (Some(take), _) => Scope::Take(TakeNumber(take)),
        (None, Some(mix)) => Scope::Mix(MixNumber(mix)),
        (None, None) => Scope::Session,
    };
    let api = Api::new(&args.link.relay)?;
    let opened = api.redeem(&args.link, "export").await?;
    let bytes = api.export(Wanted { session: opened.session, format: args.format, scope }, &opened.ticket).await?;
    let written = match to_stdout {
        true => io::stdout().write_all(&bytes).and_then(|()| io::stdout().flush()),
        false if args.force => replace(&args.output, &bytes),
        false => create(&args.output, &bytes),
    };
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => taken(&args.output),
        _ => {
            let path = args.output.display();
            Failure::Other(format!("{path} cannot be written ({error}); choose another place with -o"))
        }
    })
}

fn taken(path: &Path) -> Failure {
    Failure::Usage(format!("{} is there already; choose another name, or write over it with --force", path.display()))
}

/// Makes a new file, whole or not at all.
fn create(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes).inspect_err(|_| {
        // What is left is of no use; that it stays is no worse than the failure that is told.
        let _ = std::fs::remove_file(path);
    })
}

/// Puts a file in another's place; the other stays when this fails.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = PathBuf::from(beside);
    create(&beside, bytes)?;
    std::fs::rename(&beside, path).inspect_err(|_| {
        let _ = std::fs::remove_file(&beside);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_is_only_written_over_on_purpose() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.csv");
        create(&path, b"one").unwrap();
        assert_eq!(create(&path, b"two").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        replace(&path, b"three").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"three");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        assert!(replace(folder.path(), b"x").is_err());
    }
}
