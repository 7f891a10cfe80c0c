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
    /// What the newest news of sections said, and of which peer connection.
    slots: Option<(u32, PeerNews)>,
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

    /// Keeps what the sections of a peer connection carry, for whoever comes back on a new link.
    pub(super) fn keep_slots(&mut self, id: ParticipantId, peer: u32, news: PeerNews) {
        if let Some(person) = self.here.get_mut(&id) {
            person.slots = Some((peer, news));
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
            slots: None,
            commands: Bucket::new(COMMANDS_PER_S, COMMAND_BURST),
            ephemerals: Bucket::new(EPHEMERALS_PER_S, EPHEMERAL_BURST),
        }
    }

    pub(super) fn client(&self) -> ClientKind {
        self.client
    }

    /// What the sections of the peer connection in use carry; none without one.
    pub(super) fn slots(&self) -> Option<PeerNews> {
        let peer = self.peer?;
        let kept = self.slots.as_ref().filter(|(of, _)| *of == peer).map(|(_, news)| news.clone());
        Some(kept.unwrap_or_else(|| PeerNews::Slots { peer, slots: Vec::new(), missing: Vec::new() }))
    }

    fn presence(&self, participant: ParticipantId) -> Presence {
        let (hears, talking, media) = (self.hears.clone(), self.talking, self.media);
        Presence { participant, client: self.client, hears, talking, media }
    }
}
