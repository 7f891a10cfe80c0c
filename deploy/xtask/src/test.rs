//! The whole suite, in the order in which a failure is found soonest.

use crate::shell::{self, cargo, say};
use crate::{page, readers, setup};
use anyhow::Result;

/// Runs everything, or the Rust tests whose names contain `filter`.
pub(crate) fn run(filter: Option<&str>) -> Result<()> {
    setup::ensure(setup::Need::Test)?;
    page::build()?;
    page::install("tests/browser")?;
    readers::install()?;
    if filter.is_none() {
        page::check()?;
    }
    // The integration tests start the real programs, which lie beside their own binary. They are built together with
    // the tests, whose dependencies ask for more features: apart, everything would be built twice.
    say("building the programs");
    shell::run(cargo().args(["build", "--workspace", "--bins", "--tests"]))?;
    say("testing");
    shell::run(cargo().args(["test", "--workspace", "--no-fail-fast"]).args(filter))
}
