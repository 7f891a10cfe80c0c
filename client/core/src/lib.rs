//! The native client without its devices: session mirror, timeline, clock maps.
