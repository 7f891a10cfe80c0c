//! WebSocket close codes (RFC 6455 section 7.4) with a meaning of their own on this protocol's links. The relay sends an
//! `err` frame with the sentence for people first wherever the reader still reads.

/// From a client: the participant leaves for good, without the time of grace.
pub const LEFT: u16 = 1000;
/// From a browser by itself (RFC 6455 section 7.4.1): its page is closed or loaded anew, which is leaving too.
pub const GOING_AWAY: u16 = 1001;
/// From the relay: a message was over the cap.
pub const TOO_LARGE: u16 = 1009;
/// From the relay: it is going down; come back with `resume` in a moment.
pub const DRAINING: u16 = 1012;
/// From the relay: the reader fell behind; come back with `resume`.
pub const SLOW: u16 = 1013;
/// From the relay: the `hello` was refused; the same one will be refused again.
pub const REFUSED: u16 = 4401;
/// From the relay: somebody sent the participant away; do not come back by yourself.
pub const SENT_AWAY: u16 = 4403;
/// From the relay: that the participant comes in could not be made durable; come back in a moment.
pub const NOT_SAVED: u16 = 4503;
/// From the relay: no `hello` came in time, or the link was silent for too long.
pub const SILENT: u16 = 4408;
/// From the relay: a newer link of the same participant replaced this one; do not come back by yourself.
pub const REPLACED: u16 = 4409;
