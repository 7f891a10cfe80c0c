//! Takes of a joined client: who knows what is to be recorded, and who records.

use crate::pipeline::MonoClock;
use crate::recorder::{Recorder, RecorderConfig, RecorderStuck, TakeTap};
use crate::report::kind_name;
use client_core::mirror::Mirror;
use client_core::take::{Input, LaneId, News, Order, Output, Seat, TakeKeeper, View};
use protocol::stream::StreamKind;
use std::path::PathBuf;
use tokio::sync::mpsc::Receiver;
use units::{MonoTime, WallTime};

/// Both, and what passes between them.
pub(super) struct Takes {
    keeper: TakeKeeper,
    /// Absent where it could not be started, and at the end.
    recorder: Option<Recorder>,
    news: Option<Receiver<News>>,
}

impl Takes {
    /// Starts the recorder; without one there is a sentence that says why.
    pub(super) fn start(folder: PathBuf, clock: MonoClock) -> (Takes, Option<String>) {
        let (recorder, news, warning) = match Recorder::start(RecorderConfig::new(folder), clock) {
            Ok((recorder, news)) => (Some(recorder), Some(news), None),
            Err(error) => {
                (None, None, Some(format!("takes are not recorded ({error}): close other programs, then join again")))
            }
        };
        (Takes { keeper: TakeKeeper::default(), recorder, news }, warning)
    }

    /// Where a stream is recorded; nowhere if it is talkback.
    pub(super) fn open_lane(&mut self, kind: StreamKind) -> Option<(LaneId, TakeTap)> {
        let recorder = self.recorder.as_mut().filter(|_| kind != StreamKind::Talkback)?;
        recorder.open_lane(kind_name(kind)).ok()
    }

    /// What follows from something, to be done in this order. `relay_now` is none while the relay's clock is not known.
    pub(super) fn handle(
        &mut self,
        now: MonoTime,
        relay_now: Option<WallTime>,
        mirror: &Mirror,
        input: Input,
    ) -> Vec<Output> {
        let seat = Seat { session: mirror.session, log: mirror.log, participant: mirror.me };
        let mut outputs = Vec::new();
        self.keeper.handle(now, View { seat, state: &mirror.state, relay_now }, input, &mut outputs);
        outputs
    }

    /// Hands an order on.
    pub(super) fn try_order(&self, order: Order) -> Result<(), RecorderStuck> {
        self.recorder.as_ref().map_or(Ok(()), |recorder| recorder.try_order(order))
    }

    /// When [`Input::Time`] is due.
    pub(super) fn deadline(&self) -> Option<MonoTime> {
        self.keeper.next_deadline()
    }

    /// What the recorder tells next, awaited. Cancel-safe.
    pub(super) async fn next_news(&mut self) -> News {
        if let Some(news) = &mut self.news
            && let Some(told) = news.recv().await
        {
            return told;
        }
        self.news = None;
        std::future::pending().await
    }

    /// What the recorder has told already.
    pub(super) fn try_news(&mut self) -> Option<News> {
        self.news.as_mut()?.try_recv().ok()
    }

    /// The recorder, to be finished.
    pub(super) fn give_recorder(&mut self) -> Option<Recorder> {
        self.recorder.take()
    }
}
