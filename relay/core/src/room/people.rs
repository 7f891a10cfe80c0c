use super::{Bucket, LinkId};
use protocol::ids::{ParticipantId, StreamId};
use protocol::wire::{COMMAND_BURST, COMMANDS_PER_S, ClientKind, PeerNews, Presence};
use std::collections::{BTreeMap, HashMap};
use units::MonoTime;

/// Ephemerals that one participant may tell for long, in 1/s: levels of 8 streams at 10 Hz, clocks and health of 24.
const EPHEMERALS_PER_S: u32 = 110;
/// Ephemerals that one participant may tell at once.
const EPHEMERAL_BURST: u32 = 220;

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
    pub(super) commands: Bucket,
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
        (person.client, person.expires, person.talking) = (client, None, false);
        if let Some(old) = old {
            self.by_link.remove(&old);
        }
        self.by_link.insert(link, id);
        self.stale = true;
        old
    }

    /// Takes a lost link off its participant, who may come back until `expires`.
    pub(super) fn lose(&mut self, link: LinkId, expires: MonoTime) -> Option<ParticipantId> {
        let id = self.by_link.remove(&link)?;
        let person = self.here.get_mut(&id)?;
        (person.link, person.expires, person.talking) = (None, Some(expires), false);
        self.stale = true;
        Some(id)
    }

    pub(super) fn remove(&mut self, id: ParticipantId) -> Option<Person> {
        let person = self.here.remove(&id)?;
        if let Some(link) = person.link {
            self.by_link.remove(&link);
        }
        self.stale = true;
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
        if let Some(person) = self.here.get_mut(&id) {
            person.kept.retain(|_, (of, _)| *of >= peer);
            person.kept.insert(about, (peer, news));
        }
    }

    fn change(&mut self, id: ParticipantId, change: impl FnOnce(&mut Person) -> bool) {
        self.stale |= self.here.get_mut(&id).is_some_and(change);
    }

    pub(super) fn link_of(&self, id: ParticipantId) -> Option<LinkId> {
        self.here.get(&id)?.link
    }

    pub(super) fn links(&self) -> Vec<LinkId> {
        self.links_where(|_| true)
    }

    pub(super) fn links_where(&self, wanted: impl Fn(ParticipantId) -> bool) -> Vec<LinkId> {
        self.here.iter().filter(|(id, _)| wanted(**id)).filter_map(|(_, person)| person.link).collect()
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
        std::mem::take(&mut self.stale).then(|| self.here.iter().map(|(id, person)| person.presence(*id)).collect())
    }
}

impl Person {
    fn new(client: ClientKind) -> Person {
        Person {
            link: None,
            client,
            expires: None,
            talking: false,
            media: false,
            hears: Vec::new(),
            peer: None,
            offering: None,
            kept: BTreeMap::new(),
            commands: Bucket::new(COMMANDS_PER_S, COMMAND_BURST),
            ephemerals: Bucket::new(EPHEMERALS_PER_S, EPHEMERAL_BURST),
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
