//! Who follows whom.

use std::collections::HashSet;

use super::{
    random::{Random, Stream},
    shape::{Kind, Shape, Viewer},
};

/// Whom a person follows, by number: about 20, active authors more often. Viewers follow as many as their name says.
pub fn followees(shape: &Shape, viewers: &[Viewer], person: u64) -> Vec<u32> {
    let writers = u64::from(shape.writers());
    let viewer = person
        .checked_sub(writers)
        .and_then(|viewer| viewers.get(usize::try_from(viewer).ok()?));
    if let Some(viewer) = viewer {
        return followees_of_viewer(shape, *viewer, person);
    }
    let mut random = Random::of(shape.seed, Stream::Follows, person);
    // The mean of 60·r² is 20.
    let count = random.skewed(60.min(writers / 2), 2);
    distinct(count, || random.skewed(writers, 2), Some(person))
}

fn followees_of_viewer(shape: &Shape, viewer: Viewer, person: u64) -> Vec<u32> {
    let mut random = Random::of(shape.seed, Stream::Viewer, person);
    let count = u64::from(viewer.followees);
    match viewer.kind {
        Kind::Busy => distinct(count, || random.skewed(u64::from(shape.authors), 2), None),
        Kind::Quiet => {
            let (first, among) = (u64::from(shape.authors), u64::from(shape.quiet_authors));
            distinct(count, || first + random.below(among), None)
        }
    }
}

/// So many different numbers, in the order in which they came first.
fn distinct(count: u64, mut draw: impl FnMut() -> u64, but: Option<u64>) -> Vec<u32> {
    let count = usize::try_from(count).unwrap_or_default();
    let mut seen = HashSet::with_capacity(count);
    let mut numbers = Vec::with_capacity(count);
    while numbers.len() < count {
        let number = draw();
        if Some(number) != but && seen.insert(number) {
            numbers.extend(u32::try_from(number));
        }
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn viewers_follow_as_many_different_authors_of_their_kind_as_their_name_says() {
        let shape = Shape::new("100k".parse().unwrap(), None, 1);
        let viewers = shape.viewers();
        for (index, viewer) in viewers.iter().enumerate() {
            let person = u64::from(shape.writers()) + index as u64;
            let followees = followees(&shape, &viewers, person);
            let different: HashSet<_> = followees.iter().collect();
            assert_eq!(different.len(), viewer.followees as usize);
            assert!(followees.iter().all(|author| match viewer.kind {
                Kind::Busy => *author < shape.authors,
                Kind::Quiet => (shape.authors..shape.writers()).contains(author),
            }));
        }
    }

    #[test]
    fn people_follow_about_twenty_others_and_never_themselves() {
        let shape = Shape::new("3000".parse().unwrap(), None, 1);
        let viewers = shape.viewers();
        let mut sum = 0;
        for person in 0..u64::from(shape.writers()) {
            let followees = followees(&shape, &viewers, person);
            assert!(!followees.iter().any(|other| u64::from(*other) == person));
            sum += followees.len();
        }
        let mean = sum / shape.writers() as usize;
        assert!((17..23).contains(&mean), "{mean}");
    }
}
