//! The session protocol: ids, grants, commands, events, the session law and the wire.
