//! The command line: what can be asked of `farfield`, and what it answers.
