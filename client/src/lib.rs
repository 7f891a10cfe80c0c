//! The native client: captures studio sound, publishes it, plays what the other side says.
