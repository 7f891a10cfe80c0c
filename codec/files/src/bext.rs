use units::SampleCount;

/// The broadcast extension of a WAV file (EBU Tech 3285, version 1): who made it, when, and where it lies in time.
///
/// Texts are ASCII; what does not fit its field is cut, other characters become `?`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bext {
    /// What this sound is, at most 256 characters.
    pub description: String,
    /// The program or person that made it, at most 32 characters.
    pub originator: String,
    /// The day, `yyyy-mm-dd`.
    pub date: String,
    /// The time of day, `hh:mm:ss`.
    pub time: String,
    /// The first sample's position, in samples since midnight or since the start of the timeline.
    pub time_reference: SampleCount,
}

/// Length of the fixed part, without coding history.
pub(crate) const BEXT_BYTES: usize = 602;
const DESCRIPTION: (usize, usize) = (0, 256);
const ORIGINATOR: (usize, usize) = (256, 32);
const DATE: (usize, usize) = (320, 10);
const TIME: (usize, usize) = (330, 8);
const TIME_REFERENCE: usize = 338;
const VERSION: usize = 346;

impl Bext {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = vec![0; BEXT_BYTES];
        put(&mut out, DESCRIPTION, &self.description);
        put(&mut out, ORIGINATOR, &self.originator);
        put(&mut out, DATE, &self.date);
        put(&mut out, TIME, &self.time);
        out[TIME_REFERENCE..TIME_REFERENCE + 8].copy_from_slice(&self.time_reference.0.to_le_bytes());
        out[VERSION] = 1;
        out
    }

    /// Reads the fixed part; `None` when there is less than that.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Bext> {
        let time_reference = bytes.get(TIME_REFERENCE..TIME_REFERENCE + 8)?.try_into().ok()?;
        Some(Bext {
            description: get(bytes, DESCRIPTION)?,
            originator: get(bytes, ORIGINATOR)?,
            date: get(bytes, DATE)?,
            time: get(bytes, TIME)?,
            time_reference: SampleCount(u64::from_le_bytes(time_reference)),
        })
    }
}

fn put(out: &mut [u8], (at, length): (usize, usize), text: &str) {
    let ascii = |c: char| if c.is_ascii() && !c.is_ascii_control() { c as u8 } else { b'?' };
    for (cell, c) in out[at..at + length].iter_mut().zip(text.chars()) {
        *cell = ascii(c);
    }
}

fn get(bytes: &[u8], (at, length): (usize, usize)) -> Option<String> {
    let field = bytes.get(at..at + length)?;
    let text = field.split(|&b| b == 0).next().unwrap_or_default();
    Some(text.iter().map(|&b| if b.is_ascii() && !b.is_ascii_control() { b as char } else { '?' }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_fits_comes_back(description in "[ -~]{0,256}", originator in "[ -~]{0,32}", at: u64) {
            let time_reference = SampleCount(at);
            let (date, time) = ("2026-11-22".to_owned(), "08:30:00".to_owned());
            let bext = Bext { description, originator, date, time, time_reference };
            prop_assert_eq!(Bext::from_bytes(&bext.to_bytes()), Some(bext));
        }
    }

    #[test]
    fn foreign_letters_and_too_much_text_do_no_harm() {
        let bext = Bext { originator: "Größe\u{1b}[2J".repeat(9), ..Bext::default() };
        let back = Bext::from_bytes(&bext.to_bytes()).unwrap();
        assert_eq!(back.originator, "Gr??e?[2JGr??e?[2JGr??e?[2JGr??e");
        assert_eq!(Bext::from_bytes(&[0; 300]), None);
    }
}
