//! Readers of exported files that Debian does not package.

use crate::setup::python;
use crate::shell::{command, root, run, say};
use crate::stamp::{hash_of, once};
use anyhow::{Context, Result};

const READERS: &str = "tests/readers";

/// Puts them beside the tests' own reading, nowhere else on the machine.
pub(crate) fn install() -> Result<()> {
    let list = root().join(READERS).join("requirements.txt");
    let packages = root().join(READERS).join("packages");
    once(&packages.join(".installed-from"), hash_of(&[list])?, || {
        say("installing the readers of exported files");
        let python = python().context("no python3 has mido, webvtt, markdown_it and pip")?;
        let mut pip = command(python);
        pip.current_dir(root().join(READERS)).args(["-m", "pip", "install", "--quiet", "--root-user-action", "ignore"]);
        pip.args(["--require-hashes", "--only-binary", ":all:", "-r", "requirements.txt"]);
        run(pip.args(["--upgrade", "--target", "packages"]))
    })
}
