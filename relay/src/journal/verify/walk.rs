use super::{Compared, Damage, Fault, Report, Walked};
use protocol::chain::ChainHash;
use protocol::event::Stored;
use protocol::ids::{CommandId, LogId, ParticipantId, SessionId};
use protocol::session::{SessionState, apply};
use relay_core::journal::Snapshot;
use rusqlite::{Connection, OptionalExtension, Result, Row, params};
use serde::de::IgnoredAny;

/// Walks every session's log and adds what it finds.
pub(super) fn all(file: &Connection, report: &mut Report) -> Result<()> {
    let mut rows = file.prepare("SELECT number, id, log FROM session ORDER BY number")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let (number, session, log) = (row.get(0)?, SessionId(row.get(1)?), LogId(row.get(2)?));
        report.sessions.push(one(file, number, session, log, &mut report.faults)?);
    }
    Ok(())
}

fn one(file: &Connection, number: i64, session: SessionId, log: LogId, faults: &mut Vec<Fault>) -> Result<Walked> {
    let mut walk = Walk::new(file, number, session, log, faults)?;
    let mut rows = file.prepare_cached("SELECT seq, text, hash FROM event WHERE session = ?1 ORDER BY seq")?;
    let mut rows = rows.query([number])?;
    let mut events = 0;
    while let Some(row) = rows.next()? {
        events += 1;
        walk.step(row.get(0)?, row.get_ref(1)?.as_bytes()?, ChainHash(row.get(2)?));
    }
    walk.end();
    let commands = walk.commands(file, number)?;
    Ok(Walked { session, log, events, commands, snapshot: walk.compared })
}

/// Where the walk along one log is.
struct Walk<'a> {
    session: SessionId,
    /// Number of the last event.
    last: u64,
    /// What the next event may be chained to: the last hash as it is stored and as it should be. They differ after a
    /// fault, so that one changed event is one fault.
    before: [ChainHash; 2],
    /// The fold; none from where it cannot be known.
    state: Option<SessionState>,
    /// The snapshot, until its event comes by.
    snapshot: Option<Kept>,
    compared: Compared,
    faults: &'a mut Vec<Fault>,
}

struct Kept {
    seq: u64,
    hash: ChainHash,
    text: Vec<u8>,
}

impl Kept {
    /// The state; none when another version's fold made it.
    fn state(&self) -> serde_json::Result<Option<SessionState>> {
        let text = String::from_utf8_lossy(&self.text).into_owned();
        let kept = Snapshot { seq: self.seq, hash: self.hash.0, text };
        match kept.state_text() {
            Some(state) => serde_json::from_str(state).map(Some),
            None => serde_json::from_slice::<IgnoredAny>(&self.text).map(|_| None),
        }
    }
}

impl<'a> Walk<'a> {
    fn new(
        file: &Connection,
        number: i64,
        session: SessionId,
        log: LogId,
        faults: &'a mut Vec<Fault>,
    ) -> Result<Walk<'a>> {
        let sql = "SELECT seq, hash, text FROM snapshot WHERE session = ?1";
        let read = |row: &Row<'_>| {
            Ok(Kept { seq: row.get(0)?, hash: ChainHash(row.get(1)?), text: row.get_ref(2)?.as_bytes()?.to_owned() })
        };
        let snapshot = file.query_row(sql, [number], read).optional()?;
        let (before, state) = ([ChainHash::start(log); 2], Some(SessionState::default()));
        Ok(Walk { session, last: 0, before, state, snapshot, compared: Compared::None, faults })
    }

    fn fault(&mut self, seq: u64, damage: Damage) {
        self.faults.push(Fault { session: Some(self.session), seq: Some(seq), damage });
    }

    fn step(&mut self, seq: u64, text: &[u8], found: ChainHash) {
        let is_next = seq == self.last + 1;
        if !is_next {
            self.fault(seq, Damage::Gap { first: self.last + 1, last: seq - 1 });
            self.state = None;
        }
        self.last = seq;
        match std::str::from_utf8(text) {
            Ok(text) => {
                self.chain(is_next, text, found);
                self.fold(text);
            }
            Err(error) => {
                self.before = [found; 2];
                self.unreadable(error.to_string());
            }
        }
        if let Some(kept) = self.snapshot.take_if(|kept| kept.seq == seq) {
            self.compare(&kept, found);
        }
    }

    /// After a gap there is nothing to compare with: the chain goes on from what is stored.
    fn chain(&mut self, is_next: bool, text: &str, found: ChainHash) {
        let [by_stored, by_right] = self.before.map(|before| before.then(text));
        self.before = [found; 2];
        if is_next && found != by_stored && found != by_right {
            self.fault(self.last, Damage::Hash { expected: by_right, found });
            self.before = [found, by_right];
        }
    }

    fn fold(&mut self, text: &str) {
        match Stored::read(text) {
            Ok(stored) => self.apply(&stored),
            Err(error) => self.unreadable(cause(&error)),
        }
    }

    fn unreadable(&mut self, why: String) {
        self.fault(self.last, Damage::Text { why });
        self.state = None;
    }

    fn apply(&mut self, stored: &Stored) {
        let recorded = stored.recorded();
        if recorded.seq != self.last {
            self.fault(self.last, Damage::Number { says: recorded.seq });
        }
        self.state.take_if(|_| recorded.event.needs_update());
        if let Some(state) = &mut self.state {
            apply(state, recorded);
        }
    }

    fn compare(&mut self, kept: &Kept, hash: ChainHash) {
        self.compared = Compared::Different;
        match (kept.state(), &self.state) {
            _ if kept.hash != hash => self.fault(kept.seq, Damage::SnapshotElsewhere),
            (Err(error), _) => self.fault(kept.seq, Damage::SnapshotText { why: error.to_string() }),
            (Ok(None), _) => self.compared = Compared::OtherVersion,
            (Ok(Some(read)), Some(state)) if read == *state => self.compared = Compared::Equal,
            (Ok(Some(_)), Some(_)) => self.fault(kept.seq, Damage::SnapshotState),
            (Ok(Some(_)), None) => self.compared = Compared::NotCompared,
        }
    }

    /// A snapshot whose event did not come by is of none.
    fn end(&mut self) {
        if let Some(kept) = self.snapshot.take() {
            self.compared = Compared::Different;
            self.fault(kept.seq, Damage::SnapshotElsewhere);
        }
    }

    /// Checks the remembered commands against the log's end; how many there are.
    fn commands(&mut self, file: &Connection, number: i64) -> Result<u64> {
        let last = self.last;
        let sql = "SELECT by, id, seq FROM done WHERE session = ?1 AND seq > ?2 ORDER BY seq";
        let mut rows = file.prepare_cached(sql)?;
        let mut rows = rows.query(params![number, last])?;
        while let Some(row) = rows.next()? {
            let (by, id) = (ParticipantId(row.get(0)?), CommandId(row.get(1)?));
            self.fault(row.get(2)?, Damage::CommandAhead { by, id, last });
        }
        file.query_row("SELECT count(*) FROM done WHERE session = ?1", [number], |row| row.get(0))
    }
}

/// Why, without the advice to do what is being done, and without what would move a terminal's cursor.
fn cause(error: &dyn std::error::Error) -> String {
    let why = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    why.replace(char::is_control, "\u{fffd}")
}
