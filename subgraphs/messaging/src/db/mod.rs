//! SQL of schema `messaging`. Whatever shows a conversation or a message takes the viewer and joins
//! `messaging.participants`: what a viewer may not see is not there.

pub mod conversations;
pub mod inbox;
pub mod mentions;
pub mod messages;
pub mod notices;
pub mod participants;
pub mod presence;
