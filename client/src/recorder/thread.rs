//! The recorder's thread: it may wait for the disk, and nobody waits for it.

use super::find::find_parts;
use super::lane::{Desk, Lane};
use super::tap::TakeReader;
use super::{RecorderConfig, sidecar};
use crate::pipeline::MonoClock;
use crate::pipeline::thread::spawn;
use client_core::take::{LaneId, News, Order, Seat};
use protocol::ids::SessionId;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread::park_timeout;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// How often the rings are emptied; so much is not in the file when the process is killed.
const ROUND: Duration = Duration::from_millis(50);

/// What others ask of the thread.
pub(super) enum Request {
    Open { id: LaneId, label: &'static str, reader: TakeReader },
    Order(Order),
}

/// Everything that the thread owns.
pub(super) struct RecorderThread {
    config: RecorderConfig,
    clock: MonoClock,
    requests: Receiver<Request>,
    news: Sender<News>,
    /// News that nobody had room for yet.
    untold: Vec<News>,
    lanes: Vec<Lane>,
    seat: Option<Seat>,
}

impl RecorderThread {
    pub(super) fn new(
        config: RecorderConfig,
        clock: MonoClock,
        requests: Receiver<Request>,
        news: Sender<News>,
    ) -> RecorderThread {
        RecorderThread { config, clock, requests, news, untold: Vec::new(), lanes: Vec::new(), seat: None }
    }

    /// Runs until the recorder is dropped; then every part is ended.
    pub(super) fn run(mut self) {
        while self.take_requests() {
            self.each_lane(|_| true, Lane::turn);
            self.tell();
            park_timeout(ROUND);
        }
        self.each_lane(|_| true, Lane::stop);
        self.tell();
    }

    /// False when nobody can ask any more.
    fn take_requests(&mut self) -> bool {
        loop {
            match self.requests.try_recv() {
                Ok(Request::Open { id, label, reader }) => self.lanes.push(Lane::new(id, label, reader)),
                Ok(Request::Order(order)) => self.follow(order),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }

    fn follow(&mut self, order: Order) {
        match order {
            Order::Sit { seat } => {
                self.seat = Some(seat);
                self.lanes.iter_mut().for_each(Lane::forget_names);
                self.find(seat.session);
            }
            Order::Name { lane, run, name } => {
                self.lanes.iter_mut().filter(|known| known.id == lane).for_each(|known| known.name(run, name));
            }
            Order::Roll { take, lanes, prompt } => {
                let Some(seat) = self.seat else { return };
                self.each_lane(|id| lanes.contains(&id), |lane, desk| lane.roll((take, seat), prompt, desk));
            }
            Order::Stop => self.each_lane(|_| true, Lane::stop),
            Order::Lost { lane } => self.each_lane(|id| id == lane, Lane::lose),
            Order::Settle { part } => {
                let Some(seat) = self.seat else { return };
                if let Err(error) = sidecar::settle(&self.config.folder, seat.session, part) {
                    tracing::warn!(%part, %error, "that the journal knows a part could not be noted");
                }
            }
        }
    }

    fn each_lane(&mut self, which: impl Fn(LaneId) -> bool, mut work: impl FnMut(&mut Lane, &mut Desk<'_>)) {
        let mut desk = Desk { config: &self.config, clock: self.clock, news: &mut self.untold };
        self.lanes.iter_mut().filter(|lane| which(lane.id)).for_each(|lane| work(lane, &mut desk));
    }

    /// Looks for parts on a thread of its own: long files take seconds.
    fn find(&mut self, session: SessionId) {
        let (folder, news) = (self.config.folder.clone(), self.news.clone());
        let finding = spawn("repair", move || {
            for found in find_parts(&folder, session) {
                // Whoever has gone finds them at the next start.
                if news.blocking_send(News::Found(found)).is_err() {
                    return;
                }
            }
        });
        if let Err(error) = finding {
            let told = "parts of earlier takes were not looked for: close other programs, then join again";
            self.untold.push(News::Trouble(format!("{told} ({error})")));
        }
    }

    fn tell(&mut self) {
        while !self.untold.is_empty() {
            let Ok(room) = self.news.try_reserve() else { return };
            room.send(self.untold.remove(0));
        }
    }
}
