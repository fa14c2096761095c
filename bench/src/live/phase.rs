//! A phase: messages are sent while something fails, and have arrived when it ends.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{Live, POLL, results::Phase, sending::Senders, victim::Victim, world::World};
use crate::{
    failure::{Failure, Result},
    system::System,
};

/// How long it may take until the last message is where it belongs, and until all clients are back.
const DELIVERED_WITHIN: Duration = Duration::from_mins(2);
/// The router takes up to five seconds to refuse a subscription, and never says that it has accepted one.
const REFUSED_WITHIN: Duration = Duration::from_secs(6);

impl Live {
    /// Sends, and kills somebody meanwhile; ends when everything has arrived, or will not.
    pub(super) async fn phase(
        &self,
        number: usize,
        victim: Victim,
        system: &mut System,
        world: &World,
        senders: &mut Senders,
    ) -> Result<Phase> {
        let length = Duration::from_secs_f64(self.seconds);
        let striking = async {
            if victim == Victim::Nothing {
                return Ok::<_, Failure>(None);
            }
            sleep(length / 3).await;
            let begun = Instant::now();
            victim.strike(system).await?;
            Ok(Some((begun, begun.elapsed().as_secs_f64())))
        };
        let (struck, ()) = tokio::join!(striking, senders.send(number, self.rate, length));
        let struck = struck?;
        let late = Instant::now() + DELIVERED_WITHIN;
        let is_over = || world.board.waiting(number) == 0 && self.is_settled(world);
        while !is_over() && Instant::now() < late {
            sleep(POLL).await;
        }
        let since = |begun| world.last_subscribed().checked_duration_since(begun);
        Ok(Phase {
            killed: victim.name().to_owned(),
            ready_after_seconds: struck.map(|(_, ready)| ready),
            subscribed_after_seconds: struck
                .and_then(|(begun, _)| Some(since(begun)?.as_secs_f64())),
            outcome: world.board.outcome(number),
            clients_missing: self.clients - world.subscribed().min(self.clients),
            incidents: world.take_incidents(),
        })
    }

    /// Whether all clients are subscribed, and will stay so.
    fn is_settled(&self, world: &World) -> bool {
        world.subscribed() >= self.clients && world.last_subscribed().elapsed() > REFUSED_WITHIN
    }
}
