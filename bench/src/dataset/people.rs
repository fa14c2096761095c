//! Accounts: authors, quiet authors, viewers, in this order.

use uuid::{Builder, Uuid};

use super::{
    random::{Random, Stream},
    shape::{Shape, UNTIL},
};

pub const DAY: i64 = 86_400_000_000;

/// A hash that no password has: the salt and the hash are zeros.
pub const PASSWORD_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const GIVEN: [&str; 16] = [
    "Ada", "Grace", "Linus", "Barbara", "Edsger", "Frances", "Ken", "Margaret", "Dennis", "Radia",
    "Alan", "Karen", "Niklaus", "Sophie", "Donald", "Zoë",
];
const FAMILY: [&str; 16] = [
    "Lovelace", "Hopper", "Nakamura", "Liskov", "Dijkstra", "Allen", "Okafor", "Hamilton",
    "García", "Perlman", "Turing", "Jones", "Wirth", "Wilson", "Müller", "Kovács",
];

/// A row of `users.users`, without what is counted.
pub struct Person {
    pub id: Uuid,
    pub username: String,
    pub display_name: Option<String>,
    pub avatar_url: Option<String>,
    /// Microseconds since 1970.
    pub created_at: i64,
}

/// A `UUIDv7` of this time.
pub fn id_at(micros: i64, random: &mut Random) -> Uuid {
    let millis = u64::try_from(micros / 1_000).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &random.ten_bytes()).into_uuid()
}

/// When an account was opened, and its id. Opened in any order, so that ids do not tell how active somebody is.
fn opened(shape: &Shape, number: u64) -> (i64, Uuid, Random) {
    let mut random = Random::of(shape.seed, Stream::Person, number);
    // Older than the oldest post.
    let at = UNTIL - 760 * DAY - up_to(&mut random, 340 * DAY);
    let id = id_at(at, &mut random);
    (at, id, random)
}

/// A uniform part of a span of time.
pub fn up_to(random: &mut Random, span: i64) -> i64 {
    i64::try_from(random.below(u64::try_from(span).unwrap_or_default())).unwrap_or_default()
}

/// The ids of everybody, by number.
pub fn ids(shape: &Shape) -> Vec<Uuid> {
    (0..shape.people())
        .map(|number| opened(shape, number).1)
        .collect()
}

/// The account of a number.
pub fn person(shape: &Shape, number: u64) -> Person {
    let (created_at, id, mut random) = opened(shape, number);
    let writers = u64::from(shape.writers());
    let username = match number.checked_sub(writers) {
        None if number < u64::from(shape.authors) => format!("author_{number:06}"),
        None => format!("quiet_{number:06}"),
        Some(viewer) => usize::try_from(viewer)
            .ok()
            .and_then(|viewer| shape.viewers().get(viewer).copied())
            .map_or_else(
                || format!("viewer_{viewer}"),
                super::shape::Viewer::username,
            ),
    };
    let pick = |names: [&'static str; 16], random: &mut Random| {
        usize::try_from(random.below(16))
            .ok()
            .and_then(|index| names.get(index).copied())
            .unwrap_or_default()
    };
    let display_name = (random.below(10) < 9)
        .then(|| format!("{} {}", pick(GIVEN, &mut random), pick(FAMILY, &mut random)));
    let avatar_url = (random.below(10) < 7).then(|| {
        format!(
            "https://rookery.example.com/avatars/{id}/{:016x}.png",
            random.bits()
        )
    });
    Person {
        id,
        username,
        display_name,
        avatar_url,
        created_at,
    }
}
