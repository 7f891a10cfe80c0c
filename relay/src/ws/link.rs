use super::hello::{Admitted, WayBack, admit};
use crate::app::App;
use crate::clock::{Clock, wall_us};
use crate::reading::what_is_wrong;
use crate::rooms::{LinkDoor, LinkEnd, RoomHandle, open_link, to_text};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use protocol::wire::{ClientFrame, ErrorCode, Hello, MAX_IN_BYTES, RelayFrame, close};
use relay_core::room::{Bucket, Closing, LinkId, Liveness, Pulse, Refusal};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{sleep, timeout, timeout_at};
use tokio_tungstenite::tungstenite;
use tracing::{Instrument, info, info_span};

/// How long the reader may take to read one frame before the link counts as dead.
const WRITE_WITHIN: Duration = Duration::from_secs(10);
/// How long a closed link waits for the other side's close.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// Frames that are read from one link for long, in 1/s; faster writers are read no faster.
const FRAMES_PER_S: u32 = 200;
/// Frames that are read from one link at once.
const FRAME_BURST: u32 = 400;

type Sink = SplitSink<WebSocket, Message>;
type Source = SplitStream<WebSocket>;

/// Why reading ended.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The participant leaves for good.
    Left,
    /// The link is gone, or given up.
    Lost,
    /// A message was so large that the library reads no more.
    Unreadable,
}

/// Serves one link from its hello to its end.
pub(super) async fn run(app: Arc<App>, socket: WebSocket, place: OwnedSemaphorePermit) {
    let link = app.rooms.next_link();
    let (mut sink, mut source) = socket.split();
    match say_hello(&app, link, &mut source).await {
        Ok(admitted) => {
            drop(place);
            app.metrics.joins.inc();
            let span = info_span!("participant", participant = %admitted.enter.participant, link = link.0);
            serve(admitted, app, sink, source).instrument(span).await;
        }
        Err(refused) => {
            app.metrics.refused_joins.inc();
            let end = refused.end();
            refuse(&mut sink, refused).await;
            wait_for_close(&mut source, Some(end)).await;
        }
    }
}

/// The refused hello's sentence, where there is somebody to tell, and the way the link closes.
struct Refused(Option<Refusal>, Closing);

impl Refused {
    fn end(&self) -> End {
        if self.1 == Closing::TooLarge { End::Unreadable } else { End::Lost }
    }
}

async fn say_hello(app: &App, link: LinkId, source: &mut Source) -> Result<Admitted, Refused> {
    let mut draining = app.draining.clone();
    let hello = tokio::select! {
        hello = timeout(app.hello_within, read_hello(source)) => hello.unwrap_or_else(|_| {
            let msg = format!("no hello came within {} s; open the link again", app.hello_within.as_secs_f32());
            Err(Refused(Some(Refusal::new(ErrorCode::Unauthorized, msg)), Closing::Silent))
        })?,
        _ = draining.wait_for(|draining| *draining) => {
            let msg = Closing::Draining.sentence();
            return Err(Refused(Some(Refusal::new(ErrorCode::Draining, msg)), Closing::Draining));
        }
    };
    admit(app, link, hello).await.map_err(|refusal| {
        info!(link = link.0, why = refusal.msg, "a hello is refused");
        let closing = match refusal.code {
            ErrorCode::Draining => Closing::Draining,
            ErrorCode::NotSaved => Closing::NotSaved,
            _ => Closing::Refused,
        };
        Refused(Some(refusal), closing)
    })
}

async fn read_hello(source: &mut Source) -> Result<Hello, Refused> {
    loop {
        let text = match source.next().await {
            Some(Ok(Message::Text(text))) if text.len() <= MAX_IN_BYTES => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
            Some(Ok(Message::Close(_))) | None => return Err(Refused(None, Closing::Refused)),
            Some(Ok(Message::Text(_) | Message::Binary(_)) | Err(_)) => return Err(too_large_or_no_text()),
        };
        return match serde_json::from_str(&text) {
            Ok(ClientFrame::Hello(hello)) => Ok(hello),
            Ok(_) => Err(not_hello("the first frame is a hello")),
            Err(error) => Err(not_hello(&format!("the hello cannot be read: {}", what_is_wrong(&error)))),
        };
    }
}

fn not_hello(msg: &str) -> Refused {
    Refused(Some(Refusal::new(ErrorCode::Invalid, msg)), Closing::Refused)
}

fn too_large_or_no_text() -> Refused {
    let msg = "the first message is a hello: JSON text of at most 32 KiB";
    Refused(Some(Refusal::new(ErrorCode::TooLarge, msg)), Closing::TooLarge)
}

async fn refuse(sink: &mut Sink, Refused(refusal, closing): Refused) {
    let told = async {
        if let Some(refusal) = refusal {
            sink.send(Message::Text(to_text(&refusal.into_frame(None)))).await?;
        }
        sink.send(close_message(closing)).await
    };
    // Nobody may be there any more.
    let _ = timeout(CLOSE_WITHIN, told).await;
}

async fn serve(admitted: Admitted, app: Arc<App>, sink: Sink, mut source: Source) {
    let (handle, end, door) = open_link();
    let Admitted { room, enter, way_back } = admitted;
    let link = enter.link;
    info!(client = ?enter.client, "somebody comes in");
    room.enter(enter, handle).await;
    let mut writer = tokio::spawn(write(sink, end).in_current_span());
    let reader = Reader { app, room: room.clone(), link, door, clock: Clock::start(), way_back };
    let end = tokio::select! {
        end = reader.run(&mut source) => Some(end),
        _ = &mut writer => None,
    };
    info!(?end, "the link ends");
    room.closed(link, matches!(end, Some(End::Left))).await;
    if end.is_some() {
        // Nobody holds the door any more, so the writer finishes.
        let _ = timeout(CLOSE_WITHIN, writer).await;
    }
    wait_for_close(&mut source, end).await;
}

/// Waits until the other side has closed too: what is unread when a socket closes takes back what was written.
async fn wait_for_close(source: &mut Source, end: Option<End>) {
    let closed = async { while let Some(Ok(_)) = source.next().await {} };
    let _ = timeout(CLOSE_WITHIN, closed).await;
    if let Some(End::Unreadable) = end {
        // The library does not read on after such a message; the other side gets this long to read the close.
        sleep(CLOSE_WITHIN).await;
    }
}

/// Writes what is queued until the link is to be closed, or nobody can queue any more.
async fn write(mut sink: Sink, mut end: LinkEnd) {
    let closing = loop {
        let text = tokio::select! {
            biased;
            closing = end.close.recv() => break closing,
            text = end.queue.recv() => text,
        };
        let Some(text) = text else { break None };
        if !matches!(timeout(WRITE_WITHIN, sink.send(Message::Text(text))).await, Ok(Ok(()))) {
            return;
        }
    };
    let _ = timeout(CLOSE_WITHIN, finish(sink, end, closing)).await;
}

/// Writes what is still queued, except to a reader that is behind anyway, and says why the link closes.
async fn finish(mut sink: Sink, mut end: LinkEnd, closing: Option<Closing>) -> Result<(), axum::Error> {
    if closing == Some(Closing::Slow) {
        let slow = Refusal::new(ErrorCode::Slow, Closing::Slow.sentence());
        sink.feed(Message::Text(to_text(&slow.into_frame(None)))).await?;
    } else {
        while let Ok(text) = end.queue.try_recv() {
            sink.feed(Message::Text(text)).await?;
        }
    }
    match closing {
        Some(closing) => sink.send(close_message(closing)).await,
        None => sink.close().await,
    }
}

fn close_message(closing: Closing) -> Message {
    Message::Close(Some(CloseFrame { code: closing.code(), reason: closing.sentence().into() }))
}

/// The reading side of a link.
struct Reader {
    app: Arc<App>,
    room: RoomHandle,
    link: LinkId,
    door: LinkDoor,
    clock: Clock,
    way_back: Option<WayBack>,
}

impl Reader {
    async fn run(mut self, source: &mut Source) -> End {
        let mut liveness = Liveness::new(self.clock.mono());
        let mut pace = Bucket::new(FRAMES_PER_S, FRAME_BURST);
        let mut way_back = self.way_back.take();
        loop {
            let deadline = match liveness.poll(self.clock.mono()) {
                Pulse::Wait(until) => self.clock.deadline(until),
                Pulse::Ping(n) => {
                    self.door.answer(&RelayFrame::Ping { n });
                    continue;
                }
                Pulse::Dead => return self.end(Closing::Silent, End::Lost),
            };
            let Ok(message) = timeout_at(deadline, source.next()).await else { continue };
            liveness.handle_heard(self.clock.mono());
            // Clients say nothing between their hello and the welcome, which carries the next way back.
            if matches!(message, Some(Ok(Message::Text(_))))
                && let Some(way_back) = way_back.take()
            {
                way_back.arrived(&self.app).await;
            }
            if let ControlFlow::Break(end) = self.handle(message).await {
                return end;
            }
            sleep(pace.wait(self.clock.mono())).await;
            pace.try_take(self.clock.mono());
        }
    }

    async fn handle(&self, message: Option<Result<Message, axum::Error>>) -> ControlFlow<End> {
        match message {
            Some(Ok(Message::Text(text))) if text.len() > MAX_IN_BYTES => {
                return ControlFlow::Break(self.end(Closing::TooLarge, End::Lost));
            }
            Some(Ok(Message::Text(text))) => self.handle_text(&text).await,
            Some(Ok(Message::Binary(_))) => self.refuse("frames are JSON text; send no binary messages"),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(frame))) => {
                let left = frame.is_some_and(|frame| [close::LEFT, close::GOING_AWAY].contains(&frame.code));
                return ControlFlow::Break(if left { End::Left } else { End::Lost });
            }
            Some(Err(error)) => return ControlFlow::Break(self.handle_error(error)),
            None => return ControlFlow::Break(End::Lost),
        }
        ControlFlow::Continue(())
    }

    async fn handle_text(&self, text: &str) {
        self.app.metrics.frames_in.inc();
        match serde_json::from_str(text) {
            Ok(ClientFrame::Ping { n }) => self.door.answer(&RelayFrame::Pong { n, at_us: wall_us() }),
            Ok(ClientFrame::Pong { .. }) => {}
            Ok(frame) => self.room.frame(self.link, frame).await,
            Err(error) => self.refuse(&format!("the frame cannot be read: {}", what_is_wrong(&error))),
        }
    }

    fn refuse(&self, msg: &str) {
        self.app.metrics.frames_malformed.inc();
        self.door.answer(&Refusal::new(ErrorCode::Invalid, msg).into_frame(None));
    }

    fn handle_error(&self, error: axum::Error) -> End {
        match error.into_inner().downcast_ref() {
            Some(tungstenite::Error::Capacity(_)) => self.end(Closing::TooLarge, End::Unreadable),
            _ => End::Lost,
        }
    }

    fn end(&self, closing: Closing, end: End) -> End {
        self.door.close(closing);
        end
    }
}
