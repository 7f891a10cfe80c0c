//! What the machine must have beside a compiler, how to tell, and where it comes from.

use crate::shell::{answers, run, say};
use anyhow::{Result, bail};
use std::process::Command;

/// What is about to be done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// Build the programs and the page.
    Build,
    /// Run the whole suite.
    Test,
}

/// One thing that must be there.
struct Item {
    /// From which need on.
    need: Need,
    /// Debian's packages that bring it.
    packages: &'static [&'static str],
    /// What it is for, in words for the person who is asked for the password.
    why: &'static str,
    /// Whether it is there.
    there: fn() -> bool,
}

const ITEMS: &[Item] = &[
    Item { need: Need::Build, packages: &["cmake", "make"], why: "builds the Opus codec", there: has_cmake },
    Item {
        need: Need::Build,
        packages: &["pkg-config", "libasound2-dev"],
        why: "reaches sound cards through ALSA",
        there: || answers("pkg-config", &["--exists", "alsa"]),
    },
    Item {
        need: Need::Build,
        packages: &["libjack-jackd2-dev"],
        why: "reaches the JACK sound server",
        there: || answers("pkg-config", &["--exists", "jack"]),
    },
    Item { need: Need::Build, packages: &["nodejs", "npm"], why: "builds the page", there: has_node },
    Item { need: Need::Test, packages: &["chromium"], why: "is the browser of the browser tests", there: has_chromium },
    Item {
        need: Need::Test,
        packages: &["jackd2"],
        why: "drives the real audio callback in tests",
        there: || answers("jackd", &["--version"]),
    },
    Item {
        need: Need::Test,
        packages: &["pulseaudio", "pulseaudio-utils", "libasound2-plugins"],
        why: "is the sound card of the tests, and shows what leaves the browser's output",
        there: has_pulse,
    },
    Item {
        need: Need::Test,
        packages: &["strace"],
        why: "shows what the audio callback asks of the kernel",
        there: || answers("strace", &["--version"]),
    },
    Item {
        need: Need::Test,
        packages: &["python3", "python3-pip", "python3-mido", "python3-webvtt", "python3-markdown-it", "ffmpeg"],
        why: "read exported files back",
        there: has_readers,
    },
];

/// Makes sure that everything for `need` is there: installs it as root, through `sudo` after saying what and why, or
/// names the command for the person to run.
pub(crate) fn ensure(need: Need) -> Result<()> {
    let missing: Vec<&Item> = ITEMS.iter().filter(|item| item.need <= need && !(item.there)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for item in &missing {
        say(&format!("missing: {} ({})", item.packages.join(" "), item.why));
    }
    install(&missing.iter().flat_map(|item| item.packages.iter().copied()).collect::<Vec<_>>())?;
    match missing.iter().find(|item| !(item.there)()) {
        Some(item) => bail!("{} was installed and still does not answer; look at it by hand", item.packages.join(" ")),
        None => Ok(()),
    }
}

fn install(packages: &[&str]) -> Result<()> {
    let by_hand = format!("apt-get update && apt-get install --no-install-recommends {}", packages.join(" "));
    if !answers("apt-get", &["--version"]) {
        bail!(
            "this system has no apt-get: install what these Debian packages bring with its own package manager, then run \
             again; on Debian the command is: {by_hand}"
        );
    }
    let prefix: &[&str] = if is_root() {
        &[]
    } else if answers("sudo", &["--version"]) {
        say(&format!("sudo may ask for your password now, to run as root: {by_hand}"));
        &["sudo"]
    } else {
        bail!("run this as root, then run again: {by_hand}");
    };
    // A machine may hold an old package list, in which every version it names is gone.
    run(apt(prefix).arg("update"))?;
    run(apt(prefix).args(["install", "-y", "--no-install-recommends"]).args(packages))
}

fn apt(prefix: &[&str]) -> Command {
    let words: Vec<&str> =
        prefix.iter().copied().chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

fn has_cmake() -> bool {
    answers("cmake", &["--version"]) && (answers("make", &["--version"]) || answers("ninja", &["--version"]))
}

/// Node 18 is what Debian 12 has and what the page's tools need.
fn has_node() -> bool {
    let major = "process.exit(Number(process.versions.node.split('.')[0]) >= 18 ? 0 : 1)";
    answers("node", &["-e", major]) && answers("npm", &["--version"])
}

/// The first Python in the path may be another than Debian's, for which the readers are packaged.
fn has_readers() -> bool {
    python().is_some() && answers("ffprobe", &["-version"])
}

/// A Python that has the readers which Debian packages, and pip for the others.
pub(crate) fn python() -> Option<&'static str> {
    let has_readers = |python: &&str| answers(python, &["-c", "import mido, webvtt, markdown_it, pip"]);
    ["python3", "/usr/bin/python3"].into_iter().find(has_readers)
}

/// The server, its recorder, and what leads ALSA's programs to it.
fn has_pulse() -> bool {
    let plugin = "$(pkg-config --variable=libdir alsa)/alsa-lib/libasound_module_pcm_pulse.so";
    let leads_there = answers("sh", &["-c", &format!("test -e {plugin}")]);
    leads_there && answers("pulseaudio", &["--version"]) && answers("parec", &["--version"])
}

fn has_chromium() -> bool {
    answers("chromium", &["--version", "--no-sandbox"])
}
