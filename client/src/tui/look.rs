use ratatui::style::{Color, Modifier, Style};

/// What this terminal can show: colours or none, drawn signs or plain ASCII.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Colours may be used (always beside a word or a shape).
    pub colour: bool,
    /// Signs beyond ASCII may be used.
    pub unicode: bool,
}

impl Look {
    /// Reads `NO_COLOR`, `TERM` and the locale (`LC_ALL`, `LC_CTYPE`, `LANG`) through `variable`.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Look {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let plain =
            set("NO_COLOR").is_some() || matches!(set("TERM").as_deref(), None | Some("dumb" | "vt100" | "vt220"));
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
        let locale = locale.to_ascii_lowercase();
        Look { colour: !plain, unicode: locale.contains("utf-8") || locale.contains("utf8") }
    }

    fn tint(self, colour: Color) -> Style {
        if self.colour { Style::new().fg(colour) } else { Style::new() }
    }

    pub(super) fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) fn quiet(self) -> Style {
        self.tint(Color::DarkGray)
    }

    pub(super) fn accent(self) -> Style {
        self.tint(Color::Cyan)
    }

    pub(super) fn watch(self) -> Style {
        self.tint(Color::Yellow)
    }

    pub(super) fn over(self) -> Style {
        self.tint(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// A drawn sign, or its ASCII stand-in.
    pub(super) fn sign(self, drawn: &'static str, plain: &'static str) -> &'static str {
        if self.unicode { drawn } else { plain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(variables: &[(&str, &str)]) -> Look {
        Look::from_env(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn colours_need_a_terminal_that_has_them_and_nobody_who_forbids_them() {
        assert!(look(&[("TERM", "xterm-256color")]).colour);
        assert!(look(&[("TERM", "xterm"), ("NO_COLOR", "")]).colour);
        assert!(!look(&[("TERM", "xterm"), ("NO_COLOR", "1")]).colour);
        assert!(!look(&[("TERM", "dumb")]).colour);
        assert!(!look(&[]).colour);
    }

    #[test]
    fn drawn_signs_need_a_unicode_locale_and_the_stronger_variable_wins() {
        assert!(look(&[("LANG", "de_DE.UTF-8")]).unicode);
        assert!(look(&[("LANG", "C"), ("LC_CTYPE", "C.utf8")]).unicode);
        assert!(!look(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")]).unicode);
        assert!(!look(&[]).unicode);
    }
}
