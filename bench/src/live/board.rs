//! What was sent, and who has received it: every event is held against it.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use serde::{Deserialize, Serialize};

use super::people::{partner, username};
use crate::driver::{Latency, Measurement};

/// Both participants receive a message, also whoever sent it.
const PARTICIPANTS: usize = 2;

/// A board that all clients and senders write on.
pub struct Board(Mutex<Inner>);

struct Inner {
    begun: Instant,
    /// By sender, in the order in which they were sent.
    sent: Vec<Vec<Sent>>,
    /// By receiver.
    received: Vec<Received>,
    faults: Faults,
}

struct Sent {
    phase: usize,
    begun: Instant,
    acknowledged: Option<Instant>,
    /// By participant.
    received: [Option<Instant>; PARTICIPANTS],
}

#[derive(Default)]
struct Received {
    /// The latest number of each participant, now and when the client last connected.
    last: [usize; PARTICIPANTS],
    before: [usize; PARTICIPANTS],
    /// Participant and number of everything, in the order in which it came.
    order: Vec<(usize, usize)>,
}

/// Whom a message says that it is from.
pub enum From {
    Person(String),
    /// Nobody, and no error says why.
    Nobody,
    /// An error says that this is not known now.
    Unknown,
}

/// What came otherwise than it should.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Faults {
    /// Came before another one that had been sent earlier by the same person.
    pub out_of_order: u64,
    /// Came again on the same connection.
    pub repeated: u64,
    /// Came again after the client had connected again: allowed, and not expected.
    pub repeated_after_reconnecting: u64,
    /// Was somebody else's, or had errors, or no sender, or the wrong one.
    pub wrong: u64,
    /// Came without its sender, and with the error that nobody can be asked now: allowed while the users service is away.
    pub without_sender: u64,
    /// The two of a conversation saw different orders.
    pub disagreeing: u64,
    /// What was wrong, the first time.
    pub first_wrong: Option<String>,
}

impl Faults {
    pub fn is_bad(&self) -> bool {
        self.out_of_order + self.repeated + self.wrong + self.disagreeing > 0
    }
}

/// What became of the messages of a phase.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub sent: u64,
    pub never_acknowledged: u64,
    /// Receipts; twice what was acknowledged when nothing is lost.
    pub received: u64,
    pub lost: u64,
    pub from_sending_ms: Latency,
    /// 0 for what came before the acknowledgement.
    pub from_acknowledgement_ms: Latency,
}

impl Board {
    pub fn new(people: usize) -> Self {
        Self(Mutex::new(Inner {
            begun: Instant::now(),
            sent: (0..people).map(|_| Vec::new()).collect(),
            received: (0..people).map(|_| Received::default()).collect(),
            faults: Faults::default(),
        }))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody is about to send their next message: its number, from 1, and its text.
    pub fn begin(&self, sender: usize, phase: usize) -> (usize, String) {
        let mut inner = self.inner();
        let now = Instant::now();
        let micros = now.duration_since(inner.begun).as_micros();
        let Some(sent) = inner.sent.get_mut(sender) else {
            return (0, String::new());
        };
        sent.push(Sent {
            phase,
            begun: now,
            acknowledged: None,
            received: [None; PARTICIPANTS],
        });
        let number = sent.len();
        let pair = sender / PARTICIPANTS;
        let text = format!("{sender} {number} of pair {pair}, sent after {micros} µs");
        (number, text)
    }

    /// The service has said that the message is stored.
    pub fn acknowledge(&self, sender: usize, number: usize) {
        if let Some(sent) = self.inner().sent(sender, number) {
            sent.acknowledged = Some(Instant::now());
        }
    }

    /// A client has connected again.
    pub fn reconnected(&self, receiver: usize) {
        if let Some(received) = self.inner().received.get_mut(receiver) {
            received.before = received.last;
        }
    }

    /// A client has received a message.
    pub fn receive(&self, receiver: usize, text: &str, from: &From) {
        let mut inner = self.inner();
        if let Err(wrong) = inner.receive(receiver, text, from) {
            inner.wrong(wrong);
        }
    }

    /// A client has received what is no message.
    pub fn wrong(&self, what: String) {
        self.inner().wrong(what);
    }

    /// How many messages of a phase are not where they belong yet.
    pub fn waiting(&self, phase: usize) -> usize {
        let inner = self.inner();
        inner
            .sent
            .iter()
            .flatten()
            .filter(|sent| sent.phase == phase)
            .filter(|sent| sent.acknowledged.is_none() || sent.received.contains(&None))
            .count()
    }

    pub fn outcome(&self, phase: usize) -> Outcome {
        let inner = self.inner();
        let mut outcome = Outcome::default();
        let (mut from_sending, mut from_acknowledgement) = (Measurement::new(), Measurement::new());
        for sent in inner
            .sent
            .iter()
            .flatten()
            .filter(|sent| sent.phase == phase)
        {
            outcome.sent += 1;
            let Some(acknowledged) = sent.acknowledged else {
                outcome.never_acknowledged += 1;
                continue;
            };
            for received in sent.received {
                let Some(received) = received else {
                    outcome.lost += 1;
                    continue;
                };
                outcome.received += 1;
                let waited = |since| received.saturating_duration_since(since);
                from_sending.record(waited(sent.begun), Ok(()));
                from_acknowledgement.record(waited(acknowledged), Ok(()));
            }
        }
        outcome.from_sending_ms = from_sending.latency();
        outcome.from_acknowledgement_ms = from_acknowledgement.latency();
        outcome
    }

    /// What was wrong so far.
    pub fn faults(&self) -> Faults {
        let inner = self.inner();
        let mut faults = inner.faults.clone();
        for pair in inner.received.chunks(PARTICIPANTS) {
            if let [low, high] = pair
                && low.order != high.order
            {
                faults.disagreeing += 1;
            }
        }
        faults
    }
}

impl Inner {
    fn sent(&mut self, sender: usize, number: usize) -> Option<&mut Sent> {
        self.sent.get_mut(sender)?.get_mut(number.checked_sub(1)?)
    }

    fn wrong(&mut self, what: String) {
        self.faults.wrong += 1;
        self.faults.first_wrong.get_or_insert(what);
    }

    fn receive(&mut self, receiver: usize, text: &str, from: &From) -> Result<(), String> {
        let mut words = text.split(' ').map(str::parse::<usize>);
        let (Some(Ok(sender)), Some(Ok(number))) = (words.next(), words.next()) else {
            return Err(format!("{receiver} received {text:?}"));
        };
        if sender != receiver && sender != partner(receiver) {
            return Err(format!("{receiver} received {text:?}, which is not theirs"));
        }
        match from {
            From::Person(name) if *name == username(sender) => {}
            From::Person(name) => return Err(format!("{receiver} received {text:?} from {name}")),
            From::Nobody => return Err(format!("{receiver} received {text:?} from nobody")),
            From::Unknown => self.faults.without_sender += 1,
        }
        let participant = sender % PARTICIPANTS;
        let Some(sent) = self.sent(sender, number) else {
            return Err(format!("{receiver} received {text:?}, which nobody sent"));
        };
        let is_new = match sent.received.get_mut(receiver % PARTICIPANTS) {
            Some(slot @ None) => {
                *slot = Some(Instant::now());
                true
            }
            _ => false,
        };
        let Some(theirs) = self.received.get_mut(receiver) else {
            return Err(format!("nobody has the number {receiver}"));
        };
        let (Some(last), Some(before)) = (
            theirs.last.get_mut(participant),
            theirs.before.get(participant),
        ) else {
            return Ok(());
        };
        if !is_new {
            if number <= *before {
                self.faults.repeated_after_reconnecting += 1;
            } else {
                self.faults.repeated += 1;
            }
            return Ok(());
        }
        theirs.order.push((participant, number));
        if number != *last + 1 {
            self.faults.out_of_order += 1;
        }
        *last = number.max(*last);
        Ok(())
    }
}

#[cfg(test)]
#[path = "board_tests.rs"]
mod tests;
