use super::SignalError;
use super::error::root_cause;
use futures_util::{SinkExt, StreamExt};
use protocol::session::people::LobbyWhy;
use protocol::wire::{ClientFrame, Hello, MAX_OUT_BYTES, RelayFrame, SUBPROTOCOL, Welcome};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode};
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

/// Frames that may wait to be sent. Owner: whoever holds the [`Link`]. Overflow: the link counts as broken.
const OUT_CAPACITY: usize = 128;
/// Frames that may wait to be read. Owner: the link's task. Overflow: it stops reading, and the relay drops us as slow.
const IN_CAPACITY: usize = 256;
/// A relay that does not open the door within this time is not there.
const OPEN_TIMEOUT: Duration = Duration::from_secs(8);
/// While one waits to be let in, a relay that is not heard for so long is gone: three of its pings.
const LOBBY_SILENCE: Duration = Duration::from_secs(45);
/// So many of the relay's ping intervals without a frame mean that the link is dead.
const SILENT_PINGS: u32 = 3;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What the relay says to somebody who has to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lobby {
    /// What people call the session.
    pub title: String,
    /// Why one has to wait; none when the relay does not say.
    pub why: Option<LobbyWhy>,
}

/// A participant's WebSocket, run by a task of its own. Dropping it cuts the connection without a goodbye, so that the
/// relay keeps the place for whoever resumes.
pub struct Link {
    frames: mpsc::Sender<Outgoing>,
    events: mpsc::Receiver<LinkEvent>,
}

/// What the link's task is asked to do.
enum Outgoing {
    Frame(ClientFrame),
    Goodbye,
}

/// What comes over a link.
#[derive(Debug)]
pub enum LinkEvent {
    /// A frame and when it was read. The relay's pings are answered already.
    Frame(Box<RelayFrame>, Instant),
    /// The last event: the link is gone.
    Broken(SignalError),
}

impl Link {
    /// Connects to the relay at `relay` and says `hello`. Answers with what the relay says at the door; where one has to
    /// be let in, which can take long, `knocked` is told so.
    pub async fn open(
        relay: &str,
        hello: Hello,
        knocked: &mpsc::Sender<Lobby>,
    ) -> Result<(Link, Welcome), SignalError> {
        let opening = async {
            let mut socket = connect(relay).await?;
            write(&mut socket, &ClientFrame::Hello(hello)).await?;
            Ok(socket)
        };
        let silent = || SignalError::Unreachable { relay: relay.to_owned(), cause: "no answer".to_owned() };
        let mut socket = timeout(OPEN_TIMEOUT, opening).await.map_err(|_| silent())??;
        let welcome = read_welcome(&mut socket, relay, knocked).await?;
        let (frames, outgoing) = mpsc::channel(OUT_CAPACITY);
        let (incoming, events) = mpsc::channel(IN_CAPACITY);
        let silence = Duration::from_millis(u64::from(welcome.ping_ms)) * SILENT_PINGS;
        tokio::spawn(run(socket, outgoing, incoming, silence));
        Ok((Link { frames, events }, welcome))
    }

    /// Queues a frame. False when the link is broken or cannot keep up, which is the same thing.
    pub fn try_send(&self, frame: ClientFrame) -> bool {
        self.frames.try_send(Outgoing::Frame(frame)).is_ok()
    }

    /// The next event; none after [`LinkEvent::Broken`].
    pub async fn next(&mut self) -> Option<LinkEvent> {
        self.events.recv().await
    }

    /// Sends what is queued, closes with code 1000 and waits for it, at most as long as given.
    pub async fn close(self, patience: Duration) {
        let Link { frames, mut events } = self;
        let rest = async {
            let _ = frames.send(Outgoing::Goodbye).await;
            while events.recv().await.is_some() {}
        };
        let _ = timeout(patience, rest).await;
    }
}

async fn connect(relay: &str) -> Result<Socket, SignalError> {
    let config = WebSocketConfig::default()
        .max_message_size(Some(2 * MAX_OUT_BYTES))
        .max_frame_size(Some(2 * MAX_OUT_BYTES))
        .max_write_buffer_size(1024 * 1024);
    match connect_async_with_config(request(relay)?, Some(config), true).await {
        Ok((socket, _)) => Ok(socket),
        Err(tungstenite::Error::Http(response)) => {
            let body = response.body().as_deref().unwrap_or_default();
            Err(SignalError::of_answer(relay, response.status(), body))
        }
        Err(error) => Err(SignalError::Unreachable { relay: relay.to_owned(), cause: root_cause(&error) }),
    }
}

fn request(relay: &str) -> Result<Request, SignalError> {
    let address = relay.replacen("http", "ws", 1);
    let mut request =
        format!("{address}/ws").into_client_request().map_err(|error| strange(relay, error.to_string()))?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    Ok(request)
}

/// What the relay has said at the door so far.
enum AtDoor {
    /// Nothing that lets one in or has one wait.
    Knocking,
    /// Parts of a welcome.
    Coming(Box<Welcome>),
    /// Somebody inside has to let one in.
    Waiting,
}

/// Reads until the relay says welcome. Where one has to be let in that takes as long as it takes, as long as the relay is
/// heard; else at most [`OPEN_TIMEOUT`].
async fn read_welcome(socket: &mut Socket, relay: &str, knocked: &mpsc::Sender<Lobby>) -> Result<Welcome, SignalError> {
    let mut at = AtDoor::Knocking;
    loop {
        let patience = if matches!(at, AtDoor::Waiting) { LOBBY_SILENCE } else { OPEN_TIMEOUT };
        let silent = || SignalError::Broken("the relay has gone silent".to_owned());
        match timeout(patience, read(socket)).await.map_err(|_| silent())?? {
            Some(RelayFrame::Welcome(part)) => {
                let welcome = joined(at, *part);
                if !welcome.more {
                    return Ok(welcome);
                }
                at = AtDoor::Coming(Box::new(welcome));
            }
            Some(RelayFrame::Lobby { title, why }) => {
                // Nobody may listen any more.
                let _ = knocked.try_send(Lobby { title, why });
                at = AtDoor::Waiting;
            }
            Some(RelayFrame::Err { code, msg, .. }) => return Err(SignalError::Refused { code, msg }),
            Some(RelayFrame::Ping { n }) => write(socket, &ClientFrame::Pong { n }).await?,
            Some(_) => return Err(strange(relay, "the relay did not say welcome".to_owned())),
            None => {}
        }
    }
}

fn joined(before: AtDoor, part: Welcome) -> Welcome {
    match before {
        AtDoor::Coming(mut welcome) => {
            welcome.absorb(part);
            *welcome
        }
        AtDoor::Knocking | AtDoor::Waiting => part,
    }
}

async fn run(
    mut socket: Socket,
    mut outgoing: mpsc::Receiver<Outgoing>,
    incoming: mpsc::Sender<LinkEvent>,
    silence: Duration,
) {
    let end = loop {
        tokio::select! {
            frame = outgoing.recv() => match frame {
                Some(Outgoing::Frame(frame)) => {
                    if let Err(error) = write(&mut socket, &frame).await { break error }
                }
                Some(Outgoing::Goodbye) => {
                    say_goodbye(socket).await;
                    return;
                }
                None => return,
            },
            read = timeout(silence, read(&mut socket)) => match read {
                Ok(Ok(Some(RelayFrame::Ping { n }))) => {
                    if let Err(error) = write(&mut socket, &ClientFrame::Pong { n }).await { break error }
                }
                Ok(Ok(Some(frame))) => {
                    if incoming.send(LinkEvent::Frame(Box::new(frame), Instant::now())).await.is_err() { return }
                }
                Ok(Ok(None)) => {}
                Ok(Err(error)) => break error,
                Err(_) => break SignalError::Broken("the relay has gone silent".to_owned()),
            },
        }
    };
    let _ = incoming.send(LinkEvent::Broken(end)).await;
}

/// Closes in order, and waits till the relay has closed too so that nothing sent before is lost.
async fn say_goodbye(mut socket: Socket) {
    let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
    if socket.close(Some(frame)).await.is_ok() {
        while let Some(Ok(_)) = socket.next().await {}
    }
}

async fn write(socket: &mut Socket, frame: &ClientFrame) -> Result<(), SignalError> {
    let text = serde_json::to_string(frame).expect("frames of ours have only string keys");
    socket.send(Message::text(text)).await.map_err(|error| SignalError::Broken(root_cause(&error)))
}

/// The next frame; none for a message that is not one of ours, which is skipped (a newer relay may say more).
async fn read(socket: &mut Socket) -> Result<Option<RelayFrame>, SignalError> {
    let message = match socket.next().await {
        Some(Ok(message)) => message,
        Some(Err(error)) => return Err(SignalError::Broken(root_cause(&error))),
        None => return Err(SignalError::Broken("the relay closed it".to_owned())),
    };
    match message {
        Message::Text(text) => match serde_json::from_str(text.as_str()) {
            Ok(frame) => Ok(Some(frame)),
            Err(error) => {
                tracing::warn!(%error, "the relay said something that this version does not know");
                Ok(None)
            }
        },
        Message::Close(frame) => {
            let reason = frame.map_or_else(String::new, |frame| format!("{} {}", frame.code, frame.reason));
            Err(SignalError::Broken(format!("the relay closed it: {reason}")))
        }
        _ => Ok(None),
    }
}

fn strange(relay: &str, cause: String) -> SignalError {
    SignalError::Strange { relay: relay.to_owned(), cause }
}
