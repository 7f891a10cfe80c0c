//! Texts for the terminal: strangers' words made harmless, columns of a fixed width, numbers as people read them.

use std::time::Duration;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
use units::Dbfs;

/// Removes what could move the cursor, hide text or turn its direction: control characters (and with them every
/// escape sequence), direction marks and overrides, zero-width and other invisible characters. Tabs and line ends
/// become spaces. Letters of any script stay; of stacked accents at most two per letter do.
pub(super) fn harmless(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut stacked = 0;
    for c in text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).filter(|c| !is_hostile(*c)) {
        stacked = if c.width() == Some(0) { stacked + 1 } else { 0 };
        if stacked <= 2 && !(stacked > 0 && out.is_empty()) {
            out.push(c);
        }
    }
    out
}

fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFD}'
            | '\u{E000}'..='\u{F8FF}' | '\u{E0000}'..='\u{10FFFF}')
}

/// Cuts harmless text to `width` columns; what is cut ends with `mark` (`…`, or `~` in ASCII).
pub(super) fn cut(text: &str, width: usize, mark: &str) -> String {
    let text = harmless(text);
    if text.width() <= width {
        return text;
    }
    let (mut out, mut used) = (String::new(), mark.width());
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.push(c);
    }
    if mark.width() <= width {
        out.push_str(mark);
    }
    out
}

/// Cuts, then fills with spaces to exactly `width` columns.
pub(super) fn column(text: &str, width: usize, mark: &str) -> String {
    let mut out = cut(text, width, mark);
    out.extend(std::iter::repeat_n(' ', width.saturating_sub(out.width())));
    out
}

/// A level with sign and one decimal, six columns: `  -6.2`, ` -17.4`; silence is `  -inf` (or `    -∞`).
pub(super) fn level(level: Dbfs, infinity: &str) -> String {
    if level.0 < -99.9 || level.0.is_nan() {
        let gap = 5usize.saturating_sub(infinity.width());
        return format!("{}-{infinity}", " ".repeat(gap));
    }
    // Nothing may read -0.0.
    let tenths = (level.0 * 10.0).round() / 10.0 + 0.0;
    if tenths > 0.0 { format!("{:>6}", format!("+{tenths:.1}")) } else { format!("{tenths:>6.1}") }
}

/// `mm:ss`, hours before it when there are any.
pub(super) fn clock(time: Duration) -> String {
    let s = time.as_secs();
    if s < 3_600 {
        format!("{:02}:{:02}", s / 60, s % 60)
    } else {
        format!("{}:{:02}:{:02}", s / 3_600, s / 60 % 60, s % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_directions_and_invisible_letters_lose_their_power() {
        assert_eq!(harmless("\u{1b}[2J\u{1b}]0;owned\u{7}Nina"), "[2J]0;ownedNina");
        assert_eq!(harmless("\u{202E}aniN\u{2069}\u{200B}\u{FEFF}\u{E0041}"), "aniN");
        assert_eq!(harmless("a\nb\tc\r"), "a b c ");
        assert_eq!(harmless("\u{9b}31mred"), "31mred");
        assert_eq!(harmless("שירה 太郎 Zoë"), "שירה 太郎 Zoë");
        assert_eq!(harmless("\u{301}e\u{301}\u{301}\u{301}\u{301}"), "e\u{301}\u{301}");
    }

    #[test]
    fn wide_letters_count_twice_and_are_never_halved() {
        assert_eq!(column("太郎です", 5, "…"), "太郎…");
        assert_eq!(column("太郎です", 4, "…"), "太… ");
        assert_eq!(column("Nina", 6, "…"), "Nina  ");
        assert_eq!(cut("Nina", 0, "…"), "");
    }

    #[test]
    fn levels_have_a_sign_and_one_decimal_and_silence_has_a_word() {
        let shown = |db| level(Dbfs(db), "inf");
        assert_eq!([shown(-6.24), shown(-0.04), shown(0.0), shown(1.25)], ["  -6.2", "   0.0", "   0.0", "  +1.3"]);
        assert_eq!(shown(f32::NEG_INFINITY), "  -inf");
        assert_eq!(level(Dbfs(f32::NEG_INFINITY), "∞"), "    -∞");
    }

    #[test]
    fn clocks_show_hours_only_when_there_are_any() {
        assert_eq!(clock(Duration::from_secs(3_599)), "59:59");
        assert_eq!(clock(Duration::from_secs(3_600)), "1:00:00");
    }

    proptest! {
        #[test]
        fn nothing_that_is_drawn_can_command_the_terminal(text: String, width in 0usize..40) {
            let shown = column(&text, width, "~");
            prop_assert_eq!(shown.width(), width);
            prop_assert!(shown.chars().all(|c| !c.is_control() && !is_hostile(c)));
        }
    }
}
