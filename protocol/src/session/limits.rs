//! How much of everything one session holds. What is over a limit is refused as `too_many`; nothing is dropped silently,
//! but for the two lists that say so.

use crate::text::Limit;

/// Longest label or name of anything, in characters.
pub const MAX_LABEL_CHARS: usize = 80;
/// Streams that one participant may have open at once.
pub const MAX_OPEN_STREAMS: usize = 8;
/// Streams that a session ever has.
pub const MAX_STREAMS: usize = 2_000;
/// Clock maps of one stream.
pub const MAX_EPOCHS: usize = 10_000;
/// Takes of a session, cancelled ones included.
pub const MAX_TAKES: usize = 2_000;
/// Parts of one take.
pub const MAX_PARTS: usize = 64;
/// People who vote about one take.
pub const MAX_VOTES: usize = 50;
/// Capture gaps that one part declares.
pub const MAX_GAPS: usize = 500;
/// Notes of a session, replies and retracted ones included.
pub const MAX_NOTES: usize = 10_000;
/// Replies to one note.
pub const MAX_REPLIES: usize = 100;
/// Mix versions of a session.
pub const MAX_MIXES: usize = 500;
/// Entries of the credits.
pub const MAX_CREDITS: usize = 500;
/// Invitations that the journal knows, revoked ones included.
pub const MAX_INVITES: usize = 1_000;
/// People who wait in the lobby at once.
pub const MAX_WAITING: usize = 100;
/// People who are kept out for good.
pub const MAX_BANNED: usize = 1_000;
/// Sentences of the chat that the state keeps. Older ones fall out of it and stay in the log.
pub const CHAT_KEPT: usize = 200;
/// Changes of one person that can still be undone. Older ones fall out and stay in the log.
pub const UNDO_KEPT: usize = 32;
/// Changes of everybody that can still be undone.
pub const UNDO_KEPT_IN_ALL: usize = 512;
/// How long the baton is lent, in ms. Every take that its holder rolls or stops lends it anew.
pub const BATON_LEASE_MS: u32 = 10 * 60 * 1_000;
/// Highest position in ticks or samples, so that JavaScript counts it exactly.
pub const MAX_POSITION: i64 = (1 << 53) - 1;
/// Longest delay of an encoder or a resampler in ticks: 10 s.
pub const MAX_DELAY_TICKS: i64 = 480_000;
/// Longest reaction offset in ms.
pub const MAX_REACTION_MS: u32 = 2_000;
/// Largest uncertainty of a position that is still one, in ms.
pub const MAX_UNCERTAINTY_MS: u32 = 60_000;

/// A note or reply.
pub const NOTE: Limit = Limit::chars(2_000);
/// A sentence in the chat.
pub const CHAT: Limit = Limit::chars(1_000);
/// A reason for a verdict, for reopening, for sending somebody away, for an interruption.
pub const REASON: Limit = Limit::chars(500);
/// A name, label, slate or title.
pub const LABEL: Limit = Limit::chars(MAX_LABEL_CHARS);
/// A tag of a note.
pub const TAG: Limit = Limit::chars(24);
/// A key of a song.
pub const KEY: Limit = Limit::chars(24);
/// What somebody did, in the credits.
pub const DEED: Limit = Limit::chars(200);
