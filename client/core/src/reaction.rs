//! How long people take from hearing to pressing a key: stored with a note, apart from the place that was heard.

/// What can be chosen with a key, in ms; the same as in the page.
pub const REACTIONS_MS: [u32; 4] = [0, 250, 500, 1_000];
/// Of who has never chosen, in ms.
pub const USUAL_REACTION_MS: u32 = 250;

/// What a press of the key makes of `ms`: the next longer choice, and after the longest none at all.
pub fn next_reaction_ms(ms: u32) -> u32 {
    REACTIONS_MS.into_iter().find(|choice| *choice > ms).unwrap_or(REACTIONS_MS[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_goes_through_all_choices_and_begins_again() {
        let mut ms = REACTIONS_MS[0];
        let seen = [(); 5].map(|()| {
            let now = ms;
            ms = next_reaction_ms(now);
            now
        });
        assert_eq!(seen, [0, 250, 500, 1_000, 0]);
        assert_eq!([next_reaction_ms(120), next_reaction_ms(2_000)], [250, 0]);
    }
}
