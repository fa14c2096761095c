//! Whoever sends: at a rate, one after the other, each message as often as it takes until it is acknowledged.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use common::clock::{Clock, SystemClock};
use reqwest::{Client, StatusCode};
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep},
};

use super::world::World;
use crate::failure::Result;

/// How long a message is tried, and how long each time.
const PATIENCE: Duration = Duration::from_mins(1);
const TIMEOUT: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);

/// Everybody who can send.
pub struct Senders {
    world: Arc<World>,
    client: Client,
    people: Vec<Arc<Sender>>,
    next: usize,
}

struct Sender {
    token: String,
    url: String,
    /// Nobody sends two messages at once: of those, the order would be anybody's guess.
    is_busy: AtomicBool,
}

impl Senders {
    /// By number: a token and a conversation each.
    pub fn new(
        world: Arc<World>,
        people: impl Iterator<Item = (String, uuid::Uuid)>,
    ) -> Result<Self> {
        let [first, second] = world.messaging;
        let people = people.enumerate().map(|(number, (token, conversation))| {
            let address = if number % 2 == 0 { first } else { second };
            Arc::new(Sender {
                token,
                url: format!("http://{address}/conversations/{conversation}/messages"),
                is_busy: AtomicBool::new(false),
            })
        });
        Ok(Self {
            people: people.collect(),
            world,
            client: Client::builder().no_proxy().timeout(TIMEOUT).build()?,
            next: 0,
        })
    }

    /// Sends for a while, and waits for what has not been acknowledged by then.
    pub async fn send(&mut self, phase: usize, rate: f64, length: Duration) {
        let mut ticks = interval(Duration::from_secs_f64(1.0 / rate));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let (until, mut sending) = (Instant::now() + length, JoinSet::new());
        while ticks.tick().await < until {
            while sending.try_join_next().is_some() {}
            let Some((number, sender)) = self.free() else {
                self.world.incident("nobody was free to send".to_owned());
                continue;
            };
            let (world, client) = (self.world.clone(), self.client.clone());
            sending.spawn(async move {
                sender.send(number, phase, &world, &client).await;
                sender.is_busy.store(false, Ordering::Relaxed);
            });
        }
        sending.join_all().await;
    }

    /// Who is next, of those who do not wait for an answer.
    fn free(&mut self) -> Option<(usize, Arc<Sender>)> {
        let count = self.people.len();
        for _ in 0..count {
            let number = self.next % count;
            self.next += 1;
            let sender = self.people.get(number)?;
            if !sender.is_busy.swap(true, Ordering::Relaxed) {
                return Some((number, sender.clone()));
            }
        }
        None
    }
}

impl Sender {
    async fn send(&self, number: usize, phase: usize, world: &World, client: &Client) {
        let (message, text) = world.board.begin(number, phase);
        let key = SystemClock.new_id().to_string();
        let body = json!({ "text": text }).to_string();
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let request = client
                .post(&self.url)
                .bearer_auth(&self.token)
                .header("idempotency-key", &key)
                .header("content-type", "application/json")
                .body(body.clone());
            let problem = match request.send().await {
                Ok(answer) if answer.status() == StatusCode::CREATED => {
                    world.board.acknowledge(number, message);
                    return;
                }
                Ok(answer) => format!("sending again after {}", answer.status()),
                Err(error) if error.is_connect() => "sending again: not connected".to_owned(),
                Err(error) if error.is_timeout() => "sending again: no answer in time".to_owned(),
                Err(_) => "sending again: the connection broke".to_owned(),
            };
            world.incident(problem);
            sleep(LONGEST_PAUSE.mul_f64(rand::random_range(0.2..1.0))).await;
        }
    }
}
