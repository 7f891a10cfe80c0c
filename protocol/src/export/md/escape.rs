use crate::export::plain;

/// A text in one line of Markdown, as it was written.
pub(super) fn line(text: &str) -> String {
    isolated(&escaped(&plain::line(text)))
}

/// A text in the lines that it has, each of which stands `indent` spaces in and keeps to its paragraph.
pub(super) fn lines(text: &str, indent: usize) -> String {
    let lines: Vec<String> = plain::lines(text).map(|line| isolated(&escaped(&line))).collect();
    lines.join(&format!("\\\n{}", " ".repeat(indent)))
}

/// Takes their meaning from the characters that have one anywhere, and from those that begin a block at a line's
/// beginning.
fn escaped(line: &str) -> String {
    let mut text = String::with_capacity(line.len() + 8);
    let digits = line.len() - line.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    for (at, c) in line.char_indices() {
        let anywhere = matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '&' | '$' | '!');
        let first = at == 0 && matches!(c, '#' | '+' | '-' | '=');
        let numbered = digits > 0 && at == digits && matches!(c, '.' | ')');
        if anywhere || first || numbered {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

/// Text that runs from right to left is kept from turning its surroundings round: between a first-strong isolate and
/// its end (Unicode Standard Annex 9).
fn isolated(line: &str) -> String {
    if line.chars().any(runs_left) { format!("\u{2068}{line}\u{2069}") } else { line.to_owned() }
}

fn runs_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_stays_text() {
        assert_eq!(line("<img src=x> **a** [b](c) | d"), r"\<img src=x\> \*\*a\*\* \[b\](c) \| d");
        assert_eq!(line("# a"), r"\# a");
        assert_eq!(line("12. a"), r"12\. a");
        assert_eq!(line("at 12. a - b # c"), "at 12. a - b # c");
        assert_eq!(lines("a\n\n- b\n1) c", 2), "a\\\n  \\- b\\\n  1\\) c");
    }

    #[test]
    fn right_to_left_is_isolated() {
        assert_eq!(line("ضعيف 1"), "\u{2068}ضعيف 1\u{2069}");
        assert_eq!(line("weak"), "weak");
    }
}
