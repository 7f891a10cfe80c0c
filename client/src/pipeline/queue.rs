//! A bounded queue from a sound thread to the control side: lock-free in between, awaitable at the far end.

use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use tokio::sync::Notify;

/// Makes a queue of `capacity` values. The sender never waits; the receiver may await.
pub(crate) fn queue<T>(capacity: usize) -> (QueueSender<T>, QueueReceiver<T>) {
    let (producer, consumer) = RingBuffer::new(capacity);
    let filled = Arc::new(Notify::new());
    (QueueSender { producer: Some(producer), filled: filled.clone() }, QueueReceiver { consumer, filled })
}

/// The sound thread's end.
pub(crate) struct QueueSender<T> {
    /// Always there until the sender is dropped: it goes before the last notice.
    producer: Option<Producer<T>>,
    filled: Arc<Notify>,
}

/// The control side's end: values in the order in which they were sent.
pub struct QueueReceiver<T> {
    consumer: Consumer<T>,
    filled: Arc<Notify>,
}

impl<T> QueueSender<T> {
    /// Sends without waiting; gives the value back when the queue is full. Does not allocate.
    pub(crate) fn try_send(&mut self, value: T) -> Result<(), T> {
        let Some(producer) = &mut self.producer else { return Err(value) };
        let sent = producer.push(value).map_err(|rtrb::PushError::Full(value)| value);
        self.filled.notify_one();
        sent
    }
}

impl<T> Drop for QueueSender<T> {
    fn drop(&mut self) {
        self.producer = None;
        self.filled.notify_one();
    }
}

impl<T> QueueReceiver<T> {
    /// The next value, awaited; `None` once the sender is gone and everything was taken. Cancel-safe.
    pub async fn recv(&mut self) -> Option<T> {
        loop {
            let over = self.consumer.is_abandoned();
            if let Ok(value) = self.consumer.pop() {
                return Some(value);
            }
            if over {
                return None;
            }
            self.filled.notified().await;
        }
    }

    /// The next value if there is one. Never blocks.
    pub fn try_recv(&mut self) -> Option<T> {
        self.consumer.pop().ok()
    }

    /// How many values wait.
    pub fn len(&self) -> usize {
        self.consumer.slots()
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.consumer.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn values_arrive_in_order_and_the_end_is_seen() {
        let (mut tx, mut rx) = queue(2);
        assert_eq!(tx.try_send(1), Ok(()));
        assert_eq!(tx.try_send(2), Ok(()));
        assert_eq!(tx.try_send(3), Err(3));
        let sender = std::thread::spawn(move || drop(tx));
        assert_eq!((rx.recv().await, rx.recv().await, rx.recv().await), (Some(1), Some(2), None));
        sender.join().unwrap();
    }

    #[tokio::test]
    async fn a_waiting_receiver_is_woken_by_a_value() {
        let (mut tx, mut rx) = queue(1);
        let waiting = tokio::spawn(async move { rx.recv().await });
        tokio::task::yield_now().await;
        std::thread::spawn(move || tx.try_send(7)).join().unwrap().unwrap();
        assert_eq!(waiting.await.unwrap(), Some(7));
    }
}
