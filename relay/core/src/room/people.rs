use super::{Bucket, LinkId};
use protocol::ids::{ParticipantId, StreamId};
use protocol::wire::{COMMAND_BURST, COMMANDS_PER_S, ClientKind, PeerNews, Presence};
use std::collections::{BTreeMap, HashMap};
use units::MonoTime;

/// Ephemerals that one participant may tell for long, in 1/s: levels of 8 streams at 10 Hz, clocks and health of 24.
const EPHEMERALS_PER_S: u32 = 110;
/// Ephemerals that one participant may tell at once.
const EPHEMERAL_BURST: u32 = 220;
/// Granted commands that one participant may send again for long, in 1/s.
const REPEATS_PER_S: u32 = 50;
/// Granted commands that one participant may send again at once: more than any client keeps.
const REPEAT_BURST: u32 = 2_000;
/// Sentences in the chat that one participant may say for long, in 1/s.
const CHAT_PER_S: u32 = 1;
/// Sentences in the chat that one participant may say at once.
const CHAT_BURST: u32 = 10;
/// Offers that one participant may make for long, in 1/s.
const OFFERS_PER_S: u32 = 2;
/// Offers that one participant may make at once.
const OFFER_BURST: u32 = 20;

/// Everybody who is here, those in their time of grace included, and whether `pres` is out of date.
#[derive(Default)]
pub(super) struct People {
    here: BTreeMap<ParticipantId, Person>,
    by_link: HashMap<LinkId, ParticipantId>,
    stale: bool,
}

/// The volatile side of one participant.
pub(super) struct Person {
    link: Option<LinkId>,
    /// Whether the link was welcomed: nothing else is sent to it before.
    welcomed: bool,
    /// Whether any link was, so that their program is known and they are shown.
    seen: bool,
    client: ClientKind,
    expires: Option<MonoTime>,
    talking: bool,
    media: bool,
    hears: Vec<StreamId>,
    /// The peer connection whose offer was answered last.
    pub(super) peer: Option<u32>,
    /// The peer connection whose offer the media plane is looking at.
    pub(super) offering: Option<u32>,
    /// The newest news of sections (under none) and of each stream's redundancy, each with its peer connection. Streams
    /// of one or two peer connections, so its size is bounded by the open streams.
    kept: BTreeMap<Option<StreamId>, (u32, PeerNews)>,
    pub(super) limits: Limits,
}

/// How often one participant may do what, each kind for itself.
pub(super) struct Limits {
    /// Commands, and what the media plane has the room record for them.
    pub(super) commands: Bucket,
    /// What recorders and publishers report of what has ended: it is not held up by other commands.
    pub(super) endings: Bucket,
    /// Commands that were granted before.
    pub(super) repeats: Bucket,
    /// The chat, beside `commands`.
    pub(super) chat: Bucket,
    /// Offers of a peer connection.
    pub(super) offers: Bucket,
    pub(super) ephemerals: Bucket,
}

impl People {
    pub(super) fn len(&self) -> usize {
        self.here.len()
    }

    pub(super) fn get(&self, id: ParticipantId) -> Option<&Person> {
        self.here.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: ParticipantId) -> Option<&mut Person> {
        self.here.get_mut(&id)
    }

    pub(super) fn on_link(&self, link: LinkId) -> Option<ParticipantId> {
        self.by_link.get(&link).copied()
    }

    pub(super) fn is_stale(&self) -> bool {
        self.stale
    }

    /// Puts somebody on a link and returns the link that it replaces.
    pub(super) fn enter(&mut self, id: ParticipantId, link: LinkId, client: ClientKind) -> Option<LinkId> {
        let person = self.here.entry(id).or_insert_with(|| Person::new(client));
        let old = person.link.replace(link);
        (person.client, person.expires, person.talking, person.welcomed) = (client, None, false, false);
        if let Some(old) = old {
            self.by_link.remove(&old);
        }
        self.by_link.insert(link, id);
        old
    }

    /// Waits until `expires` for somebody who is in by the log and on no link.
    pub(super) fn expect(&mut self, id: ParticipantId, expires: MonoTime) {
        let person = self.here.entry(id).or_insert_with(|| Person::new(ClientKind::Native));
        person.expires = Some(expires).filter(|_| person.link.is_none());
    }

    /// From now on their link is sent everything.
    pub(super) fn set_welcomed(&mut self, id: ParticipantId) {
        if let Some(person) = self.here.get_mut(&id) {
            (person.welcomed, person.seen) = (true, true);
            self.stale = true;
        }
    }

    /// Somebody has left by the log: who is here is told after that.
    pub(super) fn tell_presence(&mut self) {
        self.stale = true;
    }

    pub(super) fn ids(&self) -> Vec<ParticipantId> {
        self.here.keys().copied().collect()
    }

    /// Takes a lost link off its participant, who may come back until `expires`.
    pub(super) fn lose(&mut self, link: LinkId, expires: MonoTime) -> Option<ParticipantId> {
        let id = self.by_link.remove(&link)?;
        let person = self.here.get_mut(&id)?;
        (person.link, person.expires, person.talking) = (None, Some(expires), false);
        self.stale |= person.seen;
        Some(id)
    }

    pub(super) fn remove(&mut self, id: ParticipantId) -> Option<Person> {
        let person = self.here.remove(&id)?;
        if let Some(link) = person.link {
            self.by_link.remove(&link);
        }
        Some(person)
    }

    pub(super) fn set_talking(&mut self, id: ParticipantId, on: bool) {
        self.change(id, |person| std::mem::replace(&mut person.talking, on) != on);
    }

    pub(super) fn set_media(&mut self, id: ParticipantId, on: bool) {
        self.change(id, |person| std::mem::replace(&mut person.media, on) != on);
    }

    pub(super) fn set_hears(&mut self, id: ParticipantId, hears: Vec<StreamId>) {
        self.change(id, |person| {
            let changed = person.hears != hears;
            person.hears = hears;
            changed
        });
    }

    /// Keeps news of what holds until the next of its kind, for whoever comes back on a new link.
    pub(super) fn keep_news(&mut self, id: ParticipantId, news: PeerNews) {
        let (about, peer) = match news {
            PeerNews::Slots { peer, .. } => (None, peer),
            PeerNews::Redundancy { peer, stream, .. } => (Some(stream), peer),
            PeerNews::Answer { .. } | PeerNews::Failed { .. } => return,
        };
        let Some(person) = self.here.get_mut(&id) else { return };
        if person.kept.get(&about).is_some_and(|(of, _)| *of > peer) {
            return;
        }
        person.kept.insert(about, (peer, news));
        let newest = person.peer.into_iter().chain(person.offering).min().unwrap_or(peer);
        person.kept.retain(|_, (of, _)| *of >= newest);
    }

    /// Drops what was kept about a stream that is not open any more.
    pub(super) fn forget_stream(&mut self, stream: StreamId) {
        self.here.values_mut().for_each(|person| drop(person.kept.remove(&Some(stream))));
    }

    fn change(&mut self, id: ParticipantId, change: impl FnOnce(&mut Person) -> bool) {
        self.stale |= self.here.get_mut(&id).is_some_and(change);
    }

    pub(super) fn link_of(&self, id: ParticipantId) -> Option<LinkId> {
        self.here.get(&id)?.link
    }

    /// Every link that was welcomed.
    pub(super) fn links(&self) -> Vec<LinkId> {
        self.links_where(|_| true)
    }

    /// Every link, those that wait for their welcome included.
    pub(super) fn all_links(&self) -> Vec<LinkId> {
        self.here.values().filter_map(|person| person.link).collect()
    }

    pub(super) fn links_where(&self, wanted: impl Fn(ParticipantId) -> bool) -> Vec<LinkId> {
        let in_there = self.here.iter().filter(|(id, person)| person.welcomed && wanted(**id));
        in_there.filter_map(|(_, person)| person.link).collect()
    }

    pub(super) fn next_expiry(&self) -> Option<MonoTime> {
        self.here.values().filter_map(|person| person.expires).min()
    }

    pub(super) fn expired(&self, now: MonoTime) -> Vec<ParticipantId> {
        let is_due = |person: &Person| person.expires.is_some_and(|expires| expires <= now);
        self.here.iter().filter(|(_, person)| is_due(person)).map(|(id, _)| *id).collect()
    }

    /// Who is here, if that has changed since it was last asked.
    pub(super) fn take_presence(&mut self) -> Option<Vec<Presence>> {
        let shown = |people: &BTreeMap<ParticipantId, Person>| {
            people.iter().filter(|(_, person)| person.seen).map(|(id, person)| person.presence(*id)).collect()
        };
        std::mem::take(&mut self.stale).then(|| shown(&self.here))
    }
}

impl Person {
    fn new(client: ClientKind) -> Person {
        Person {
            link: None,
            welcomed: false,
            seen: false,
            client,
            expires: None,
            talking: false,
            media: false,
            hears: Vec::new(),
            peer: None,
            offering: None,
            kept: BTreeMap::new(),
            limits: Limits {
                commands: Bucket::new(COMMANDS_PER_S, COMMAND_BURST),
                endings: Bucket::new(COMMANDS_PER_S, 2 * COMMAND_BURST),
                repeats: Bucket::new(REPEATS_PER_S, REPEAT_BURST),
                chat: Bucket::new(CHAT_PER_S, CHAT_BURST),
                offers: Bucket::new(OFFERS_PER_S, OFFER_BURST),
                ephemerals: Bucket::new(EPHEMERALS_PER_S, EPHEMERAL_BURST),
            },
        }
    }

    pub(super) fn client(&self) -> ClientKind {
        self.client
    }

    /// The news that hold for the peer connection in use, those of its sections first; nothing without one.
    pub(super) fn kept_news(&self) -> Vec<PeerNews> {
        let Some(peer) = self.peer else { return Vec::new() };
        let no_sections = PeerNews::Slots { peer, slots: Vec::new(), missing: Vec::new() };
        let mut news = BTreeMap::from([(None, no_sections)]);
        let kept = self.kept.iter().filter(|(_, (of, _))| *of == peer);
        news.extend(kept.map(|(about, (_, news))| (*about, news.clone())));
        news.into_values().collect()
    }

    fn presence(&self, participant: ParticipantId) -> Presence {
        let (hears, talking, media) = (self.hears.clone(), self.talking, self.media);
        Presence { participant, client: self.client, hears, talking, media }
    }
}
