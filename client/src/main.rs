//! `farfield`: the native client's command line.

fn main() {}
