//! Which datagrams are let in.
