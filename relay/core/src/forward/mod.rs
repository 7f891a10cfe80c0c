//! Per-listener forwarding: which packets a listener gets, with which numbers.
