//! The programs together, as people use them.

mod bad_input;
