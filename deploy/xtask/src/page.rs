//! The page: its packages, its build, its generated types. Each step is skipped while nothing it reads has changed.

use crate::shell::{cargo, command, read, root, run, say};
use crate::stamp::{hash_of, once};
use anyhow::{Context, Result};
use std::fs;
use std::path::{Path, PathBuf};

const WEB: &str = "client/web";
const TYPES: &str = "client/web/src/protocol.gen.ts";

/// Builds the page into `client/web/dist`.
pub(crate) fn build() -> Result<()> {
    install(WEB)?;
    let dist = root().join(WEB).join("dist");
    once(&dist.join(".built-from"), page_inputs()?, || {
        say("building the page");
        run(npm(WEB).args(["run", "build"]))
    })
}

/// Type-checks the page and runs its own tests, its reducer and its gate against two thousand random sessions.
pub(crate) fn check() -> Result<()> {
    install(WEB)?;
    say("checking the page");
    run(npm(WEB).args(["run", "check"]))?;
    let sessions = root().join(WEB).join("node_modules/.sessions.jsonl");
    let example = ["run", "--quiet", "-p", "protocol", "--features", "schema,ts", "--example", "sessions"];
    fs::write(&sessions, read(cargo().args(example))?).context("the random sessions could not be written")?;
    run(npm(WEB).args(["run", "test"]).env("SESSIONS", &sessions))
}

/// Installs the packages that a folder's lock file names.
pub(crate) fn install(folder: &str) -> Result<()> {
    let lock = root().join(folder).join("package-lock.json");
    let stamp = root().join(folder).join("node_modules/.installed-from");
    once(&stamp, hash_of(&[lock])?, || {
        say(&format!("installing the packages of {folder}"));
        run(npm(folder).args(["ci", "--no-audit", "--no-fund"]))
    })
}

/// Writes the page's types from the crate `protocol`.
pub(crate) fn write_types() -> Result<()> {
    let types =
        read(cargo().args(["run", "--quiet", "-p", "protocol", "--features", "ts", "--example", "typescript"]))?;
    fs::write(root().join(TYPES), types).with_context(|| format!("{TYPES} could not be written"))
}

fn npm(folder: &str) -> std::process::Command {
    let mut npm = command("npm");
    npm.current_dir(root().join(folder));
    npm
}

fn page_inputs() -> Result<u64> {
    let web = root().join(WEB);
    let mut files = Vec::new();
    for folder in ["src", "public"] {
        list(&web.join(folder), &mut files)?;
    }
    for entry in fs::read_dir(&web)? {
        let path = entry?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    hash_of(&files)
}

fn list(folder: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { list(&path, into)? } else { into.push(path) }
    }
    Ok(())
}
