use super::Recorded;
use crate::chain::ChainHash;

/// An event as it was stored: the bytes are what everybody is sent and what a hash is made over, also where this version
/// does not know the event or some of its fields. The reading beside them is for the fold.
#[derive(Clone, Debug)]
pub struct Stored {
    text: Box<str>,
    recorded: Recorded,
}

/// A stored text is no event.
#[derive(Debug, thiserror::Error)]
#[error("a stored event cannot be read ({0}); the journal is damaged: run `farfield-relay verify`")]
pub struct StoredError(#[from] serde_json::Error);

impl Stored {
    /// Writes an event that has just happened. Allocates.
    pub fn write(recorded: Recorded) -> Stored {
        let text = serde_json::to_string(&recorded).expect("an event is plain data with text keys");
        Stored { text: text.into(), recorded }
    }

    /// Reads an event back. The text is kept to the byte, but for white space around it.
    pub fn read(text: &str) -> Result<Stored, StoredError> {
        let recorded = serde_json::from_str(text)?;
        Ok(Stored { text: text.trim_ascii().into(), recorded })
    }

    /// The stored text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What this version understands of it.
    pub fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    /// The chain's hash after it, where `prev` is the hash before it.
    pub fn hash(&self, prev: ChainHash) -> ChainHash {
        prev.then(self.text())
    }

    /// The `ev` frame that sends it, with every byte of the stored text after the opening brace: `prev` and `hash` of the
    /// chain stand before it.
    pub fn frame(&self, prev: ChainHash, hash: ChainHash) -> String {
        frame_of(&self.text, prev, hash)
    }
}

/// The `ev` frame of a stored text; see [`Stored::frame`].
pub fn frame_of(text: &str, prev: ChainHash, hash: ChainHash) -> String {
    format!(r#"{{"t":"ev","prev":"{prev}","hash":"{hash}",{}"#, text.get(1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::super::Event;
    use super::*;
    use crate::event::Chained;
    use crate::ids::LogId;
    use crate::wire::RelayFrame;
    use uuid::Uuid;

    const LATER: &str =
        r#"{"seq":7,"by":null,"at":5,"type":"tune.call","data":{"hz":440.10,"z":1,"a":[2]},"extra":"é"}"#;

    fn hashes(stored: &Stored) -> (ChainHash, ChainHash) {
        let prev = ChainHash::start(LogId(Uuid::from_u128(3)));
        (prev, stored.hash(prev))
    }

    #[test]
    fn an_event_of_a_later_version_is_sent_on_as_it_was_stored() {
        let stored = Stored::read(LATER).unwrap();
        assert_eq!(stored.text(), LATER);
        let (prev, hash) = hashes(&stored);
        let told = stored.frame(prev, hash);
        let kept = told.strip_prefix(&format!(r#"{{"t":"ev","prev":"{prev}","hash":"{hash}","#));
        assert_eq!(kept, Some(&LATER[1..]), "{told}");
        let Event::Later(later) = &stored.recorded().event else { panic!("it is not known") };
        assert_eq!((later.kind.as_str(), later.critical), ("tune.call", false));
        assert!(!stored.recorded().event.needs_update());
    }

    #[test]
    fn an_unknown_field_of_a_known_event_is_sent_on_too() {
        let text = r#"{"seq":1,"by":null,"at":5,"type":"session.open","data":{"title":"Blue hour","mood":"late"}}"#;
        let stored = Stored::read(text).unwrap();
        assert_eq!(stored.recorded().event, Event::SessionOpen { title: "Blue hour".into() });
        let (prev, hash) = hashes(&stored);
        assert!(stored.frame(prev, hash).contains("late"));
    }

    #[test]
    fn a_critical_event_that_is_not_known_asks_for_an_update() {
        let critical = LATER.replace(r#""extra":"é""#, r#""critical":true"#);
        assert!(Stored::read(&critical).unwrap().recorded().event.needs_update());
        let bent = r#"{"seq":1,"by":null,"at":5,"type":"session.open","data":{"title":5}}"#;
        assert!(Stored::read(bent).unwrap().recorded().event.needs_update());
    }

    #[test]
    fn a_frame_of_a_stored_event_reads_as_the_event() {
        let stored = Stored::read(LATER).unwrap();
        let (prev, hash) = hashes(&stored);
        let frame: RelayFrame = serde_json::from_str(&stored.frame(prev, hash)).unwrap();
        assert_eq!(frame, RelayFrame::Ev(Box::new(Chained { prev, hash, recorded: stored.recorded().clone() })));
    }

    #[test]
    fn what_is_no_event_is_refused_with_the_way_to_go_on() {
        for text in ["", "7", "{}", r#"{"seq":1}"#] {
            assert!(Stored::read(text).unwrap_err().to_string().contains("verify"), "{text}");
        }
    }
}
