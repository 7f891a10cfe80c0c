//! The running side of one session: its log, who is here, who talks, and what each link is sent.
