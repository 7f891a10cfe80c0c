//! The live view on the terminal: a thread that draws and reads keys, and the meters that only it shows.

use crate::tui::{Action, Keys, Look, Message, MessageKind, Screen, ScreenError, StreamMeters, View};
use meter::{Correlation, LevelMeter, Loudness};
use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;
use tokio::sync::mpsc;
use units::SampleRate;

/// How long the thread waits for a key before it looks for a new view.
const PATIENCE: Duration = Duration::from_millis(40);
/// Views that may wait. Owner: the control task. Overflow: the newest is dropped, the next comes in a tenth of a second.
const VIEWS: usize = 2;
/// Keys that may wait. Owner: the thread. Overflow: the key is dropped, and a note's text is typed anew.
const ACTIONS: usize = 16;
/// Notes on their way back to their author. Owner: the thread. Overflow: the text is dropped; nobody types so fast.
const GIVEN_BACK: usize = 16;
/// Messages kept.
const MESSAGES: usize = 64;

/// The terminal, as the control task holds it.
pub(super) struct Desk {
    views: Option<SyncSender<View>>,
    actions: mpsc::Receiver<Action>,
    given_back: SyncSender<String>,
    thread: Option<std::thread::JoinHandle<()>>,
    messages: VecDeque<Message>,
    /// Whether the list of keys is shown.
    pub(super) help: bool,
}

impl Desk {
    /// Takes the terminal.
    pub(super) fn open() -> Result<Desk, ScreenError> {
        let screen = Screen::open(Look::from_env(|name| std::env::var(name).ok()))?;
        let (views, waiting) = sync_channel(VIEWS);
        let (actions_in, actions) = mpsc::channel(ACTIONS);
        let (given_back, texts) = sync_channel(GIVEN_BACK);
        let thread = std::thread::spawn(move || run(screen, (&waiting, &texts), &actions_in));
        let (views, thread, messages) = (Some(views), Some(thread), VecDeque::new());
        Ok(Desk { views, actions, given_back, thread, messages, help: false })
    }

    /// The next key that means something, awaited. Cancel-safe.
    pub(super) async fn next_action(&mut self) -> Action {
        match self.actions.recv().await {
            Some(action) => action,
            None => std::future::pending().await,
        }
    }

    pub(super) fn note(&mut self, at: Duration, kind: MessageKind, text: String) {
        if self.messages.len() == MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back(Message { at, kind, text });
    }

    /// Has the text of a note typed anew that could not be kept.
    pub(super) fn give_back(&self, text: String) {
        let _ = self.given_back.try_send(text);
    }

    /// Shows a view, with the messages and the list of keys.
    pub(super) fn show(&mut self, view: View) {
        let view = View { messages: self.messages.iter().cloned().collect(), help: self.help, ..view };
        if let Some(views) = &self.views {
            let _ = views.try_send(view);
        }
    }
}

impl Drop for Desk {
    /// Gives the terminal back.
    fn drop(&mut self) {
        self.views = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(mut screen: Screen, (views, given_back): (&Receiver<View>, &Receiver<String>), actions: &mpsc::Sender<Action>) {
    let (mut last, mut keys) = (View::default(), Keys::default());
    loop {
        let mut fresh = false;
        loop {
            match views.try_recv() {
                Ok(view) => (last, fresh) = (view, true),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
        }
        for text in given_back.try_iter() {
            keys.give_back(text);
            fresh = true;
        }
        match keys.poll(PATIENCE) {
            Ok(Some(action)) => {
                fresh |= matches!(action, Action::Redraw | Action::Begin { .. });
                hand_on(action, actions, &mut keys);
            }
            Ok(None) => {}
            Err(_) => return,
        }
        last.typing = keys.prompt();
        if fresh && screen.draw(&last).is_err() {
            return;
        }
    }
}

fn hand_on(action: Action, actions: &mpsc::Sender<Action>, keys: &mut Keys) {
    if action == Action::Redraw {
        return;
    }
    if let Err(mpsc::error::TrySendError::Full(Action::Note { text, .. })) = actions.try_send(action) {
        keys.give_back(text);
    }
}

/// Meters of one stream as the terminal shows them.
pub(super) struct DeskMeter {
    levels: LevelMeter,
    loudness: Option<Loudness>,
    correlation: Option<Correlation>,
}

impl DeskMeter {
    /// For sound at 48 kHz.
    pub(super) fn new(channels: usize) -> DeskMeter {
        let rate = SampleRate::HZ_48000;
        DeskMeter {
            levels: LevelMeter::new(rate, channels),
            loudness: Loudness::new(rate, channels).ok(),
            correlation: (channels == 2).then(|| Correlation::new(rate)),
        }
    }

    pub(super) fn handle_sound(&mut self, interleaved: &[f32]) {
        self.levels.push_rt(interleaved);
        self.loudness.iter_mut().for_each(|loudness| loudness.push(interleaved));
        self.correlation.iter_mut().for_each(|correlation| correlation.push_rt(interleaved));
    }

    pub(super) fn clear_overs(&mut self) {
        self.levels.clear_overs_rt();
    }

    pub(super) fn show(&self, name: String, outgoing: bool) -> StreamMeters {
        StreamMeters {
            name,
            outgoing,
            levels: (0..self.levels.channels()).map(|n| self.levels.channel(n)).collect(),
            loudness: self.loudness.as_ref().map(Loudness::read),
            correlation: self.correlation.as_ref().and_then(Correlation::value),
        }
    }
}
