//! The relay without its sockets: rooms, forwarding plans, per-listener munging, admission.
