//! From an invitation to a session with streams and an offer.

use super::super::asked::read_stdin;
use super::super::door::Door;
use super::super::habits;
use super::super::hearing::{Ear, open_player};
use super::super::memory::{Memory, Remembered};
use super::super::sounds::{self, Opened, Planned};
use super::lobby::{at_the_door, open_desk};
use super::*;
use crate::report::Mode;
use crate::spec::OutputSpec;
use client_core::reaction::USUAL_REACTION_MS;

/// Epochs and gaps of all publishers on their way to the session. While it is full they wait in each publisher's own
/// queue, whose overflow is written there.
const PUBLISHER_EVENTS: usize = 64;

/// News of the lobby on their way to the session: one for each time that one knocks. What does not fit is not told.
const LOBBY_NEWS: usize = 4;

impl Session {
    /// In, as soon as one is let in; none when `q` was pressed before.
    pub(super) async fn enter(
        config: JoinConfig,
        mut reporter: Reporter,
        start: Instant,
    ) -> Result<Option<Session>, JoinError> {
        let clock = MonoClock::start();
        let (knocked, mut lobby) = mpsc::channel(LOBBY_NEWS);
        let mut door = Box::new(Door::new(config.link.clone(), config.name.clone(), knocked)?);
        let (memory, left) = recall(&config, &mut reporter).await;
        if let Some(left) = &left {
            door.remember(left);
        }
        let reaction_ms = usual_reaction(&config).await;
        let for_player = config.clone();
        let (mut player, warning) = blocking(move || open_player(&for_player, clock)).await?;
        warning.into_iter().for_each(|warning| reporter.warn(warning));
        let (mut takes, warning) = Takes::start(config.recordings.clone(), clock);
        warning.into_iter().for_each(|warning| reporter.warn(warning));
        let (ticket, opened) =
            open_and_redeem(&door, &config, left.as_ref(), (clock, &mut takes), &mut reporter).await?;
        let (events_in, publisher_events) = mpsc::channel(PUBLISHER_EVENTS);
        let numbered = opened.into_iter().enumerate();
        let network = NetworkThread::start().map_err(MediaError::open)?;
        let streams: Vec<OwnStream> =
            numbered.map(|(n, opened)| OwnStream::new(opened, n, events_in.clone(), network.runtime())).collect();
        let (positions, output_events) = (player.take_positions(), player.take_events());
        let ear = Arc::new(Ear::new(player, clock));
        let mut keeper = Keeper::new(ear.clone(), door.is_local(), network.runtime().clone());
        // Sockets and certificate of the offer are made while the door opens.
        let entering = async { tokio::join!(door.enter_first(ticket), keeper.offer(&streams)) };
        let (entered, desk) = at_the_door(entering, &mut lobby, &mut reporter, start).await;
        let Some((entered, offer)) = entered else { return Ok(None) };
        let (link, welcome) = entered?;
        let desk = desk.or_else(|| open_desk(&mut reporter));
        let same = left.as_ref().is_none_or(|left| left.participant == welcome.participant);
        let mut session = Session {
            start,
            clock,
            reporter,
            mirror: Mirror::new(&welcome),
            outbox: Outbox::restore(left.map(|left| left.outbox).unwrap_or_default()),
            pace: Pace::default(),
            ask_after: start,
            restore_due: false,
            memory,
            habits: config.state.clone(),
            reaction_ms,
            begun: None,
            resume: welcome.resume.clone(),
            relay_clock: RelayClock::default(),
            keeper,
            unconfirmed: false,
            way: Way::In(link, door),
            lobby,
            in_lobby: false,
            backoff: Backoff::default(),
            told: Told::default(),
            streams,
            publisher_events,
            takes,
            _network: network,
            ear,
            output_events,
            positions,
            teller: PositionTeller::new(matches!(config.output, Some(OutputSpec::File(_)))),
            output_levels: LevelMeter::default(),
            skipped: 0,
            output_sound: Vec::new(),
            output_meter: DeskMeter::new(2),
            heard: Vec::new(),
            desk,
            asked: None,
            pings: 0,
            next_ping: Instant::now(),
            dimmed: false,
            dim_by_hand: false,
            volume: Dbfs(0.0),
        };
        session.asked = (session.reporter.mode() == Mode::Json).then(read_stdin);
        let settled = session.take_up(&welcome, same);
        session.remember().await;
        session.tell_joined(&welcome);
        session.tell_answers(settled);
        session.close_left_streams();
        session.begin_streams();
        session.send_offer(offer);
        Ok(Some(session))
    }
}

/// Opens the inputs. Only where something is left to the role is the invitation shown before, and its ticket given: a
/// once-only invitation is not used up by a missing device.
async fn open_and_redeem(
    door: &Door,
    config: &JoinConfig,
    left: Option<&Remembered>,
    (clock, takes): (MonoClock, &mut Takes),
    reporter: &mut Reporter,
) -> Result<(Option<String>, Vec<Opened>), JoinError> {
    if let Some(planned) = sounds::plan_without_role(&config.inputs) {
        return Ok((None, open_all(planned, config, clock, reporter, takes).await?));
    }
    if let Some(left) = left {
        let planned = sounds::plan(&config.inputs, left.role);
        return Ok((None, open_all(planned, config, clock, reporter, takes).await?));
    }
    let redeemed = door.redeem().await?;
    let opened = open_all(sounds::plan(&config.inputs, redeemed.role), config, clock, reporter, takes).await?;
    Ok((Some(redeemed.ticket), opened))
}

async fn open_all(
    planned: Vec<Planned>,
    config: &JoinConfig,
    clock: MonoClock,
    reporter: &mut Reporter,
    takes: &mut Takes,
) -> Result<Vec<Opened>, JoinError> {
    let mut opened = Vec::new();
    for plan in planned {
        let (this, config, recorded) = (plan.clone(), config.clone(), takes.open_lane(plan.kind));
        match blocking(move || sounds::open(&this, &config, clock, recorded)).await {
            Ok(publisher) => opened.push(publisher),
            Err(error) if plan.asked => return Err(error),
            Err(error) => reporter.warn(format!("nothing is published: {error}; name a source with --input")),
        }
    }
    Ok(opened)
}

/// What was asked for, else what was chosen last on this machine.
async fn usual_reaction(config: &JoinConfig) -> u32 {
    match (config.reaction_ms, config.state.clone()) {
        (Some(ms), _) => ms,
        (None, Some(folder)) => blocking(move || habits::load(&folder)).await,
        (None, None) => USUAL_REACTION_MS,
    }
}

/// What an earlier run left, and the place where this one's will be kept.
async fn recall(config: &JoinConfig, reporter: &mut Reporter) -> (Option<Arc<Memory>>, Option<Remembered>) {
    let Some(folder) = config.state.clone() else { return (None, None) };
    let (link, name) = (config.link.clone(), config.name.clone());
    match blocking(move || Memory::open(&folder, &link, &name)).await {
        Ok(Some((memory, left))) => (Some(Arc::new(memory)), left),
        Ok(None) => {
            reporter
                .warn("another client runs with this invitation and name: it is the one that comes back after a crash");
            (None, None)
        }
        Err(error) => {
            reporter.warn(format!(
                "what the relay has not answered will not survive the end of this program ({error}); name a folder that \
                 can be written with --state"
            ));
            (None, None)
        }
    }
}
