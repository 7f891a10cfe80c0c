//! Which channel is which, and how loud.

use super::stereo::Stereo;

/// Below this share of its own in each channel, left and right of the reference cannot be told apart.
const LEAST_WIDTH: f64 = 0.02;

/// How each received channel is best made of the reference's two: `[[L from L, L from R], [R from L, R from R]]`, least
/// squares. Identity is `[[1, 0], [0, 1]]`, swapped `[[0, 1], [1, 0]]`, mono all 0.5. `None` if the reference is (all
/// but) mono or silent in one channel, so that nothing can be told.
pub(super) fn mixing(reference: &Stereo, received: &Stereo) -> Option<[[f64; 2]; 2]> {
    let [left, right] = reference.channels();
    let (ll, rr, lr) = (product(left, left), product(right, right), product(left, right));
    let determinant = ll * rr - lr * lr;
    if determinant <= LEAST_WIDTH * ll * rr || ll == 0.0 || rr == 0.0 {
        return None;
    }
    Some(received.channels().map(|channel| {
        let (l, r) = (product(channel, left), product(channel, right));
        [(l * rr - r * lr) / determinant, (r * ll - l * lr) / determinant]
    }))
}

/// How much louder each received channel is than its reference, in dB.
pub(super) fn level_difference_db(reference: &Stereo, received: &Stereo) -> [f64; 2] {
    let level = |channel: &[f32]| 10.0 * product(channel, channel).log10();
    let [left, right] = [(&received.left, &reference.left), (&received.right, &reference.right)];
    [left, right].map(|(received, reference)| level(received) - level(reference))
}

fn product(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wide() -> Stereo {
        (0..4_800).map(|n| ((n as f32 * 0.11).sin(), (n as f32 * 0.17).sin() + (n as f32 * 0.11).sin())).collect()
    }

    fn near(measured: [[f64; 2]; 2], wanted: [[f64; 2]; 2]) -> bool {
        measured.as_flattened().iter().zip(wanted.as_flattened()).all(|(a, b)| (a - b).abs() < 1e-3)
    }

    #[test]
    fn channels_are_told_apart_even_where_they_share_sound() {
        let straight = wide();
        let swapped = Stereo { left: straight.right.clone(), right: straight.left.clone() };
        let inverted = straight.map(|channel| channel.iter().map(|x| -x).collect());
        assert!(near(mixing(&straight, &straight).unwrap(), [[1.0, 0.0], [0.0, 1.0]]));
        assert!(near(mixing(&straight, &swapped).unwrap(), [[0.0, 1.0], [1.0, 0.0]]));
        assert!(near(mixing(&straight, &inverted).unwrap(), [[-1.0, 0.0], [0.0, -1.0]]));
    }

    #[test]
    fn a_mono_reference_tells_nothing() {
        let mono = Stereo { left: wide().left, right: wide().left };
        assert_eq!(mixing(&mono, &wide()), None);
        assert_eq!(mixing(&Stereo { left: vec![0.0; 4_800], ..wide() }, &wide()), None);
    }

    #[test]
    fn half_the_amplitude_is_6_db_down() {
        let quiet = wide().map(|channel| channel.iter().map(|x| x / 2.0).collect());
        assert!(level_difference_db(&wide(), &quiet).iter().all(|db| (db + 6.0206).abs() < 1e-3));
    }
}
