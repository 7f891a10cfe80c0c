//! The media plane: shards that receive, forward and send on plain threads.
