//! What the session tells by itself: to the relay and to whoever started the program.

use super::super::news;
use super::*;
use crate::report::{OutputLine, Stats, sentence};
use crate::tui::MessageKind;
use client_core::talk;
use protocol::wire::{Ephemeral, Welcome};

/// How often the relay's clock is asked for: at first, and when it is known.
const FIRST_PINGS_EVERY: Duration = Duration::from_millis(250);
const FIRST_PINGS: u32 = 4;
const PING_EVERY: Duration = Duration::from_secs(2);
/// From here on it is told that nothing was heard, in samples: a tenth of a second at 48 kHz.
const STANDSTILL: u64 = 4_800;

impl Session {
    /// Tells one line to whoever listens: programs, a log, the terminal.
    pub(super) fn tell(&mut self, line: Line) {
        if let Some(desk) = &mut self.desk
            && let Some(text) = sentence(&line)
        {
            let kind = match line {
                Line::Warning { .. } => MessageKind::Warning,
                Line::Answer { ok: false, .. } => MessageKind::Error,
                _ => MessageKind::Info,
            };
            desk.note(self.start.elapsed(), kind, text);
        }
        self.reporter.tell(line);
    }

    pub(super) fn warn(&mut self, message: impl Into<String>) {
        self.tell(Line::Warning { message: message.into() });
    }

    pub(super) fn ping(&mut self) {
        self.pings = self.pings.wrapping_add(1);
        let wait = if self.pings < FIRST_PINGS { FIRST_PINGS_EVERY } else { PING_EVERY };
        self.next_ping = Instant::now() + wait;
        self.relay_clock.handle_ping(self.pings, self.clock.now());
        self.send(ClientFrame::Ping { n: self.pings });
    }

    pub(super) fn adjust_dim(&mut self) {
        let kinds: Vec<_> = self.streams.iter().map(|stream| stream.kind).collect();
        let dims = self.dim_by_hand || talk::dims(self.mirror.me, &kinds, &self.mirror.people);
        if dims != std::mem::replace(&mut self.dimmed, dims) {
            self.ear.set_dim(dims);
        }
    }

    pub(super) fn tell_joined(&mut self, welcome: &Welcome) {
        let (session, participant, role) = (welcome.session, welcome.participant, welcome.role);
        let (title, ms) = (self.mirror.state.title.clone(), self.ms());
        self.tell(Line::Joined { session, participant, role, title, ms });
        news::opening_lines(&self.mirror).into_iter().for_each(|line| self.tell(line));
    }

    /// To a relay that takes one in nobody talks: who talked on while the link was gone is told again.
    pub(super) fn tell_talking(&mut self) {
        if self.streams.iter().any(OwnStream::is_talking) {
            self.send(ClientFrame::Eph(Ephemeral::Talk { on: true }));
        }
    }

    pub(super) fn tell_positions(&mut self) {
        let Some(positions) = &mut self.positions else { return };
        let records: Vec<PositionRecord> = std::iter::from_fn(|| positions.try_recv()).collect();
        let ms = self.ms();
        let lines = self.ear.handle_positions(&records, &self.mirror, &mut self.teller, ms);
        lines.into_iter().for_each(|line| self.tell(line));
    }

    pub(super) fn tell_levels(&mut self) {
        self.send_commands();
        let now = self.clock.now();
        let told: Vec<_> = self.streams.iter_mut().map(|stream| stream.poll_levels(now)).collect();
        for (levels, talking) in told {
            self.send(ClientFrame::Eph(levels));
            if let Some(on) = talking {
                self.send(ClientFrame::Eph(Ephemeral::Talk { on }));
            }
        }
        self.output_sound.clear();
        self.ear.poll_sound(&mut self.output_sound);
        self.output_levels.handle_sound(&self.output_sound, 2);
        self.output_meter.handle_sound(&self.output_sound);
        self.show_view();
    }

    pub(super) fn tell_stats(&mut self) {
        if let Some(cause) = self.ear.poll_file_failure() {
            self.warn(format!("nothing more is written to the --output file: {cause}"));
        }
        let clocks: Vec<_> = self.streams.iter().filter_map(|stream| stream.clock(&self.relay_clock)).collect();
        clocks.into_iter().for_each(|clock| self.send(ClientFrame::Eph(clock)));
        let heard = self.ear.poll_heard(&self.mirror, &self.relay_clock);
        for (_, health) in &heard {
            self.send(ClientFrame::Eph(Ephemeral::Health(health.clone())));
        }
        let levels = self.output_levels.take();
        let output = self.ear.output().map(|output| OutputLine { levels, ..output });
        self.warn_of_standstill(output.as_ref().map_or(0, |output| output.skipped));
        self.heard = heard.into_iter().map(|(heard, _)| heard).collect();
        let stats = Stats {
            ms: self.ms(),
            round_trip_ms: self.relay_clock.round_trip_ms(),
            published: self.streams.iter_mut().map(OwnStream::poll_stats).collect(),
            heard: self.heard.clone(),
            output,
            dimmed: self.dimmed,
        };
        self.tell(Line::Stats(Box::new(stats)));
        self.tell_hours();
    }

    fn warn_of_standstill(&mut self, skipped: u64) {
        let lost = skipped - std::mem::replace(&mut self.skipped, skipped);
        if lost >= STANDSTILL {
            let seconds = lost as f64 / f64::from(self.ear.rate().0);
            self.warn(format!(
                "this machine stood still, and {seconds:.1} s of what was to be heard were not: end what keeps it busy"
            ));
        }
    }
}
