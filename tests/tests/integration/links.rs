//! What a broken link costs: nothing that is heard.

use serde_json::Value;
use tests::studio::{Studio, join};
use tests::wire::Wire;

fn received(line: &Value) -> u64 {
    let heard = line["heard"].as_array().into_iter().flatten();
    heard.filter_map(|stream| stream["received"].as_u64()).sum()
}

#[test]
fn a_client_whose_link_is_cut_goes_on_hearing_and_keeps_its_connection() {
    let studio = Studio::open("music", &[]).unwrap();
    let wire = Wire::to(&studio.relay.http).unwrap();
    let link = wire.by_way_of(studio.session.link("mentor"));
    let mut mentor = join(&link, &["--name", "Ada", "--output", "null"]).unwrap();
    mentor.wait_for_type("hearing").unwrap();
    wire.cut();
    mentor.wait_for_type("warning").unwrap();
    // The first statistics may count what came before the cut.
    mentor.wait_for_type("stats").unwrap();
    mentor.wait_for("packets while the link is cut", |line| received(line) > 0).unwrap();
    wire.mend();
    mentor.wait_for_type("joined").unwrap();
    mentor.wait_for_type("stats").unwrap();
    mentor.wait_for("packets after the link is back", |line| received(line) > 0).unwrap();
    mentor.terminate();
    let (status, said) = mentor.finish().unwrap();
    assert!(status.success());
    let begun = said.iter().filter(|line| line["type"] == "hearing").count();
    assert_eq!(begun, 1, "the sound began anew: {said:?}");
}
