//! A program on a terminal of its own, as a hand and an eye have it: keys go in, and what stands on the screen can be
//! awaited. Unix.
//!
//! *Absent*: colours, and whatever else does not say which sign stands where.

use crate::programs::{PATIENCE, path};
use anyhow::{Result, bail, ensure};
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::FromRawFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const ROWS: usize = 24;
const COLUMNS: usize = 80;

/// The program and its terminal. Killed when dropped.
pub struct Terminal {
    child: Child,
    keys: File,
    drawn: Receiver<Vec<u8>>,
    screen: Screen,
    /// Where it keeps what a program of a person's would keep in their home.
    _home: TempDir,
}

impl Terminal {
    /// Starts a program of ours on a terminal of 80 × 24 that knows ASCII only.
    pub fn start(name: &str, arguments: &[&str]) -> Result<Terminal> {
        let (mut outside, inside) = open_pair()?;
        let home = tempfile::tempdir()?;
        let mut command = Command::new(path(name)?);
        command.args(arguments).env("TERM", "xterm").env("LC_ALL", "C");
        command.env("XDG_STATE_HOME", home.path()).env("XDG_DATA_HOME", home.path());
        let end = || inside.try_clone().map(Stdio::from);
        let child = command.stdin(end()?).stdout(end()?).stderr(end()?).spawn()?;
        let keys = outside.try_clone()?;
        let (sender, drawn) = channel();
        spawn(move || {
            let mut piece = [0; 4_096];
            // It fails when the last program on the terminal is gone.
            while let Ok(length) = outside.read(&mut piece) {
                if length == 0 || sender.send(piece[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Ok(Terminal { child, keys, drawn, screen: Screen::default(), _home: home })
    }

    /// Presses these keys, one right after the other.
    pub fn press(&mut self, keys: &str) -> Result<()> {
        Ok(self.keys.write_all(keys.as_bytes())?)
    }

    /// Presses these keys with a pause before each: the hand is slow, nothing is waited for.
    pub fn press_slowly(&mut self, keys: &str, pause: Duration) -> Result<()> {
        keys.chars().try_for_each(|key| {
            sleep(pause);
            self.press(&key.to_string())
        })
    }

    /// Waits until these words stand in a row of the screen.
    pub fn wait_for(&mut self, words: &str) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while !self.screen.rows().any(|row| row.contains(words)) {
            match self.drawn.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(drawn) => self.screen.draw(&drawn),
                Err(RecvTimeoutError::Timeout) => bail!("{words:?} never stood on the screen:\n{}", self.screen.text()),
                Err(RecvTimeoutError::Disconnected) => bail!("it ended without {words:?}:\n{}", self.screen.text()),
            }
        }
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Both ends of a fresh terminal: the hand's and the program's.
fn open_pair() -> Result<(File, File)> {
    let (mut outside, mut inside) = (-1, -1);
    let size = libc::winsize { ws_row: ROWS as u16, ws_col: COLUMNS as u16, ws_xpixel: 0, ws_ypixel: 0 };
    let (no_name, usual) = (std::ptr::null_mut(), std::ptr::null());
    // SAFETY: the pointers are valid for the call; no name is asked for and the usual settings are taken.
    let made = unsafe { libc::openpty(&mut outside, &mut inside, no_name, usual, &size) };
    ensure!(made == 0, "the system has no terminal to give: {}", std::io::Error::last_os_error());
    // SAFETY: openpty returned two open descriptors that nothing else owns.
    Ok(unsafe { (File::from_raw_fd(outside), File::from_raw_fd(inside)) })
}

/// Which sign stands where.
struct Screen {
    cells: [[char; COLUMNS]; ROWS],
    row: usize,
    column: usize,
    /// The beginning of a sequence whose end is not read yet, without its escape.
    sequence: Option<String>,
}

impl Default for Screen {
    fn default() -> Screen {
        Screen { cells: [[' '; COLUMNS]; ROWS], row: 0, column: 0, sequence: None }
    }
}

impl Screen {
    fn rows(&self) -> impl Iterator<Item = String> {
        self.cells.iter().map(|row| row.iter().collect())
    }

    fn text(&self) -> String {
        self.rows().map(|row| row.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
    }

    fn draw(&mut self, bytes: &[u8]) {
        for sign in bytes.iter().copied().map(char::from) {
            match self.sequence.take() {
                Some(begun) => self.go_on(begun, sign),
                None => self.put(sign),
            }
        }
    }

    fn put(&mut self, sign: char) {
        match sign {
            '\u{1b}' => self.sequence = Some(String::new()),
            '\r' => self.column = 0,
            '\n' => self.row += 1,
            _ if sign.is_control() => {}
            _ => {
                if let Some(cell) = self.cells.get_mut(self.row).and_then(|row| row.get_mut(self.column)) {
                    *cell = sign;
                }
                self.column += 1;
            }
        }
    }

    /// `ESC [`, parameters, and a letter that says what to do.
    fn go_on(&mut self, mut begun: String, sign: char) {
        match (begun.strip_prefix('['), sign) {
            (None, '[') | (Some(_), '\0'..'@') => {
                begun.push(sign);
                self.sequence = Some(begun);
            }
            (Some(numbers), 'H') => {
                let numbers = numbers.split(';').map(|number| number.parse().unwrap_or(1));
                let mut places = numbers.map(|number: usize| number.saturating_sub(1));
                (self.row, self.column) = (places.next().unwrap_or(0), places.next().unwrap_or(0));
            }
            (Some(_), 'J') => self.cells = Screen::default().cells,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_stands_where_it_was_put_in_whatever_pieces_it_comes() {
        let drawn = b"\x1b[2J\x1b[?25l\x1b[3;5H\x1b[1;31mNote: \x1b[0mflat\x1b[1;1Hup\x1b[3;11Hshar";
        for at in 0..drawn.len() {
            let mut screen = Screen::default();
            screen.draw(&drawn[..at]);
            screen.draw(&drawn[at..]);
            assert_eq!(screen.text().trim_end(), "up\n\n    Note: shar", "{at}");
            screen.draw(b"\x1b[2J");
            assert_eq!(screen.text().trim_end(), "");
        }
    }
}
