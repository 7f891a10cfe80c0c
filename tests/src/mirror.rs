//! A participant that is nothing but a mirror: it folds what it is told over a real WebSocket, checks that every event
//! follows on the one before it, keeps what it asks until that is answered, and comes back from where it was.

mod ask;

pub use ask::ask;

use crate::load::redeem;
use crate::programs::PATIENCE;
use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use protocol::chain::ChainHash;
use protocol::command::Command;
use protocol::ids::{CommandId, ParticipantId, SessionId};
use protocol::session::{SessionState, apply};
use protocol::wire::{ClientFrame, ClientKind, Hello, Place, RelayFrame, Resume, SUBPROTOCOL, VERSION, Welcome};
use std::collections::{BTreeMap, VecDeque};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{WebSocketStream, client_async};
use uuid::Uuid;

type Socket = WebSocketStream<TcpStream>;

/// One participant with their mirror of the session.
pub struct Mirror {
    /// `127.0.0.1:PORT`.
    relay: String,
    link: Option<Socket>,
    /// Who one is.
    pub me: ParticipantId,
    /// Which session.
    pub session: SessionId,
    /// The way back, good once.
    secret: String,
    /// What was folded so far.
    pub state: SessionState,
    /// Where in the log that is.
    pub place: Place,
    /// Asked and not answered, in order.
    pending: VecDeque<(CommandId, Command)>,
    /// With which number each command was answered.
    done: BTreeMap<CommandId, u64>,
    /// What it came to.
    pub figures: Figures,
}

/// What happened to one mirror, or to several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Commands that were done.
    pub done: usize,
    /// Commands that were refused.
    pub refused: usize,
    /// How often it came back and was told what was missing.
    pub tails: usize,
    /// How often it came back and was told everything.
    pub wholes: usize,
}

impl std::ops::AddAssign for Figures {
    fn add_assign(&mut self, rhs: Figures) {
        self.done += rhs.done;
        self.refused += rhs.refused;
        self.tails += rhs.tails;
        self.wholes += rhs.wholes;
    }
}

impl Mirror {
    /// Comes in by an invitation.
    pub async fn join(link: &str, name: &str) -> Result<Mirror> {
        let (relay, redeemed) = redeem(link, name).await?;
        let relay = relay.strip_prefix("http://").context("the relay is on plain HTTP")?.to_owned();
        let hello = Hello { v: VERSION, client: ClientKind::Native, ticket: Some(redeemed.ticket), resume: None };
        let (link, welcome) = enter(&relay, hello).await?;
        let place = welcome.place();
        let Welcome { participant, session, resume, state, .. } = welcome;
        let state = *state.context("a newcomer is told everything")?;
        let (pending, done, figures) = (VecDeque::new(), BTreeMap::new(), Figures::default());
        let link = Some(link);
        Ok(Mirror { relay, link, me: participant, session, secret: resume, state, place, pending, done, figures })
    }

    /// Whether there is a link.
    pub fn is_linked(&self) -> bool {
        self.link.is_some()
    }

    /// Loses the link without a word, as in a tunnel.
    pub fn lose(&mut self) {
        self.link = None;
    }

    /// Asks for something: now, if there is a link, and in any case until it is answered.
    pub async fn ask(&mut self, command: Command) {
        let id = CommandId(Uuid::now_v7());
        self.pending.push_back((id, command.clone()));
        self.send(&ClientFrame::Cmd { id, command }).await;
    }

    /// Comes back from where one was, and asks again for what is not answered, in order.
    pub async fn come_back(&mut self) -> Result<()> {
        let (session, participant, secret) = (self.session, self.me, self.secret.clone());
        let resume = Some(Resume { session, participant, secret, known: Some(self.place) });
        let (link, welcome) =
            enter(&self.relay, Hello { v: VERSION, client: ClientKind::Native, ticket: None, resume }).await?;
        ensure!(welcome.participant == self.me, "one comes back as who one was");
        self.secret.clone_from(&welcome.resume);
        match &welcome.state {
            Some(state) => {
                (self.state, self.place) = (state.as_ref().clone(), welcome.place());
                self.figures.wholes += 1;
            }
            None => {
                ensure!(welcome.place() == self.place, "the tail begins where one was");
                self.figures.tails += 1;
            }
        }
        self.link = Some(link);
        for (id, command) in self.pending.clone() {
            self.send(&ClientFrame::Cmd { id, command }).await;
        }
        Ok(())
    }

    /// Until everything is answered, coming back as often as that takes; at most [`PATIENCE`].
    pub async fn settle(&mut self) -> Result<()> {
        self.step_until("the last answer", |mirror| mirror.pending.is_empty()).await
    }

    /// Until the event with this number is folded; at most [`PATIENCE`].
    pub async fn read_to(&mut self, seq: u64) -> Result<()> {
        self.step_until("the event", |mirror| mirror.place.seq >= seq).await
    }

    async fn step_until(&mut self, what: &str, done: impl Fn(&Mirror) -> bool) -> Result<()> {
        let steps = async {
            while !done(self) {
                self.step().await?;
            }
            anyhow::Ok(())
        };
        timeout(PATIENCE, steps).await.with_context(|| format!("{what} never came"))?
    }

    /// The number of the event that the newest answered command caused last.
    pub fn last_done(&self) -> Option<u64> {
        self.done.values().max().copied()
    }

    /// The session as the relay exports it, for one who may.
    pub async fn export(&self) -> Result<String> {
        let path = format!("/api/v1/sessions/{}/export?format=json", self.session);
        let authority = format!("authorization: Bearer {}.{}\r\n", self.me, self.secret);
        get(&self.relay, &path, &authority).await
    }

    /// One frame, or the way back.
    async fn step(&mut self) -> Result<()> {
        match &mut self.link {
            None => self.come_back().await,
            Some(link) => match next_text(link).await? {
                Some(text) => self.handle(&text).await,
                None => {
                    self.lose();
                    Ok(())
                }
            },
        }
    }

    async fn handle(&mut self, text: &str) -> Result<()> {
        let frame: RelayFrame = serde_json::from_str(text).with_context(|| format!("no frame: {text}"))?;
        match frame {
            RelayFrame::Ev(told) => {
                ensure!(
                    told.recorded.seq == self.place.seq + 1,
                    "event {} after {}",
                    told.recorded.seq,
                    self.place.seq
                );
                ensure!(told.prev == self.place.hash, "event {} follows on another one", told.recorded.seq);
                ensure!(told.prev.then(&stored(text, &told.prev, &told.hash)?) == told.hash, "{text}: another hash");
                apply(&mut self.state, &told.recorded);
                (self.place.seq, self.place.hash) = (told.recorded.seq, told.hash);
            }
            RelayFrame::Ok { id, seq } => {
                let before = self.done.insert(id, seq);
                ensure!(before.is_none_or(|before| before == seq), "the same command has two answers");
                self.figures.done += usize::from(self.answered(id));
            }
            RelayFrame::Err { id: Some(id), .. } => self.figures.refused += usize::from(self.answered(id)),
            RelayFrame::Ping { n } => self.send(&ClientFrame::Pong { n }).await,
            _ => {}
        }
        Ok(())
    }

    /// Whether the command was still waiting for its answer.
    fn answered(&mut self, id: CommandId) -> bool {
        let before = self.pending.len();
        self.pending.retain(|(waiting, _)| *waiting != id);
        self.pending.len() < before
    }

    /// What cannot be sent counts as lost with the link.
    async fn send(&mut self, frame: &ClientFrame) {
        let Some(link) = &mut self.link else { return };
        let text = serde_json::to_string(frame).expect("a frame has a JSON form");
        if link.send(Message::text(text)).await.is_err() {
            self.lose();
        }
    }
}

/// The stored text in an `ev` frame, to the byte.
fn stored(frame: &str, prev: &ChainHash, hash: &ChainHash) -> Result<String> {
    let before = format!(r#"{{"t":"ev","prev":"{prev}","hash":"{hash}","#);
    let rest = frame.strip_prefix(&before).context("an event comes after its hashes")?;
    Ok(format!("{{{rest}"))
}

/// Opens a link and reads the whole welcome.
async fn enter(relay: &str, hello: Hello) -> Result<(Socket, Welcome)> {
    let mut request = format!("ws://{relay}/ws").into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    let (mut link, _) = client_async(request, TcpStream::connect(relay).await?).await?;
    link.send(Message::text(serde_json::to_string(&ClientFrame::Hello(hello))?)).await?;
    let mut whole: Option<Welcome> = None;
    loop {
        let text = next_text(&mut link).await?.context("a welcome before the end")?;
        let RelayFrame::Welcome(part) = serde_json::from_str(&text)? else { bail!("no welcome: {text}") };
        match &mut whole {
            None => whole = Some(*part),
            Some(whole) => whole.absorb(*part),
        }
        if let Some(welcome) = whole.take_if(|welcome| !welcome.more) {
            return Ok((link, welcome));
        }
    }
}

/// The next text; none when the link has ended.
async fn next_text(link: &mut Socket) -> Result<Option<String>> {
    loop {
        match timeout(PATIENCE, link.next()).await.context("the relay says nothing")? {
            Some(Ok(Message::Text(text))) => return Ok(Some(text.as_str().to_owned())),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(None),
            Some(Ok(_)) => {}
        }
    }
}

/// The body of a good answer.
async fn get(relay: &str, path: &str, authority: &str) -> Result<String> {
    let mut socket = TcpStream::connect(relay).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {relay}\r\nconnection: close\r\n{authority}\r\n");
    socket.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    timeout(PATIENCE, socket.read_to_string(&mut answer)).await.context("the relay answers")??;
    let (head, body) = answer.split_once("\r\n\r\n").context("an answer has a head")?;
    ensure!(head.starts_with("HTTP/1.1 200"), "{path}: {head}\n{body}");
    Ok(body.to_owned())
}
