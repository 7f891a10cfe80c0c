//! A relay on loopback, an HTTP client that sends exactly what it is told, and a client for `/ws`.

use futures_util::{SinkExt, StreamExt};
use protocol::api::{Redeemed, SessionMade};
use protocol::command::Command;
use protocol::grants::Role;
use protocol::ids::{CommandId, StreamId};
use protocol::link::InviteLink;
use protocol::session::{SessionState, apply};
use protocol::stream::{StreamFormat, StreamKind};
use protocol::wire::{ClientFrame, ClientKind, Hello, Place, RelayFrame, Resume, SUBPROTOCOL, VERSION, Welcome};
use relay::Running;
use relay::config::Config;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};
use units::SampleRate;
use uuid::Uuid;

/// Ends a test that would hang; no test passes or fails by it otherwise.
pub(crate) const HANGS: Duration = Duration::from_secs(20);

/// A relay in this process.
pub(crate) struct House {
    pub(crate) running: Running,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) data: tempfile::TempDir,
}

impl House {
    pub(crate) async fn start() -> House {
        House::start_with(|_| ()).await
    }

    pub(crate) async fn start_with(change: impl FnOnce(&mut Config)) -> House {
        let data = tempfile::tempdir().unwrap();
        let mut config = Config::loopback(data.path());
        change(&mut config);
        let (stop, stopped) = oneshot::channel();
        let running = relay::run(config, async { drop(stopped.await) }).await.unwrap();
        House { running, stop, data }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.running.http_addr
    }

    pub(crate) async fn session(&self) -> SessionMade {
        new_session(self.addr(), self.data.path()).await
    }

    /// Joins with a role's link of the session.
    pub(crate) async fn join(&self, made: &SessionMade, role: Role, name: &str) -> Link {
        join(self.addr(), &made.links[&role], name).await
    }
}

pub(crate) async fn new_session(addr: SocketAddr, data: &Path) -> SessionMade {
    let key = std::fs::read_to_string(data.join("owner.key")).unwrap();
    let bearer = format!("Bearer {}", key.trim());
    let answer = post_as(addr, "/api/v1/sessions", &[("authorization", &bearer)], &json!({ "title": "Cello" })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

pub(crate) async fn redeem(addr: SocketAddr, link: &str, name: &str) -> Answer {
    let link: InviteLink = link.parse().unwrap();
    let path = format!("/api/v1/invites/{}/redeem", link.invite);
    post(addr, &path, &json!({ "secret": link.secret, "name": name })).await
}

pub(crate) async fn ticket(addr: SocketAddr, link: &str) -> String {
    redeem(addr, link, "Ada").await.read::<Redeemed>().ticket
}

pub(crate) async fn join(addr: SocketAddr, link: &str, name: &str) -> Link {
    let ticket = redeem(addr, link, name).await.read::<Redeemed>().ticket;
    Link::enter(addr, &hello(&ticket)).await
}

pub(crate) fn hello(ticket: &str) -> Hello {
    Hello { v: VERSION, client: ClientKind::Native, ticket: Some(ticket.to_owned()), resume: None }
}

pub(crate) fn resume(welcome: &Welcome) -> Hello {
    let Welcome { session, participant, resume: secret, .. } = welcome.clone();
    let resume = Some(Resume { session, participant, secret, known: None });
    Hello { v: VERSION, client: ClientKind::Native, ticket: None, resume }
}

/// The way back for somebody who has folded so far.
pub(crate) fn resume_from(welcome: &Welcome, known: Place) -> Hello {
    let mut hello = resume(welcome);
    hello.resume.as_mut().unwrap().known = Some(known);
    hello
}

pub(crate) fn open(stream: StreamId, kind: StreamKind) -> Command {
    let rate = SampleRate::HZ_48000;
    let format = StreamFormat { channels: 2, frame_us: 5_000, bitrate: 256_000, redundancy: 1, rate };
    Command::StreamOpen { stream, kind, label: "Main".into(), format }
}

pub(crate) fn stream(n: u128) -> StreamId {
    StreamId(Uuid::from_u128(n))
}

/// An HTTP answer taken apart.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn read<T: serde::de::DeserializeOwned>(&self) -> T {
        assert_eq!(self.status, 200, "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }

    /// The error's code and sentence.
    pub(crate) fn error(&self) -> (String, String) {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no ApiError: {}", self.body));
        (body["code"].as_str().unwrap().to_owned(), body["msg"].as_str().unwrap().to_owned())
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

pub(crate) async fn get(addr: SocketAddr, path: &str) -> Answer {
    request(addr, "GET", path, &[], "").await
}

pub(crate) async fn post(addr: SocketAddr, path: &str, body: &Value) -> Answer {
    post_as(addr, path, &[], body).await
}

pub(crate) async fn post_as(addr: SocketAddr, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    request(addr, "POST", path, headers, &body.to_string()).await
}

pub(crate) async fn request(
    addr: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut socket = TcpStream::connect(addr).await.unwrap();
    let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\ncontent-length: {length}\r\n");
    // The relay may answer and close before it has read a body that is too large.
    let _ = socket.write_all(format!("{head}{more}\r\n{body}").as_bytes()).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(HANGS, socket.read_to_end(&mut answer)).await.expect("an answer");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// A client's side of one link.
pub(crate) struct Link {
    socket: WebSocketStream<TcpStream>,
    pub(crate) welcome: Option<Welcome>,
}

impl Link {
    /// Opens a link without saying anything yet.
    pub(crate) async fn open(addr: SocketAddr) -> Link {
        Link::open_with(addr, &[("sec-websocket-protocol", SUBPROTOCOL)]).await.unwrap()
    }

    pub(crate) async fn open_with(addr: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Link, Error> {
        let mut request = format!("ws://{addr}/ws").into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let socket = TcpStream::connect(addr).await?;
        let (socket, _) = client_async(request, socket).await?;
        Ok(Link { socket, welcome: None })
    }

    /// Opens a link and comes in.
    pub(crate) async fn enter(addr: SocketAddr, hello: &Hello) -> Link {
        let mut link = Link::open(addr).await;
        link.send(&ClientFrame::Hello(hello.clone())).await;
        let RelayFrame::Welcome(welcome) = link.next().await else { panic!("welcome first") };
        link.welcome = Some(*welcome);
        link
    }

    pub(crate) fn welcome(&self) -> &Welcome {
        self.welcome.as_ref().unwrap()
    }

    pub(crate) async fn send(&mut self, frame: &ClientFrame) {
        self.send_text(serde_json::to_string(frame).unwrap()).await;
    }

    pub(crate) async fn send_text(&mut self, text: String) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// Sends a text as one message in fragments of one byte each.
    pub(crate) async fn send_in_bytes(&mut self, text: &str) {
        let bytes = text.as_bytes();
        for (n, byte) in bytes.iter().enumerate() {
            let data = if n == 0 { Data::Text } else { Data::Continue };
            let frame = Frame::message(vec![*byte], OpCode::Data(data), n + 1 == bytes.len());
            self.socket.feed(Message::Frame(frame)).await.unwrap();
        }
        self.socket.flush().await.unwrap();
    }

    pub(crate) async fn try_send_text(&mut self, text: String) -> Result<(), Error> {
        self.socket.send(Message::text(text)).await
    }

    pub(crate) async fn command(&mut self, command: Command) -> RelayFrame {
        self.command_as(CommandId(Uuid::now_v7()), command).await
    }

    /// Sends a command under an id and gives back its answer.
    pub(crate) async fn command_as(&mut self, id: CommandId, command: Command) -> RelayFrame {
        self.send(&ClientFrame::Cmd { id, command }).await;
        let is_answer = |frame: &RelayFrame| match frame {
            RelayFrame::Ok { id: told, .. } => *told == id,
            RelayFrame::Err { id: told, .. } => *told == Some(id),
            _ => false,
        };
        self.find(is_answer).await
    }

    async fn message(&mut self) -> Option<Result<Message, Error>> {
        tokio::time::timeout(HANGS, self.socket.next()).await.expect("the relay says something")
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> RelayFrame {
        loop {
            match self.message().await.expect("the link is open").unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Close(frame) => panic!("the link is closed: {frame:?}"),
                _ => {}
            }
        }
    }

    /// The next frame that is wanted; those before it are dropped.
    pub(crate) async fn find(&mut self, wanted: impl Fn(&RelayFrame) -> bool) -> RelayFrame {
        loop {
            let frame = self.next().await;
            if wanted(&frame) {
                return frame;
            }
        }
    }

    /// Reads to the relay's close: the last frame before it, and the close.
    pub(crate) async fn until_closed(&mut self) -> (Option<RelayFrame>, CloseFrame) {
        let mut last = None;
        loop {
            match self.message().await.expect("a close before the end").expect("a close before an error") {
                Message::Text(text) => last = Some(serde_json::from_str(&text).unwrap()),
                Message::Close(frame) => return (last, frame.expect("a close with a reason")),
                _ => {}
            }
        }
    }

    /// A ping is answered: the link is open and read.
    pub(crate) async fn is_alive(&mut self) {
        self.send(&ClientFrame::Ping { n: 77 }).await;
        self.find(|frame| matches!(frame, RelayFrame::Pong { n: 77, .. })).await;
    }

    /// Closes with a code, as a client that leaves for good does with 1000.
    pub(crate) async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: "".into() };
        self.socket.send(Message::Close(Some(frame))).await.unwrap();
        while let Some(Ok(_)) = self.message().await {}
    }
}

/// What one link has folded.
pub(crate) struct Folded {
    pub(crate) state: SessionState,
    pub(crate) place: Place,
}

impl Folded {
    pub(crate) fn new(link: &Link) -> Folded {
        let welcome = link.welcome();
        Folded { state: *welcome.state.clone().expect("a newcomer is told the whole"), place: welcome.place() }
    }

    /// Reads on to event `seq`; every event has to follow on the one before it.
    pub(crate) async fn read_to(&mut self, link: &mut Link, seq: u64) {
        while self.place.seq < seq {
            if let RelayFrame::Ev(told) = link.next().await {
                assert_eq!((told.recorded.seq, told.prev), (self.place.seq + 1, self.place.hash));
                apply(&mut self.state, &told.recorded);
                self.place = Place { log: self.place.log, seq: told.recorded.seq, hash: told.hash };
            }
        }
    }
}

/// The number of the last event that a command caused, which is granted.
pub(crate) fn saved(answer: &RelayFrame) -> u64 {
    let RelayFrame::Ok { seq, .. } = answer else { panic!("it is not saved: {answer:?}") };
    *seq
}
