//! RTP payloads without libopus: RED, the Opus TOC byte and Opus framing.
