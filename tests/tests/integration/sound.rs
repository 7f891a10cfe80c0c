//! Music through the real programs comes out as it went in.

use codec::opus::FrameDuration;
use tests::recording::Original;
use tests::sound::Failure;

#[test]
fn music_through_the_relay_to_a_native_listener_is_undamaged_and_lies_where_it_says() {
    let original = Original::new(40, FrameDuration::Us10000).unwrap();
    let verdict = original.through_native(25, "safe").unwrap();
    assert_eq!(verdict.failures(), []);
}

/// Noise and damage are not judged here: Chromium's own jitter buffer stretches time while it finds its place.
#[test]
fn music_through_the_relay_is_decoded_by_chromium_in_stereo_and_at_its_level() {
    let original = Original::new(60, FrameDuration::Us10000).unwrap();
    let (verdict, heard) = original.through_chromium(10).unwrap();
    assert_eq!(heard["channels"], 2);
    assert_eq!(heard["faults"], serde_json::json!([]));
    let of_time = |failure: &Failure| matches!(failure, Failure::Snr { .. } | Failure::Damaged(..));
    let failures: Vec<Failure> = verdict.failures().into_iter().filter(|failure| !of_time(failure)).collect();
    assert_eq!(failures, []);
}
