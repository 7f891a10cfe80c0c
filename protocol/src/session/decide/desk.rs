//! Mix versions, credits and the chat.

use super::streams::check_rate;
use super::{Ask, Decided, check_hash, room_for};
use crate::event::Event;
use crate::grants::Action;
use crate::ids::{CreditId, MixNumber};
use crate::session::Rejection;
use crate::session::limits::{CHAT, DEED, LABEL, MAX_CREDITS, MAX_MIXES, MAX_POSITION};
use crate::session::mix::{Credit, MixFile};
use crate::text;

impl Ask<'_> {
    pub(super) fn add_mix(&self, file: &MixFile) -> Decided {
        self.must(Action::PublishProgram, false)?;
        check_rate(file.rate.0)?;
        check_hash(&file.pcm_hash)?;
        if !(1..=64).contains(&file.channels) || !(1..=MAX_POSITION as u64).contains(&file.length.0) {
            return Err(Rejection::Invalid("a mix has 1 to 64 channels and at least one sample"));
        }
        let title = text::line(&file.title, LABEL)
            .map_err(|_| Rejection::Invalid("a mix has a title of 1 to 80 characters"))?;
        if let Some(known) = self.state.mixes.iter().find(|mix| mix.file.pcm_hash == file.pcm_hash) {
            let same = known.file.title == title;
            let other = Rejection::Conflict("this audio is in the session as another mix version; use that one");
            return if same { Ok(Vec::new()) } else { Err(other) };
        }
        room_for(self.state.mixes.len(), MAX_MIXES, "mix versions", "begin another session")?;
        let mix = MixNumber::after(self.state.mixes.len());
        Ok(vec![Event::MixAdd { mix, file: MixFile { title, ..file.clone() } }])
    }

    pub(super) fn set_credit(&self, credit: &Credit) -> Decided {
        let was = self.state.credits.get(&credit.id);
        let is_mine = |credit: &Credit| credit.participant == Some(self.me());
        self.must(Action::Credit, is_mine(credit) && was.is_none_or(is_mine))?;
        credit.participant.map(|participant| self.person(participant)).transpose()?;
        let name = text::line(&credit.name, LABEL).map_err(|_| Rejection::Invalid("a name has 1 to 80 characters"))?;
        let did = text::line(&credit.did, DEED).map_err(|_| Rejection::Invalid("a credit has 1 to 200 characters"))?;
        let credit = Credit { name, did, ..credit.clone() };
        if was == Some(&credit) {
            return Ok(Vec::new());
        }
        if was.is_none() {
            room_for(self.state.credits.len(), MAX_CREDITS, "credits", "join some into one")?;
        }
        Ok(vec![Event::CreditSet { credit, was: was.cloned() }])
    }

    pub(super) fn remove_credit(&self, id: CreditId) -> Decided {
        let was = self.state.credits.get(&id).ok_or_else(|| Rejection::no("credit", id))?;
        self.must(Action::Credit, was.participant == Some(self.me()))?;
        Ok(vec![Event::CreditRemove { credit: id, was: was.clone() }])
    }

    pub(super) fn say(&self, text: &str) -> Decided {
        self.must(Action::Write, false)?;
        let text = self.text(text, CHAT, "a message has 1 to 1000 characters; send it in two")?;
        Ok(vec![Event::ChatSay { text }])
    }
}
