use super::super::tests::{Author, House};
use super::super::{Refused, SqliteJournal};
use super::*;
use std::sync::mpsc::{Receiver, Sender, channel};

type Told = (u64, Result<(), JournalError>);

/// A journal whose every append waits to be let through, and tells how many batches it has.
struct Gated {
    journal: SqliteJournal,
    entered: Sender<usize>,
    through: Receiver<Pass>,
}

enum Pass {
    Go,
    Full,
    Panic,
}

impl Journal for Gated {
    fn append(&mut self, batches: &[Batch]) -> Result<Vec<Result<(), Refused>>, JournalError> {
        self.entered.send(batches.len()).unwrap();
        match self.through.recv() {
            Ok(Pass::Full) => Err(JournalError::Full),
            Ok(Pass::Panic) => panic!("as the test wants"),
            _ => self.journal.append(batches),
        }
    }
    fn create(&mut self, session: SessionId, log: LogId) -> Result<(), JournalError> {
        self.journal.create(session, log)
    }
    fn open(&mut self, session: SessionId) -> Result<Option<Opened>, JournalError> {
        self.journal.open(session)
    }
    fn log_id(&mut self, session: SessionId) -> Result<Option<LogId>, JournalError> {
        self.journal.log_id(session)
    }
    fn snapshot(&mut self, session: SessionId, snapshot: Snapshot) -> Result<(), JournalError> {
        self.journal.snapshot(session, snapshot)
    }
    fn read(&mut self, session: SessionId, after: u64, most: usize) -> Result<Vec<StoredEvent>, JournalError> {
        self.journal.read(session, after, most)
    }
    fn probe(&mut self) -> Result<(), JournalError> {
        self.entered.send(0).unwrap();
        match self.through.recv() {
            Ok(Pass::Full) => Err(JournalError::Full),
            _ => self.journal.probe(),
        }
    }
    fn sessions(&mut self) -> Result<Vec<SessionId>, JournalError> {
        self.journal.sessions()
    }
}

struct Bench {
    /// Before the writer: without it nothing waits any more, so that a test that fails ends.
    through: Sender<Pass>,
    writer: Writer,
    handle: JournalHandle,
    author: Author,
    entered: Receiver<usize>,
    tell: Sender<Told>,
    told: Receiver<Told>,
    data: std::path::PathBuf,
    _folder: Box<dyn std::any::Any>,
}

fn bench() -> Bench {
    let mut house = House::new();
    let author = house.begin(1);
    let path = house.data.join(super::super::FILE);
    let (enter, entered) = channel();
    let (through, passes) = channel();
    let (tell, told) = channel();
    let gated = Gated { journal: SqliteJournal::open(&path).unwrap(), entered: enter, through: passes };
    let writer = Writer::start(gated, SqliteJournal::open(&path).unwrap()).unwrap();
    let (handle, data) = (writer.handle(), house.data.clone());
    Bench { handle, writer, author, entered, through, tell, told, data, _folder: Box::new(house) }
}

impl Bench {
    fn say(&mut self, count: usize) {
        for _ in 0..count {
            let tell = self.tell.clone();
            let batch = self.author.say("so");
            self.handle.append(batch, move |ticket, what| tell.send((ticket, what)).unwrap());
        }
    }

    /// Lets a commit through and says how many batches it had.
    fn pass(&self, how: Pass) -> usize {
        let batches = self.entered.recv().unwrap();
        self.through.send(how).unwrap();
        batches
    }

    /// The next so many answers, which must be for consecutive tickets from `first`.
    fn answers(&self, first: u64, count: usize) -> Vec<Result<(), JournalError>> {
        let (tickets, what): (Vec<_>, Vec<_>) = self.told.iter().take(count).unzip();
        assert_eq!(tickets, (first..).take(count).collect::<Vec<_>>());
        what
    }
}

#[test]
fn what_comes_while_a_commit_runs_shares_the_next_one() {
    let mut bench = bench();
    bench.say(1);
    assert_eq!(bench.entered.recv().unwrap(), 1);
    bench.say(10);
    bench.through.send(Pass::Go).unwrap();
    assert_eq!(bench.pass(Pass::Go), 10);
    assert_eq!(bench.answers(1, 11), vec![Ok(()); 11]);
    let figures = bench.handle.figures();
    assert_eq!((figures.events.get(), figures.commits.get(), figures.failed.get()), (11, 2, 0));
}

#[test]
fn a_group_is_committed_when_it_is_full_although_more_wait() {
    let mut bench = bench();
    bench.say(1);
    assert_eq!(bench.entered.recv().unwrap(), 1);
    bench.say(GROUP_EVENTS + 6);
    bench.through.send(Pass::Go).unwrap();
    assert_eq!((bench.pass(Pass::Go), bench.pass(Pass::Go)), (GROUP_EVENTS, 6));
    assert_eq!(bench.answers(1, GROUP_EVENTS + 7), vec![Ok(()); GROUP_EVENTS + 7]);
}

#[test]
fn a_full_queue_turns_the_next_batch_away_at_once_and_no_other() {
    let mut bench = bench();
    bench.say(1);
    assert_eq!(bench.entered.recv().unwrap(), 1);
    bench.say(QUEUE_JOBS);
    let before = bench.author.clone();
    bench.say(1);
    let ticket = before.seq + 1;
    assert_eq!(bench.told.recv().unwrap(), (ticket, Err(JournalError::Busy)));
    drop(bench.through);
    let (tickets, what): (Vec<_>, Vec<_>) = bench.told.iter().take(QUEUE_JOBS + 1).unzip();
    assert_eq!(tickets, (1..ticket).collect::<Vec<_>>());
    assert_eq!(what, vec![Ok(()); QUEUE_JOBS + 1]);
    assert_eq!(bench.handle.figures().turned_away.get(), 1);
}

#[test]
fn a_store_that_fails_is_told_to_the_whole_group_and_the_next_one_works() {
    let mut bench = bench();
    let before = bench.author.clone();
    bench.say(1);
    assert_eq!(bench.pass(Pass::Full), 1);
    assert_eq!(bench.answers(1, 1), [Err(JournalError::Full)]);
    bench.author = before;
    bench.say(1);
    assert_eq!(bench.pass(Pass::Go), 1);
    assert_eq!(bench.answers(1, 1), [Ok(())]);
}

#[tokio::test]
async fn a_failing_store_is_not_ready_until_it_takes_something_again() {
    let mut bench = bench();
    let handle = bench.handle.clone();
    let before = bench.author.clone();
    bench.say(1);
    assert_eq!(bench.pass(Pass::Full), 1);
    assert_eq!(bench.answers(1, 1), [Err(JournalError::Full)]);
    for (how, found) in
        [(Pass::Full, Err(JournalError::Full)), (Pass::Full, Err(JournalError::Full)), (Pass::Go, Ok(()))]
    {
        bench.through.send(how).unwrap();
        assert_eq!(handle.check_at(Instant::now()).await, found);
        assert_eq!(bench.entered.recv().unwrap(), 0, "each time it was tried");
    }
    bench.author = before;
    bench.say(1);
    assert_eq!(bench.pass(Pass::Full), 1);
    bench.answers(1, 1);
    bench.through.send(Pass::Full).unwrap();
    assert_eq!(
        handle.check().await,
        Err(JournalError::Full),
        "a failure since counts for more than what it took before"
    );
}

#[tokio::test]
async fn what_the_store_has_just_taken_is_evidence_and_needs_no_further_write() {
    let mut bench = bench();
    let (handle, early) = (bench.handle.clone(), Instant::now());
    bench.say(1);
    assert_eq!(bench.pass(Pass::Go), 1);
    assert_eq!(bench.answers(1, 1), [Ok(())]);
    for _ in 0..100 {
        assert_eq!(handle.check_at(early).await, Ok(()));
    }
    assert!(bench.entered.try_recv().is_err(), "nothing was written");
    let late = Instant::now() + std::time::Duration::from_secs(60);
    bench.through.send(Pass::Go).unwrap();
    assert_eq!(handle.check_at(late).await, Ok(()));
    assert_eq!(bench.entered.recv().unwrap(), 0, "after a while it is tried");
    drop(bench.writer);
    assert_eq!(handle.check_at(early).await, Err(JournalError::Down));
}

#[test]
fn a_batch_that_does_not_fit_is_told_to_its_sender_only() {
    let mut bench = bench();
    bench.say(1);
    assert_eq!(bench.entered.recv().unwrap(), 1);
    bench.say(1);
    bench.author.tip = [0; 32];
    bench.say(1);
    bench.through.send(Pass::Go).unwrap();
    assert_eq!(bench.pass(Pass::Go), 2);
    assert_eq!(bench.answers(1, 3), [Ok(()), Ok(()), Err(Refused::Link { seq: 3 }.into())]);
    assert_eq!(bench.handle.figures().refused.get(), 1);
}

#[test]
fn the_end_commits_what_waits_and_answers_whatever_comes_later() {
    let mut bench = bench();
    bench.say(1);
    assert_eq!(bench.entered.recv().unwrap(), 1);
    bench.say(100);
    drop(bench.through);
    drop(bench.writer);
    let what: Vec<_> = bench.told.try_iter().map(|(_, what)| what).collect();
    assert_eq!(what, vec![Ok(()); 101]);
    let kept = SqliteJournal::open(&bench.data.join(super::super::FILE)).unwrap().open(bench.author.session);
    assert_eq!(kept.unwrap().unwrap().tail, bench.author.events);
    let tell = bench.tell.clone();
    bench.handle.append(bench.author.say("late"), move |ticket, what| tell.send((ticket, what)).unwrap());
    assert_eq!(bench.told.try_recv().unwrap(), (102, Err(JournalError::Down)));
}

#[test]
fn a_dead_thread_is_an_answer_to_every_batch() {
    let mut bench = bench();
    bench.say(1);
    assert_eq!(bench.entered.recv().unwrap(), 1);
    bench.say(5);
    bench.through.send(Pass::Panic).unwrap();
    assert_eq!(bench.answers(1, 6), vec![Err(JournalError::Down); 6]);
    bench.say(1);
    assert_eq!(bench.answers(7, 1), [Err(JournalError::Down)]);
}

#[tokio::test]
async fn rooms_open_and_snapshot_through_the_same_threads_in_order() {
    let mut bench = bench();
    let handle = bench.handle.clone();
    bench.through.send(Pass::Go).unwrap();
    bench.say(1);
    // Not waited for: it comes after the batch before it by itself.
    handle.snapshot(bench.author.session, bench.author.snapshot()).await.unwrap();
    let opened = handle.open(bench.author.session).await.unwrap().unwrap();
    assert_eq!((opened.snapshot, opened.tail), (Some(bench.author.snapshot()), vec![]));
    assert_eq!(handle.read(bench.author.session, 0, 9).await, Ok(bench.author.events.clone()));
    let other = Author::new(2);
    handle.create(other.session, other.log).await.unwrap();
    assert_eq!(handle.create(other.session, other.log).await, Err(Refused::Exists.into()));
    assert_eq!(handle.sessions().await, Ok(vec![bench.author.session, other.session]));
    drop(bench.writer);
    assert_eq!(handle.open(other.session).await, Err(JournalError::Down));
}
