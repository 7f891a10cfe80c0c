//! Real str0m clients, with DTLS-SRTP over loopback, through a real shard.

mod addresses;
mod direct;
mod failing;
mod forward;
mod house;
mod peers;
mod strangers;
mod whose;
