use super::{Look, View, draw};
use crossterm::cursor::Show;
use crossterm::execute;
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use std::io::{self, IsTerminal, Stdout, stdout};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

/// The terminal while the live view is on it: raw keys, a screen of its own. Dropping it gives the terminal back as it
/// was; so does a panic on any thread, before its words are printed.
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Stdout>>,
    look: Look,
}

/// Why there is no live view.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// Output goes to a file or a pipe, or to a terminal that cannot move its cursor.
    #[error("This is no terminal for a live view: use --json for one line of state a second.")]
    NoTerminal,
    /// The terminal refused.
    #[error("The terminal cannot be used ({0}): use --json for one line of state a second.")]
    Io(#[from] io::Error),
}

/// Whether there is something to give back.
static TAKEN: AtomicBool = AtomicBool::new(false);
static HOOK: Once = Once::new();

impl Screen {
    /// Takes the terminal. At most one screen at a time makes sense.
    pub fn open(look: Look) -> Result<Screen, ScreenError> {
        if !can_show(stdout().is_terminal(), std::env::var("TERM").ok().as_deref()) {
            return Err(ScreenError::NoTerminal);
        }
        HOOK.call_once(restore_before_panic_words);
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        let opened =
            execute!(stdout(), EnterAlternateScreen).and_then(|()| Terminal::new(CrosstermBackend::new(stdout())));
        match opened {
            Ok(terminal) => Ok(Screen { terminal, look }),
            Err(cause) => {
                restore();
                Err(cause.into())
            }
        }
    }

    /// Draws the view; only the cells that changed are sent, as one update. Blocks as long as the terminal does.
    pub fn draw(&mut self, view: &View) -> Result<(), ScreenError> {
        let look = self.look;
        execute!(stdout(), BeginSynchronizedUpdate)?;
        self.terminal.draw(|frame| draw(frame, view, look))?;
        Ok(execute!(stdout(), EndSynchronizedUpdate)?)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        restore();
    }
}

/// A terminal without a name is one of Windows.
fn can_show(is_terminal: bool, term: Option<&str>) -> bool {
    is_terminal && term != Some("dumb") && (term.is_some() || cfg!(windows))
}

/// Gives the terminal back, once.
fn restore() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // Nobody could be told: the terminal is where it would be said.
        let _ = execute!(stdout(), EndSynchronizedUpdate, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

fn restore_before_panic_words() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        restore();
        before(panic);
    }));
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::Read;
    use std::os::fd::{AsRawFd, FromRawFd};
    use std::process::{Command, Stdio};

    #[test]
    #[ignore = "the other half of the test below, which runs it on a terminal of its own"]
    #[should_panic = "words of the panic"]
    fn panics_while_the_screen_is_taken() {
        let mut screen = Screen::open(Look { colour: false, unicode: false }).unwrap();
        let title = if flags(&File::open("/proc/self/fd/0").unwrap()) & libc::ICANON == 0 { "raw" } else { "cooked" };
        screen.draw(&View { title: title.into(), ..View::default() }).unwrap();
        panic!("words of the panic");
    }

    #[test]
    fn a_panic_gives_the_terminal_back_before_its_words_are_printed() {
        let (mut outside, inside) = terminal();
        let before = flags(&outside);
        let end = || Stdio::from(inside.try_clone().unwrap());
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tui::screen::tests::panics_while_the_screen_is_taken", "--ignored", "--nocapture"])
            .env("TERM", "xterm")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        drop(inside);
        let mut seen = Vec::new();
        // The read ends with an error when the last process on the terminal is gone.
        let _ = outside.read_to_end(&mut seen);
        assert!(child.wait().unwrap().success());
        let seen = String::from_utf8_lossy(&seen);
        let at = |what: &str| seen.find(what).unwrap_or_else(|| panic!("no {what:?} in {seen:?}"));
        assert!(at("\u{1b}[?1049h") < at("raw"), "{seen:?}");
        assert!(at("raw") < at("\u{1b}[?1049l") && at("\u{1b}[?1049l") < at("words of the panic"), "{seen:?}");
        assert_eq!(flags(&outside), before);
    }

    #[test]
    fn a_pipe_and_a_dumb_terminal_have_no_live_view() {
        assert!(can_show(true, Some("xterm")));
        assert!(!can_show(false, Some("xterm")));
        assert!(!can_show(true, Some("dumb")));
    }

    /// Both ends of a fresh terminal of 80 × 24.
    fn terminal() -> (File, File) {
        let (mut outside, mut inside) = (-1, -1);
        let size = libc::winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let no_name = std::ptr::null_mut();
        // SAFETY: the pointers are valid for the call; no name and no settings are asked for.
        let made = unsafe { libc::openpty(&mut outside, &mut inside, no_name, std::ptr::null(), &size) };
        assert_eq!(made, 0);
        // SAFETY: openpty returned two open descriptors that nothing else owns.
        unsafe { (File::from_raw_fd(outside), File::from_raw_fd(inside)) }
    }

    fn flags(terminal: &File) -> libc::tcflag_t {
        // SAFETY: termios is plain data for which all zeros are valid.
        let mut settings: libc::termios = unsafe { std::mem::zeroed() };
        // SAFETY: the descriptor is open and the pointer valid for the call.
        assert_eq!(unsafe { libc::tcgetattr(terminal.as_raw_fd(), &mut settings) }, 0);
        settings.c_lflag
    }
}
