//! A phase: messages are sent while something fails, and have arrived when it ends.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{
    Live, POLL,
    results::Phase,
    sending::Senders,
    system::{System, Victim},
    world::World,
};
use crate::failure::{Failure, Result};

/// How long it may take until the last message is where it belongs, and until all clients are back.
const DELIVERED_WITHIN: Duration = Duration::from_mins(2);

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
                return Ok::<_, Failure>((None, None));
            }
            sleep(length / 3).await;
            let begun = Instant::now();
            system.strike(victim).await?;
            let ready = begun.elapsed().as_secs_f64();
            let subscribed = self.subscribed(world).await;
            let subscribed = subscribed.then(|| begun.elapsed().as_secs_f64());
            Ok((Some(ready), subscribed))
        };
        let (struck, ()) = tokio::join!(striking, senders.send(number, self.rate, length));
        let (ready_after_seconds, subscribed_after_seconds) = struck?;
        let begun = Instant::now();
        while world.board.waiting(number) > 0 && begun.elapsed() < DELIVERED_WITHIN {
            sleep(POLL).await;
        }
        self.subscribed(world).await;
        Ok(Phase {
            killed: victim.name().to_owned(),
            ready_after_seconds,
            subscribed_after_seconds,
            outcome: world.board.outcome(number),
            clients_missing: self.clients - world.subscribed().min(self.clients),
            incidents: world.take_incidents(),
        })
    }

    /// Waits until all clients are subscribed; whether they are.
    async fn subscribed(&self, world: &World) -> bool {
        let begun = Instant::now();
        while world.subscribed() < self.clients {
            if begun.elapsed() > DELIVERED_WITHIN {
                return false;
            }
            sleep(POLL).await;
        }
        true
    }
}
