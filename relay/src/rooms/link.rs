use super::task::to_text;
use axum::extract::ws::Utf8Bytes;
use protocol::wire::RelayFrame;
use relay_core::room::Closing;
use tokio::sync::mpsc;

/// Frames that wait to be written to one link. A reader that falls further behind is closed as slow and resumes.
pub const SEND_QUEUE: usize = 1_024;
/// The room and the link's own reader may each decide once to close it; the first one counts.
const CLOSERS: usize = 2;

/// Where frames for one link are queued: neither the room nor the reader ever waits for the writer.
#[derive(Clone)]
pub struct LinkDoor {
    queue: mpsc::Sender<Utf8Bytes>,
    close: mpsc::Sender<Closing>,
}

/// The writer's end of a link.
pub struct LinkEnd {
    /// Frames to write, in their order.
    pub queue: mpsc::Receiver<Utf8Bytes>,
    /// Why to close it, once that is decided; none when nobody holds a door any more.
    pub close: mpsc::Receiver<Closing>,
}

/// A new link: the room's door, the writer's end, and the reader's door.
pub fn open_link() -> (LinkDoor, LinkEnd, LinkDoor) {
    let (sender, queue) = mpsc::channel(SEND_QUEUE);
    let (close, closed) = mpsc::channel(CLOSERS);
    let door = LinkDoor { queue: sender, close };
    (door.clone(), LinkEnd { queue, close: closed }, door)
}

impl LinkDoor {
    /// Queues a frame. False when the queue is full or nobody writes any more.
    pub(super) fn try_send(&self, frame: Utf8Bytes) -> bool {
        self.queue.try_send(frame).is_ok()
    }

    /// Queues what the link itself answers. It is dropped when the queue is full: the room finds that out as well and
    /// closes the link.
    pub fn answer(&self, frame: &RelayFrame) {
        self.try_send(to_text(frame));
    }

    /// Lets the writer close the link after what is queued.
    pub fn close(&self, closing: Closing) {
        // When it is full, the link is being closed already.
        let _ = self.close.try_send(closing);
    }
}
