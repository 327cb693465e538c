//! The published agents in memory: what lists, searches and agents' pages are answered from.
//!
//! It follows the database: a signal tells of a change, in other processes too, and once a second it looks itself, because a
//! signal is a hint. Whoever changes an agent waits until the copy of this process has it ([`catalogue_settle`]), so that who
//! writes here reads here what was written; other processes have it within two seconds.
//!
//! Invariants: a published copy never changes; what is not published is not in it; reading waits for no database once the first
//! copy is there. Refreshing takes a tenth of the time at most, and a fortieth where it can, however much is published.

mod build;
mod listed;

use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::{Duration, Instant},
};

use frameos_domain::clock::Timestamp;
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

pub use listed::{Answers, Body, Listed};

use self::build::Builder;
use crate::{
    app::App,
    error::{AppError, Result},
    search::Index,
};

/// How often the database is looked at without a signal.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often everything is read anew, for whatever may have been missed.
const RELOAD_EVERY: Duration = Duration::from_secs(600);
/// Transactions write the time they began at; nobody's lasts longer, and no two machines' clocks are further apart.
const OVERLAP: Duration = Duration::from_secs(60);
/// How many agents are read at once.
const LOAD_PART: i64 = 500;
/// How long a writer waits for the copy.
const SETTLE: Duration = Duration::from_secs(2);
/// After a refresh, this many times as long as it took passes before the next, so that readers hardly notice them in a storm of
/// changes,
const REST: u32 = 39;
/// but no longer than this,
const LONGEST_REST: Duration = Duration::from_millis(800);
/// unless it took so long itself that it would take more than a tenth of the time.
const LEAST_REST: u32 = 9;

/// A copy of the published agents, and answers that were made from it.
pub struct Snapshot {
    index: Arc<Index>,
    /// Whole answers, kept as long as the copy.
    pub answers: Answers,
    /// The signals it is no older than.
    covers: u64,
}

impl Snapshot {
    /// A published agent, by slug or id.
    pub fn agent(&self, slug_or_id: &str) -> Option<&Arc<Listed>> {
        match slug_or_id.parse() {
            Ok(id) => self.index.by_id(id),
            Err(_) => self.index.by_slug(slug_or_id),
        }
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }
}

/// The copies, and what makes them.
pub(crate) struct Catalogue {
    current: watch::Sender<Option<Arc<Snapshot>>>,
    builder: Mutex<State>,
    /// Bytes of agents' pages that are kept.
    kept: Arc<AtomicUsize>,
}

#[derive(Default)]
struct State {
    builder: Builder,
    /// Whether there is something that no copy has.
    is_ahead: bool,
    newest: Option<Timestamp>,
    loaded: Option<Instant>,
    /// Until when no refresh is due again.
    rest: Option<Instant>,
}

impl Default for Catalogue {
    fn default() -> Self {
        Self { current: watch::Sender::new(None), builder: Mutex::default(), kept: Arc::default() }
    }
}

/// The newest copy. Makes the first one, if there is none yet.
pub async fn catalogue(app: &App) -> Result<Arc<Snapshot>> {
    if let Some(current) = app.catalogue.current.borrow().as_ref() {
        return Ok(Arc::clone(current));
    }
    refresh(app, false).await
}

/// Keeps the copy up to date until `stop`.
pub async fn catalogue_follow(app: App, stop: CancellationToken) {
    let mut changes = app.store().catalogue_changes();
    loop {
        changes.borrow_and_update();
        let refreshed = tokio::select! {
            () = stop.cancelled() => return,
            refreshed = refresh(&app, true) => refreshed,
        };
        if let Err(error) = refreshed {
            tracing::warn!(error = &error as &dyn std::error::Error, "the catalogue is not up to date");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            _ = changes.changed() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Waits until the copy has what was committed before, for a while at most: whoever asks next should see it.
pub(crate) async fn catalogue_settle(app: &App) {
    let wanted = *app.store().catalogue_changes().borrow();
    let is_there = |current: &Option<Arc<Snapshot>>| match current {
        // Nobody has asked for a copy in this process; the first one will have it all.
        None => true,
        Some(snapshot) => snapshot.covers >= wanted,
    };
    let settled = async {
        if !is_there(&app.catalogue.current.borrow()) && refresh(app, false).await.is_err() {
            tracing::warn!("the catalogue did not take a change; it will by itself");
        }
    };
    if tokio::time::timeout(SETTLE, settled).await.is_err() {
        tracing::debug!("the catalogue is late");
    }
}

/// Brings the copy up to date: by what changed, or whole if it is time. With `look`, whether or not a signal says so. May be
/// dropped at any time.
async fn refresh(app: &App, look: bool) -> Result<Arc<Snapshot>> {
    let asked = *app.store().catalogue_changes().borrow();
    let mut state = app.catalogue.builder.lock().await;
    // Somebody else may have done it while this one waited.
    let current = app.catalogue.current.borrow().clone();
    if let Some(current) = current.as_ref().filter(|current| !look && current.covers >= asked) {
        return Ok(Arc::clone(current));
    }
    if let Some(rest) = state.rest {
        tokio::time::sleep_until(rest.into()).await;
    }
    let covers = *app.store().catalogue_changes().borrow();
    let begun = Instant::now();
    let is_due = state.loaded.is_none_or(|loaded| loaded.elapsed() >= RELOAD_EVERY);
    if is_due {
        load(app, &mut state).await?;
    } else {
        follow(app, &mut state).await?;
    }
    let snapshot = match current {
        Some(current) if !state.is_ahead && current.covers >= covers => return Ok(current),
        // The signal was of something that readers do not see.
        Some(current) if !state.is_ahead => {
            Arc::new(Snapshot { index: Arc::clone(&current.index), answers: current.answers.clone(), covers })
        }
        _ => build(&mut state, covers).await?,
    };
    state.rest = state.is_ahead.then(|| Instant::now() + rest(begun.elapsed()));
    state.is_ahead = false;
    app.catalogue.current.send_replace(Some(Arc::clone(&snapshot)));
    Ok(snapshot)
}

/// Reads everything, in parts: rows take several times what is kept of them.
async fn load(app: &App, state: &mut State) -> Result<()> {
    let (mut builder, mut newest, mut after) = (Builder::default(), None, None);
    loop {
        let part = app.store().read(move |tx| {
            Box::pin(async move { frameos_store::agent::catalogue_load_unscoped(tx, after, LOAD_PART).await })
        });
        let part = part.await?;
        let Some(last) = part.last() else { break };
        after = Some(last.agent.id);
        newest = newest.max(part.iter().map(|agent| agent.changed_at).max());
        let kept = Arc::clone(&app.catalogue.kept);
        let filled = tokio::task::spawn_blocking(move || {
            builder.fill(part, &kept);
            builder
        });
        builder = filled.await.map_err(AppError::internal)?;
    }
    state.builder = builder;
    (state.newest, state.loaded, state.is_ahead) = (newest, Some(Instant::now()), true);
    Ok(())
}

/// Takes over what changed.
async fn follow(app: &App, state: &mut State) -> Result<()> {
    let since = state.newest.map_or(Timestamp::from_micros(0), |newest| newest.minus(OVERLAP));
    let known = state.builder.known();
    let found = app.store().read(move |tx| {
        Box::pin(async move {
            let mut changed = Vec::new();
            for change in frameos_store::agent::catalogue_changes_unscoped(tx, since).await? {
                if known.get(&change.id) != Some(&change.changed_at) {
                    let agent = frameos_store::agent::catalogue_agent_unscoped(tx, change.id).await?;
                    changed.push((change, agent));
                }
            }
            Ok(changed)
        })
    });
    for (change, agent) in found.await? {
        state.is_ahead = true;
        state.newest = state.newest.max(Some(change.changed_at));
        state.builder.take(change, agent, &app.catalogue.kept);
    }
    Ok(())
}

fn rest(took: Duration) -> Duration {
    (took * REST).min(LONGEST_REST).max(took * LEAST_REST)
}

async fn build(state: &mut State, covers: u64) -> Result<Arc<Snapshot>> {
    let (agents, lexicon) = state.builder.parts();
    let index = tokio::task::spawn_blocking(move || Index::new(agents, lexicon));
    let index = index.await.map_err(AppError::internal)?;
    Ok(Arc::new(Snapshot { index: Arc::new(index), answers: Answers::default(), covers }))
}
