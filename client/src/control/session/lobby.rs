//! The wait at the door, while somebody inside has to let one in.

use super::*;
use crate::report::{Mode, sentence};
use crate::tui::{Link, MessageKind, View};

/// Awaits what comes of `entering`, and shows meanwhile that one waits to be let in; none when `q` was pressed. The desk
/// is the one that the terminal was taken for, if it was.
pub(super) async fn at_the_door<T>(
    entering: impl Future<Output = T>,
    lobby: &mut mpsc::Receiver<Lobby>,
    reporter: &mut Reporter,
    start: Instant,
) -> (Option<T>, Option<Desk>) {
    let mut entering = std::pin::pin!(entering);
    let (mut desk, mut waits_for, mut redraw) = (None, None, every(STATS_EVERY));
    loop {
        tokio::select! {
            biased;
            Some(lobby) = lobby.recv() => {
                desk = desk.or_else(|| open_desk(reporter));
                waits_for = Some(lobby.title.clone());
                tell_lobby(reporter, &mut desk, lobby, start);
            }
            entered = &mut entering => return (Some(entered), desk),
            action = next_action(&mut desk) => match action {
                Action::Quit => return (None, desk),
                Action::Help => desk.iter_mut().for_each(|desk| desk.help = !desk.help),
                _ => {}
            },
            _ = redraw.tick() => {}
        }
        if let (Some(desk), Some(title)) = (&mut desk, &waits_for) {
            desk.show(View { title: title.clone(), link: Link::Lobby, elapsed: start.elapsed(), ..View::default() });
        }
    }
}

/// Takes the terminal, where there is one and nobody asked for something else.
pub(super) fn open_desk(reporter: &mut Reporter) -> Option<Desk> {
    if reporter.mode() != Mode::View {
        return None;
    }
    Desk::open().inspect_err(|error| reporter.warn(error.to_string())).ok()
}

fn tell_lobby(reporter: &mut Reporter, desk: &mut Option<Desk>, Lobby { title, why }: Lobby, start: Instant) {
    let elapsed = start.elapsed();
    let line = Line::Lobby { title, why, ms: elapsed.as_millis() as u64 };
    if let (Some(desk), Some(text)) = (desk, sentence(&line)) {
        desk.note(elapsed, MessageKind::Warning, text);
    }
    reporter.tell(line);
}

impl Session {
    /// On the way back, as somebody new, one has to be let in.
    pub(super) fn handle_lobby(&mut self, Lobby { title, why }: Lobby) {
        self.in_lobby = true;
        let ms = self.ms();
        self.tell(Line::Lobby { title, why, ms });
        self.show_view();
    }
}
