//! Paints a [`View`] into a frame of any size: status on top, keys at the bottom, what matters most in between.

use super::bar::{bar, ticks};
use super::keys::KEYS;
use super::text::{clock, column, cut, harmless, level};
use super::{Health, Hears, Link, Look, Message, MessageKind, Mode, Person, StreamMeters, View};
use meter::ChannelLevel;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use units::Dbfs;

/// From this width on people have all their columns, and meters all their numbers.
const WIDE: usize = 64;

/// Draws the whole view. Pure: the same view, look and size give the same cells.
pub fn draw(frame: &mut Frame<'_>, view: &View, look: Look) {
    let area = frame.area();
    let page = Page { look, width: usize::from(area.width) };
    let height = usize::from(area.height);
    let foot = page.foot(view);
    let mut lines = vec![page.status(view)];
    lines.extend(page.transport(view));
    let room = height.saturating_sub(lines.len() + 1);
    lines.extend(if view.help { page.help() } else { page.middle(view, room) });
    lines.truncate(height.saturating_sub(1));
    for (row, line) in lines.into_iter().enumerate() {
        frame.render_widget(line, Rect::new(0, row as u16, area.width, 1));
    }
    if height > 0 {
        frame.render_widget(foot, Rect::new(0, area.height - 1, area.width, 1));
    }
}

/// What every part needs to know to be drawn.
struct Page {
    look: Look,
    width: usize,
}

type Lines = Vec<Line<'static>>;

impl Page {
    fn wide(&self) -> bool {
        self.width >= WIDE
    }

    fn more(&self) -> &'static str {
        self.look.sign("…", "~")
    }

    fn dot(&self) -> &'static str {
        self.look.sign(" · ", " - ")
    }

    /// Title, mode, link in words, delay and time. What is least needed gives way where there is little room.
    fn status(&self, view: &View) -> Line<'static> {
        let (link, style) = self.link(&view.link);
        let mode = if view.mode == Mode::Publisher { "publishing" } else { "listening" };
        let mode =
            if self.wide() && view.link != Link::Lobby { format!("{mode}{}", self.dot()) } else { String::new() };
        let delay =
            view.delay_ms.map_or(String::new(), |ms| format!("{}{}", self.dot(), self.at_most(ms.ceil() as u32)));
        let time = if self.wide() { format!("{}{}", self.dot(), clock(view.elapsed)) } else { String::new() };
        let used = [&mode, &link, &delay, &time].map(|text| Span::raw(text.as_str()).width()).iter().sum();
        let room = self.width.saturating_sub(used);
        Line::from(vec![
            Span::styled(self.title(&view.title, room), self.look.strong()),
            Span::raw(mode),
            Span::styled(link, style),
            Span::raw(delay),
            Span::styled(time, self.look.quiet()),
        ])
    }

    /// The newest take, the baton, what is not saved yet and the reaction offset; no row while there is nothing of it.
    fn transport(&self, view: &View) -> Option<Line<'static>> {
        let mut parts = Vec::new();
        let rolling = view.take.as_ref().is_some_and(|take| take.rolling.is_some());
        if let Some(take) = &view.take {
            let slate = if take.slate.is_empty() { String::new() } else { format!(" \"{}\"", take.slate) };
            parts.push(format!("Take {}{slate}", take.number));
            let time = take.rolling.map_or(String::new(), |time| format!(" {}", clock(time)));
            let phase = if rolling { take.phase.to_uppercase() } else { take.phase.clone() };
            parts.push(format!("{}{phase}{time}", if rolling { self.look.sign("● ", "* ") } else { "" }));
            parts.extend((!take.marks.is_empty()).then(|| take.marks.clone()));
        }
        parts.extend(view.baton.as_ref().map(|holder| format!("baton: {holder}")));
        parts.extend((view.unsaved > 0).then(|| format!("{} not saved yet", view.unsaved)));
        let reaction = view.reaction_ms.filter(|_| self.wide());
        parts.extend(reaction.map(|ms| format!("notes {ms} ms before the key")));
        let text = cut(&parts.join(self.dot()), self.width, self.more());
        let style = if rolling { self.look.over() } else { self.look.strong() };
        (!parts.is_empty()).then(|| Line::styled(text, style))
    }

    fn link(&self, link: &Link) -> (String, Style) {
        let (sign, words, style) = match link {
            Link::Connecting => (self.look.sign("○ ", "o "), "connecting".to_owned(), self.look.watch()),
            Link::Connected => (self.look.sign("● ", "* "), "connected".to_owned(), self.look.accent()),
            Link::Lobby => {
                (self.look.sign("◌ ", "? "), "in the lobby until somebody lets you in".to_owned(), self.look.watch())
            }
            Link::Reconnecting(why) => (self.look.sign("◌ ", "! "), format!("reconnecting: {why}"), self.look.watch()),
        };
        (format!("{sign}{}", cut(&words, self.width / 2, self.more())), style)
    }

    /// The house and the title with a dot behind them; the house goes first where there is little room.
    fn title(&self, title: &str, room: usize) -> String {
        let house = if self.wide() || title.is_empty() { "Farfield" } else { "" };
        let between = if house.is_empty() || title.is_empty() { "" } else { self.dot() };
        let dot = self.dot();
        let text = cut(&format!("{house}{between}{title}"), room.saturating_sub(Span::raw(dot).width()), self.more());
        if text.is_empty() { text } else { text + dot }
    }

    /// An upper bound: it may be better than shown, never worse.
    fn at_most(&self, ms: u32) -> String {
        format!("{}{ms} ms", self.look.sign("≤ ", "<="))
    }

    /// Meters, people, health and messages in `room` rows. Bars and the people come first; scale, loudness, health
    /// and the blank rows only where there is room.
    fn middle(&self, view: &View, room: usize) -> Lines {
        let meters = |full| view.streams.iter().flat_map(|stream| self.stream(stream, full)).collect::<Lines>();
        // Who waits in the lobby cannot see who is inside.
        let people = if view.link == Link::Lobby { Lines::new() } else { self.people(&view.people) };
        let health = self.health(&view.health);
        let full = meters(true);
        let airy = full.len() + people.len() + health.len() + 6 <= room;
        let mut lines = if airy || full.len() * 2 <= room { full } else { meters(false) };
        let gap = |lines: &mut Lines| lines.extend(airy.then(Line::default));
        gap(&mut lines);
        let left = room.saturating_sub(lines.len() + 1);
        lines.extend(self.as_many_as_fit(people, left));
        gap(&mut lines);
        if !health.is_empty() && lines.len() + health.len() < room {
            lines.extend(health);
            gap(&mut lines);
        }
        let left = room.saturating_sub(lines.len());
        lines.extend(self.messages(&view.messages, left));
        lines
    }

    /// The first rows; when some must go, the last one says how many.
    fn as_many_as_fit(&self, mut rows: Lines, room: usize) -> Lines {
        if rows.len() > room {
            let hidden = rows.len() - room.saturating_sub(1);
            rows.truncate(room.saturating_sub(1));
            if room > 0 {
                rows.push(Line::styled(format!("  and {hidden} more; enlarge the window"), self.look.quiet()));
            }
        }
        rows
    }

    fn stream(&self, stream: &StreamMeters, full: bool) -> Lines {
        let way = if stream.outgoing { self.look.sign("→ ", "> ") } else { self.look.sign("← ", "< ") };
        let mut lines = Vec::new();
        if full {
            let name = cut(&format!("{way}{}", stream.name), self.width, self.more());
            lines.push(Line::styled(name, self.look.strong()));
        }
        let sides: &[&str] = if stream.levels.len() == 1 { &["M"] } else { &["L", "R"] };
        let names = sides
            .iter()
            .enumerate()
            .map(|(i, side)| if full || i > 0 { (*side, " ") } else { (*side, way.trim_end()) });
        for ((side, mark), level) in names.zip(&stream.levels) {
            lines.push(self.meter(side, mark, level));
        }
        if full {
            lines.push(self.scale());
            lines.extend(self.loudness(stream));
        }
        lines
    }

    /// Columns right of a bar: peak, then RMS where there is room, then the over light in words.
    fn numbers_width(&self) -> usize {
        if self.wide() { 6 + 12 + 8 } else { 6 + 5 }
    }

    fn bar_width(&self) -> usize {
        self.width.saturating_sub(3 + self.numbers_width())
    }

    fn meter(&self, side: &str, mark: &str, shown: &ChannelLevel) -> Line<'static> {
        let infinity = self.look.sign("∞", "inf");
        let mut spans = vec![Span::raw(format!("{side}{mark} "))];
        spans.extend(bar(shown, self.bar_width(), self.look));
        spans.push(Span::styled(level(shown.peak, infinity), self.look.strong()));
        if self.wide() {
            spans.push(Span::styled(format!("  rms{}", level(shown.rms, infinity)), self.look.quiet()));
            spans.push(Span::raw(" "));
        }
        spans.push(match (shown.overs, self.wide()) {
            (0, _) => Span::raw(""),
            (n, true) => Span::styled(format!(" OVER {}", n.min(99)), self.look.over()),
            (_, false) => Span::styled(" OVER", self.look.over()),
        });
        Line::from(spans)
    }

    fn scale(&self) -> Line<'static> {
        Line::styled(format!("   {}  dBFS", ticks(self.bar_width())), self.look.quiet())
    }

    fn loudness(&self, stream: &StreamMeters) -> Option<Line<'static>> {
        let infinity = self.look.sign("∞", "inf");
        let number = |db: f64| level(Dbfs(db as f32), infinity).trim_start().to_owned();
        let mut parts = Vec::new();
        if let Some(read) = &stream.loudness {
            parts.push(format!("short {} LUFS", number(read.short_term.0)));
            parts.push(format!("integrated {}", number(read.integrated.0)));
            parts.push(format!("true peak {}", number(f64::from(read.true_peak.0))));
        }
        if let Some(value) = stream.correlation {
            let words = if value < 0.0 { " out of phase" } else { "" };
            parts.push(format!("phase {value:+.2}{words}"));
        }
        let text = cut(&format!("   {}", parts.join("   ")), self.width, self.more());
        (!parts.is_empty()).then(|| Line::raw(text))
    }

    fn people(&self, people: &[Person]) -> Lines {
        let mut title = match people.len() {
            0 => "Nobody else is here yet.".to_owned(),
            n => format!("People {n}"),
        };
        if self.wide() && !people.is_empty() {
            let name = self.name_width() - 1;
            title = format!(
                "{} {}{}{}{}{}",
                column(&title, name, self.more()),
                column("role", 11, ""),
                column("hears", 17, ""),
                column("delay", 10, ""),
                column("lost", 8, ""),
                "concealed"
            );
        }
        let mut lines = vec![Line::styled(cut(&title, self.width, self.more()), self.look.quiet())];
        lines.extend(people.iter().map(|person| self.person(person)));
        lines
    }

    /// What the name may take after the fixed columns of a wide row.
    fn name_width(&self) -> usize {
        self.width.saturating_sub(11 + 17 + 10 + 8 + 9).clamp(8, 28)
    }

    /// An ear that hears, one that is struck, and the words for both.
    fn ear(&self, hears: Hears) -> (&'static str, &'static str) {
        match hears {
            Hears::Yes => (self.look.sign("◗", ")"), "hears"),
            Hears::No => (self.look.sign("⊘", "/"), "hears nothing"),
            Hears::Unknown => (self.look.sign("◌", "?"), "not known"),
        }
    }

    fn person(&self, person: &Person) -> Line<'static> {
        let (sign, words) = self.ear(person.hears);
        let style = if person.hears == Hears::No { self.look.watch() } else { self.look.accent() };
        let delay = person.delay_ms.map_or(String::new(), |ms| self.at_most(ms));
        let talks = if person.talks { self.look.sign("»", ">") } else { " " };
        if !self.wide() {
            let fixed = 1 + 1 + 2 + 9;
            let name = column(&person.name, self.width.saturating_sub(fixed + 15), self.more());
            let heard = column(if person.talks { "talks" } else { words }, 14, "");
            return Line::from(vec![
                Span::styled(talks, self.look.strong()),
                Span::raw(name),
                Span::styled(format!(" {sign} {heard}"), style),
                Span::raw(delay),
            ]);
        }
        let percent = |share: Option<f32>| share.map_or(String::new(), |share| format!("{share:.1} %"));
        let words = if person.talks { format!("{words}, talks") } else { words.to_owned() };
        Line::from(vec![
            Span::styled(talks, self.look.strong()),
            Span::raw(column(&person.name, self.name_width() - 2, self.more())),
            Span::raw(" "),
            Span::styled(column(&person.role, 10, self.more()), self.look.quiet()),
            Span::raw(" "),
            Span::styled(column(&format!("{sign} {words}"), 17, ""), style),
            Span::raw(column(&delay, 10, "")),
            Span::raw(column(&percent(person.lost_percent), 8, "")),
            Span::raw(percent(person.concealed_percent)),
        ])
    }

    fn health(&self, health: &Health) -> Lines {
        let mut parts: Vec<String> =
            health.stages.iter().map(|stage| format!("{} {:.1}", stage.name, stage.ms)).collect();
        if let Some(last) = parts.last_mut() {
            last.push_str(" ms");
        }
        parts.extend(health.jitter_target_ms.map(|ms| format!("target {ms:.1} ms")));
        parts.extend(health.drift.map(|drift| format!("drift {:+.1} ppm", drift.0)));
        parts.extend(health.concealed_percent.map(|share| format!("concealed {share:.1} %")));
        wrapped(&parts, self.dot(), self.width.saturating_sub(6))
            .into_iter()
            .enumerate()
            .map(|(i, row)| Line::raw(format!("{}{row}", if i == 0 { "Path  " } else { "      " })))
            .collect()
    }

    fn messages(&self, messages: &[Message], room: usize) -> Lines {
        let first = messages.len().saturating_sub(room);
        messages[first..].iter().map(|message| self.message(message)).collect()
    }

    fn message(&self, message: &Message) -> Line<'static> {
        let (mark, style) = match message.kind {
            MessageKind::Info => ("  ", Style::new()),
            MessageKind::Warning => ("! ", self.look.watch()),
            MessageKind::Error => (self.look.sign("✗ ", "x "), self.look.over()),
        };
        let time = clock(message.at);
        let text = cut(&message.text, self.width.saturating_sub(time.len() + 3), self.more());
        Line::from(vec![Span::styled(time, self.look.quiet()), Span::styled(format!(" {mark}{text}"), style)])
    }

    fn help(&self) -> Lines {
        let mut lines = vec![Line::default(), Line::styled("Keys", self.look.strong())];
        lines.extend(KEYS.map(|(key, words)| Line::raw(format!("  {key}   {words}"))));
        lines.push(Line::raw("  Control-C quits, too."));
        lines
    }

    /// What is being typed, with its end in sight.
    fn typing(&self, (words, text): &(&'static str, String)) -> Line<'static> {
        let words = cut(words, self.width / 2, self.more());
        let room = self.width.saturating_sub(Span::raw(words.as_str()).width() + 1);
        let mut tail = harmless(text);
        while Span::raw(tail.as_str()).width() > room {
            tail.remove(0);
        }
        let cursor = self.look.sign("▏", "_");
        Line::from(vec![Span::styled(words, self.look.quiet()), Span::styled(tail + cursor, self.look.strong())])
    }

    /// The keys on the left, a lost output, mute, dim and volume in words on the right, which comes first when there is little room.
    fn foot(&self, view: &View) -> Line<'static> {
        if let Some(typing) = &view.typing {
            return self.typing(typing);
        }
        let mut states = Vec::new();
        states.extend(view.output_lost.then(|| "OUTPUT GONE".to_owned()));
        states.extend(view.muted.then(|| "MUTED".to_owned()));
        states.extend(view.dimmed.map(|dim| format!("DIM {:.0} dB", dim.0)));
        states.extend(view.volume.filter(|_| self.wide()).map(|volume| format!("volume {:+.1} dB", volume.0 + 0.0)));
        let state = cut(&states.join("  "), self.width, self.more());
        let taken = Span::raw(state.as_str()).width();
        let room = self.width.saturating_sub(taken + usize::from(taken > 0));
        // The last key shows all the others, so there is always room for it.
        let [others @ .., (help, words)] = KEYS;
        let help = format!("{help} {words}");
        let mut keys = String::new();
        for (key, words) in others {
            let next = format!("{key} {words}  ");
            if keys.len() + next.len() + help.len() <= room {
                keys.push_str(&next);
            }
        }
        keys.push_str(&help);
        let keys = column(&keys, self.width - taken, "");
        let style = if view.output_lost || view.muted || view.dimmed.is_some() {
            self.look.watch()
        } else {
            self.look.strong()
        };
        Line::from(vec![Span::styled(keys, self.look.quiet()), Span::styled(state, style)])
    }
}

/// Parts joined by `joint` in rows of at most `width` columns; a part that is longer stands alone.
fn wrapped(parts: &[String], joint: &str, width: usize) -> Vec<String> {
    let mut rows: Vec<String> = Vec::new();
    for part in parts {
        match rows.last_mut() {
            Some(row) if Span::raw(format!("{row}{joint}{part}")).width() <= width => {
                row.push_str(joint);
                row.push_str(part);
            }
            _ => rows.push(part.clone()),
        }
    }
    rows
}
