//! What people write, made safe to keep and to show.
//!
//! Kept: every letter of every script, emoji with their joiners (U+200D, U+200C), the marks that tell a line's direction
//! (U+200E, U+200F, U+061C), line feeds where a text has lines.
//! Changed: CR LF, CR, U+2028 and U+2029 become a line feed; a tab becomes a space; in a single line a line feed does too;
//! white space at both ends goes.
//! Taken out: every other control character (so no ANSI sequence works), overrides, embeddings and isolates of direction
//! (U+202A to U+202E, U+2066 to U+2069), characters without a width that are none of the above (U+200B, U+2060 to U+2065,
//! U+206A to U+206F, U+FEFF, U+00AD, U+180E, U+034F), annotations (U+FFF9 to U+FFFB), tags (U+E0000 to U+E0FFF) and
//! non-characters.
//! Refused: what is then empty, or longer than its limit in characters or in bytes.
//!
//! Nothing here makes a text safe as HTML: whoever shows it shows it as text.

/// Why a text is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Nothing is left of it.
    Empty,
    /// It is over the limit.
    TooLong,
}

/// How long a text may be. Bytes are those of UTF-8; four times the characters lets every script use all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Most characters (Unicode scalar values).
    pub chars: usize,
    /// Most bytes.
    pub bytes: usize,
}

impl Limit {
    /// So many characters, and what they take in bytes at worst.
    pub const fn chars(chars: usize) -> Limit {
        Limit { chars, bytes: chars * 4 }
    }
}

/// A text of several lines, cleaned as the module says.
pub fn lines(text: &str, limit: Limit) -> Result<String, Unfit> {
    fit(clean(text, '\n'), limit)
}

/// A text of one line, cleaned as the module says.
pub fn line(text: &str, limit: Limit) -> Result<String, Unfit> {
    fit(clean(text, ' '), limit)
}

/// Whether a character is one that cleaning takes out.
pub fn is_hidden(c: char) -> bool {
    let format = matches!(c,
        '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}' | '\u{180e}' | '\u{34f}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' | '\u{fdd0}'..='\u{fdef}');
    format || c.is_control() || (c as u32) & 0xfffe == 0xfffe
}

fn clean(text: &str, line_end: char) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\n' | '\u{2028}' | '\u{2029}' => kept.push(line_end),
            '\t' => kept.push(' '),
            hidden if is_hidden(hidden) => {}
            shown => kept.push(shown),
        }
    }
    kept
}

fn fit(text: String, limit: Limit) -> Result<String, Unfit> {
    let text = text.trim();
    if !text.chars().any(|c| !c.is_whitespace() && !is_mark(c)) {
        return Err(Unfit::Empty);
    }
    if text.len() > limit.bytes || text.chars().count() > limit.chars {
        return Err(Unfit::TooLong);
    }
    Ok(text.to_owned())
}

/// Joiners and marks of direction: kept inside a text, but nothing by themselves.
fn is_mark(c: char) -> bool {
    matches!(c, '\u{200c}'..='\u{200f}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMIT: Limit = Limit::chars(20);

    #[test]
    fn scripts_and_emoji_are_kept_as_they_are_written() {
        for text in ["flat on “hour”", "ضعيف هنا", "می‌خواهم", "👩‍🎤 yes", "नमस्ते", "e\u{301}", "<b>&amp;"]
        {
            assert_eq!(lines(text, LIMIT).as_deref(), Ok(text));
        }
    }

    #[test]
    fn what_hides_or_reorders_is_taken_out() {
        assert_eq!(lines("\u{1b}[31mred\u{7}", LIMIT).as_deref(), Ok("[31mred"));
        assert_eq!(lines("a\u{202e}b\u{2066}c\u{200b}d\u{feff}e\u{e0041}f\u{0}", LIMIT).as_deref(), Ok("abcdef"));
    }

    #[test]
    fn line_ends_become_one_kind_and_vanish_in_a_single_line() {
        assert_eq!(lines("a\r\nb\rc\u{2028}d\te", LIMIT).as_deref(), Ok("a\nb\nc\nd e"));
        assert_eq!(line("a\r\nb\nc", LIMIT).as_deref(), Ok("a b c"));
    }

    #[test]
    fn a_text_of_nothing_is_empty_and_one_over_the_limit_is_too_long() {
        for text in ["", " \n\t ", "\u{200b}\u{feff}", "\u{200d}\u{200e}"] {
            assert_eq!(lines(text, LIMIT), Err(Unfit::Empty), "{text:?}");
        }
        assert!(lines(&"ü".repeat(20), LIMIT).is_ok());
        assert_eq!(lines(&"ü".repeat(21), LIMIT), Err(Unfit::TooLong));
        let tight = Limit { chars: 20, bytes: 10 };
        assert!(lines(&"ü".repeat(5), tight).is_ok());
        assert_eq!(lines(&"ü".repeat(6), tight), Err(Unfit::TooLong));
    }

    proptest! {
        #[test]
        fn cleaning_a_clean_text_changes_nothing(text in any::<String>()) {
            if let Ok(once) = lines(&text, Limit::chars(10_000)) {
                prop_assert!(once.chars().all(|c| c == '\n' || !is_hidden(c)));
                prop_assert_eq!(lines(&once, Limit::chars(10_000)), Ok(once));
            }
        }
    }
}
