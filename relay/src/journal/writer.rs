use super::health::Health;
use super::{Figures, Journal, JournalError};
use protocol::ids::{LogId, SessionId};
use relay_core::journal::{Batch, Opened, Snapshot, StoredEvent};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;
use tokio::sync::oneshot;

/// Batches and calls that wait for each of the journal's threads: two batches of each of a thousand rooms, and as many
/// calls. Over it they are turned away at once ([`JournalError::Busy`]) and whoever sent them tries again.
pub const QUEUE_JOBS: usize = 4_096;
/// A group of batches with so many events is committed although more wait. A batch without events counts as one.
pub const GROUP_EVENTS: usize = 64;

/// The journal's two threads: one writes, one reads, so that building a room does not hold up what others append.
///
/// The writer commits at once when it is idle; what comes while a commit runs goes into the next one. So no batch waits
/// for a timer, and under load many sessions share a commit. Dropping this commits what waits and ends the threads, which
/// blocks; whatever comes later is answered with [`JournalError::Down`].
pub struct Writer {
    handle: JournalHandle,
    threads: Vec<JoinHandle<()>>,
}

/// The way to the journal's threads. Cloning is cheap, and no call blocks.
#[derive(Clone)]
pub struct JournalHandle {
    write: SyncSender<Job>,
    read: SyncSender<Job>,
    closed: Arc<AtomicBool>,
    figures: Figures,
    health: Health,
    /// Held by whoever probes the store.
    probing: Arc<tokio::sync::Mutex<()>>,
}

enum Job {
    Append(Batch, Answer),
    Call(Call),
    Stop,
}

type Call = Box<dyn FnOnce(&mut dyn Journal) + Send>;
type Tell = Box<dyn FnOnce(u64, Result<(), JournalError>) + Send>;

impl Writer {
    /// Starts the threads, one on each of two openings of the same store.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub fn start(write: impl Journal + 'static, read: impl Journal + 'static) -> std::io::Result<Writer> {
        let (figures, health) = (Figures::default(), Health::default());
        let (write, writing) = thread("journal", write, (figures.clone(), health.clone()))?;
        let (read, reading) = thread("journal-read", read, (figures.clone(), Health::default()))?;
        let (closed, probing) = (Arc::new(AtomicBool::new(false)), Arc::default());
        let handle = JournalHandle { write, read, closed, figures, health, probing };
        Ok(Writer { handle, threads: vec![writing, reading] })
    }

    /// A way to the threads.
    pub fn handle(&self) -> JournalHandle {
        self.handle.clone()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.handle.closed.store(true, Ordering::Release);
        for queue in [&self.handle.write, &self.handle.read] {
            // It fails only when the thread is gone already.
            let _ = queue.send(Job::Stop);
        }
        for thread in self.threads.drain(..) {
            // A panic in there was reported when it happened, and every batch was answered.
            let _ = thread.join();
        }
    }
}

impl JournalHandle {
    /// Puts a batch in the queue. `answer` gets its ticket and what became of it, exactly once: on the journal's thread
    /// when the batch is durable or refused, here when it is not taken in. It must not block.
    pub fn append(&self, batch: Batch, answer: impl FnOnce(u64, Result<(), JournalError>) + Send + 'static) {
        let answer = Answer { ticket: batch.ticket, tell: Some(Box::new(answer)) };
        if self.try_send(&self.write, Job::Append(batch, answer)).is_err() {
            self.figures.turned_away.inc();
        }
    }

    /// Begins a session's log; see [`Journal::create`].
    ///
    /// # Errors
    /// As there, or when the journal takes nothing in.
    pub async fn create(&self, session: SessionId, log: LogId) -> Result<(), JournalError> {
        self.call(&self.write, move |journal| journal.create(session, log)).await
    }

    /// Keeps a state; see [`Journal::snapshot`]. What was appended before is there for it.
    ///
    /// # Errors
    /// As there, or when the journal takes nothing in.
    pub async fn snapshot(&self, session: SessionId, snapshot: Snapshot) -> Result<(), JournalError> {
        self.call(&self.write, move |journal| journal.snapshot(session, snapshot)).await
    }

    /// What a session's room is built from; see [`Journal::open`]. Everything that was answered is in it.
    ///
    /// # Errors
    /// As there, or when the journal takes nothing in.
    pub async fn open(&self, session: SessionId) -> Result<Option<Opened>, JournalError> {
        self.call(&self.read, move |journal| journal.open(session)).await
    }

    /// Which incarnation a session's log is; see [`Journal::log_id`].
    ///
    /// # Errors
    /// As there, or when the journal takes nothing in.
    pub async fn log_id(&self, session: SessionId) -> Result<Option<LogId>, JournalError> {
        self.call(&self.read, move |journal| journal.log_id(session)).await
    }

    /// Events from the log; see [`Journal::read`].
    ///
    /// # Errors
    /// As there, or when the journal takes nothing in.
    pub async fn read(&self, session: SessionId, after: u64, most: usize) -> Result<Vec<StoredEvent>, JournalError> {
        self.call(&self.read, move |journal| journal.read(session, after, most)).await
    }

    /// Every session that has a log.
    ///
    /// # Errors
    /// When the store fails or the journal takes nothing in.
    pub async fn sessions(&self) -> Result<Vec<SessionId>, JournalError> {
        self.call(&self.read, |journal| journal.sessions()).await
    }

    /// Whether the store takes what is written. What it took within the last second is evidence enough; else it is tried
    /// with one small write, which all who ask meanwhile wait for, so that asking often costs no more than asking once a
    /// second. After a failure each call tries anew.
    ///
    /// # Errors
    /// Why it does not, or when the journal takes nothing in.
    pub async fn check(&self) -> Result<(), JournalError> {
        self.check_at(Instant::now()).await
    }

    async fn check_at(&self, now: Instant) -> Result<(), JournalError> {
        let _alone = self.probing.lock().await;
        if self.closed.load(Ordering::Acquire) {
            return Err(JournalError::Down);
        }
        if self.health.is_fresh(now) {
            return Ok(());
        }
        let probed = self.call(&self.write, |journal| journal.probe()).await;
        self.health.tell(probed.is_ok());
        probed
    }

    /// The figures.
    pub fn figures(&self) -> &Figures {
        &self.figures
    }

    async fn call<T: Send + 'static>(
        &self,
        queue: &SyncSender<Job>,
        work: impl FnOnce(&mut dyn Journal) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let (tell, told) = oneshot::channel();
        // Who asked may be gone meanwhile.
        let job = Job::Call(Box::new(move |journal| drop(tell.send(work(journal)))));
        self.try_send(queue, job)?;
        told.await.unwrap_or(Err(JournalError::Down))
    }

    /// A batch that is not taken in is answered here.
    fn try_send(&self, queue: &SyncSender<Job>, job: Job) -> Result<(), JournalError> {
        let (error, job) = if self.closed.load(Ordering::Acquire) {
            (JournalError::Down, job)
        } else {
            match queue.try_send(job) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Full(job)) => (JournalError::Busy, job),
                Err(TrySendError::Disconnected(job)) => (JournalError::Down, job),
            }
        };
        if let Job::Append(_, answer) = job {
            answer.give(Err(error.clone()));
        }
        Err(error)
    }
}

/// What a batch's sender is told. A batch that is dropped on any way was not written, and its sender learns it.
struct Answer {
    ticket: u64,
    tell: Option<Tell>,
}

impl Answer {
    fn give(mut self, what: Result<(), JournalError>) {
        if let Some(tell) = self.tell.take() {
            tell(self.ticket, what);
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if let Some(tell) = self.tell.take() {
            tell(self.ticket, Err(JournalError::Down));
        }
    }
}

fn thread(
    name: &str,
    journal: impl Journal + 'static,
    (figures, health): (Figures, Health),
) -> std::io::Result<(SyncSender<Job>, JoinHandle<()>)> {
    let (queue, jobs) = sync_channel(QUEUE_JOBS);
    let worker = Worker { journal, figures, health, batches: Vec::new(), answers: Vec::new(), events: 0 };
    Ok((queue, Builder::new().name(name.to_owned()).spawn(move || worker.work(&jobs))?))
}

/// One thread with its opening of the store and the group that it gathers.
struct Worker<J> {
    journal: J,
    figures: Figures,
    health: Health,
    batches: Vec<Batch>,
    answers: Vec<Answer>,
    /// Events in the group.
    events: usize,
}

impl<J: Journal> Worker<J> {
    fn work(mut self, jobs: &Receiver<Job>) {
        let mut stopping = false;
        while !stopping {
            let mut next = jobs.recv().ok();
            stopping = next.is_none();
            while let Some(job) = next {
                match job {
                    Job::Append(batch, answer) => self.gather(batch, answer),
                    Job::Call(call) => {
                        self.commit();
                        call(&mut self.journal);
                    }
                    Job::Stop => stopping = true,
                }
                next = jobs.try_recv().ok();
            }
            self.commit();
        }
    }

    fn gather(&mut self, batch: Batch, answer: Answer) {
        self.events += batch.events.len();
        self.batches.push(batch);
        self.answers.push(answer);
        if self.events.max(self.batches.len()) >= GROUP_EVENTS {
            self.commit();
        }
    }

    fn commit(&mut self) {
        let (batches, answers) = (std::mem::take(&mut self.batches), std::mem::take(&mut self.answers));
        self.events = 0;
        if batches.is_empty() {
            return;
        }
        let began = Instant::now();
        let taken = self.journal.append(&batches);
        self.health.tell(taken.is_ok());
        match taken {
            Ok(done) => self.tell(began, &batches, answers, done),
            Err(error) => {
                tracing::error!(batches = batches.len(), %error, "the journal did not take what happened");
                self.figures.failed.inc_by(batches.len() as u64);
                answers.into_iter().for_each(|answer| answer.give(Err(error.clone())));
            }
        }
    }

    fn tell(&self, began: Instant, batches: &[Batch], answers: Vec<Answer>, done: Vec<Result<(), super::Refused>>) {
        let taken = batches.iter().zip(&done).filter(|(_, done)| done.is_ok());
        self.figures.committed(taken.map(|(batch, _)| batch.events.len()).sum(), began.elapsed());
        self.figures.refused.inc_by(done.iter().filter(|done| done.is_err()).count() as u64);
        for (answer, done) in answers.into_iter().zip(done) {
            answer.give(done.map_err(JournalError::from));
        }
    }
}

#[cfg(test)]
mod tests;
