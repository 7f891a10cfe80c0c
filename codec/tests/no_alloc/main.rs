//! No `_rt` function allocates or frees: an allocator that aborts the process where it is forbidden stands guard.
//! (libopus itself does not call malloc after an encoder or decoder is made; it works on the stack.)

mod guard;
mod jitter;
mod opus;
