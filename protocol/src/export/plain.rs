//! People's texts for files that are read by programs: nothing in them that ends a line, a cell or a cue.
//!
//! The law keeps most of it out already; a log of another make may have it.

use crate::text::is_hidden;

/// The lines of a text: without control and hidden characters, trimmed, empty ones left out.
pub(super) fn lines(text: &str) -> impl Iterator<Item = String> {
    text.split(is_line_end).map(|line| clean(line).trim().to_owned()).filter(|line| !line.is_empty())
}

/// A text in one line; where it had several there is ` / `.
pub(super) fn line(text: &str) -> String {
    lines(text).collect::<Vec<_>>().join(" / ")
}

fn clean(line: &str) -> String {
    let spaced = line.chars().map(|c| if c == '\t' { ' ' } else { c });
    spaced.filter(|c| !is_hidden(*c)).collect()
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_lines_become_one_and_nothing_hidden_is_left() {
        assert_eq!(line(" a\r\n\r\nb\tc\u{0}\u{1b}[1m\u{2028}\u{202e}d "), "a / b c[1m / d");
        assert_eq!(line("\n \u{200b}\n"), "");
    }
}
