//! SQL on schema `messaging`. Every statement that returns conversations or messages to a viewer joins
//! `messaging.participants`, so that rows the viewer may not see are not found.

pub mod conversations;
pub mod inbox;
pub mod mentions;
pub mod messages;
pub mod notices;
pub mod participants;
pub mod presence;
