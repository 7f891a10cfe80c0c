//! The journal under load: what `cargo xtask faults journal` does for long.

use tests::faults::{COLUMNS, Report, fill_the_disk_while_they_ask, kill_while_they_ask};
use tests::load::Load;
use tests::rng::seed;

fn is_sound(report: &Report) {
    println!("{COLUMNS}\n{report}");
    assert_eq!(report.wrong, []);
}

#[test]
fn nothing_acknowledged_is_lost_reordered_or_doubled_by_kills() {
    let report = kill_while_they_ask(Load { seed: seed(), sessions: 2, people: 6 }, 40).unwrap();
    is_sound(&report);
    assert!(report.answered > 200 && report.repeated > 40, "too little was asked to judge by");
}

#[test]
fn a_full_disk_acknowledges_nothing_and_goes_on_by_itself_with_room() {
    let report = fill_the_disk_while_they_ask(Load { seed: seed(), sessions: 2, people: 6 }).unwrap();
    report.iter().for_each(is_sound);
}
