//! Takes of the session's own streams.

use super::*;
use client_core::take::Output;

impl Session {
    /// Takes in what is about takes, and does what follows.
    pub(super) fn handle_take(&mut self, input: Input) {
        let relay_now = self.relay_now();
        for output in self.takes.handle(self.clock.now(), relay_now, &self.mirror, input) {
            match output {
                Output::Command(command) => self.command(command),
                Output::Tell(sentence) => self.warn(sentence),
                Output::Order(order) => {
                    if let Err(stuck) = self.takes.try_order(order) {
                        self.warn(stuck.to_string());
                    }
                }
            }
        }
    }

    /// Tells which of the own streams are recorded, and what the session calls their runs of samples.
    pub(super) fn introduce_lanes(&mut self) {
        let lanes = self.streams.iter().filter_map(|own| Some(Input::Stream { lane: own.lane?, kind: own.kind }));
        let names = self.streams.iter().flat_map(OwnStream::names);
        let names = names.map(|(lane, run, name)| Input::Epoch { lane, run, name });
        let inputs: Vec<Input> = lanes.chain(names).chain([Input::State]).collect();
        inputs.into_iter().for_each(|input| self.handle_take(input));
    }

    /// Ends every part and tells so, as long as somebody listens; who was gone is told at the next start.
    pub(super) async fn finish_takes(&mut self) {
        let recorder = self.takes.give_recorder();
        blocking(move || drop(recorder)).await;
        while let Some(news) = self.takes.try_news() {
            self.handle_take(Input::News(news));
        }
    }

    /// When something about takes is due.
    pub(super) fn take_deadline(&self) -> Option<Instant> {
        self.takes.deadline().map(|due| Instant::now() + self.clock.until(due))
    }
}
