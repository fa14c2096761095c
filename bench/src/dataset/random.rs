//! Numbers that are the same on every machine and in every year.

/// `SplitMix64` (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014). Written out here because a data
/// set has to stay the same when a crate changes how it draws.
pub struct Random(u64);

/// What is drawn. Each row of each stream has a generator of its own, so that rows can be made in any order.
#[derive(Clone, Copy)]
pub enum Stream {
    Person = 1,
    Follows,
    Post,
    Likes,
    Viewer,
    Words,
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    /// The generator of one row.
    pub fn of(seed: u64, stream: Stream, row: u64) -> Self {
        let stream = mix(seed ^ (stream as u64).wrapping_mul(GOLDEN));
        Self(mix(stream.wrapping_add(row.wrapping_mul(GOLDEN))))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// Uniform in `[0, 1)`.
    #[expect(
        clippy::cast_precision_loss,
        reason = "53 bits are what a double holds"
    )]
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `0..end`; 0 when that is empty.
    pub fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(end)) >> 64) as u64
    }

    /// `end · rⁿ` for a uniform `r`: low numbers come much more often.
    pub fn skewed(&mut self, end: u64, exponent: u32) -> u64 {
        let r = self.unit();
        // Multiplied one by one: `powi` may round differently elsewhere.
        scaled(end, (0..exponent).fold(1.0, |power, _| power * r))
    }

    /// How many, where `n` or more happens once in `n²`: most are 1, few are very many. The mean is π²/6 = 1.64.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "at most 2^27, and positive"
    )]
    pub fn heavy_tailed(&mut self) -> u64 {
        (1.0 / (1.0 - self.unit()).sqrt()) as u64
    }

    /// Ten random bytes, what a `UUIDv7` has beside its time.
    pub fn ten_bytes(&mut self) -> [u8; 10] {
        let (one, two) = (self.bits().to_le_bytes(), self.bits().to_le_bytes());
        let mut bytes = [0; 10];
        for (to, from) in bytes.iter_mut().zip(one.into_iter().chain(two)) {
            *to = from;
        }
        bytes
    }
}

/// The part `share` (0 to 1) of a number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "counts of rows are far below 2^53, shares are not negative"
)]
fn scaled(number: u64, share: f64) -> u64 {
    (number as f64 * share) as u64
}

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_the_same_whenever_it_is_drawn() {
        let draw = |seed, row| Random::of(seed, Stream::Post, row).bits();
        assert_eq!(draw(1, 7), draw(1, 7));
        assert_ne!(draw(1, 7), draw(1, 8));
        assert_ne!(draw(1, 7), draw(2, 7));
        // Written down: a change of the generator is a change of every data set.
        assert_eq!(draw(1, 0), 3_770_070_916_002_967_532);
    }

    #[test]
    fn streams_are_independent() {
        let draw = |stream| Random::of(1, stream, 0).bits();
        assert_ne!(draw(Stream::Post), draw(Stream::Likes));
    }

    #[test]
    fn the_cube_gives_half_of_the_posts_to_an_eighth_of_the_authors() {
        let mut random = Random::of(1, Stream::Post, 0);
        let busy = (0..100_000)
            .filter(|_| random.skewed(1_000, 3) < 125)
            .count();
        assert!((49_000..51_000).contains(&busy), "{busy}");
    }

    #[test]
    fn heavy_tails_have_the_mean_they_promise() {
        let mut random = Random::of(1, Stream::Likes, 0);
        let sum: u64 = (0..100_000).map(|_| random.heavy_tailed().min(1_000)).sum();
        assert!((155_000..175_000).contains(&sum), "{sum}");
    }

    #[test]
    fn nothing_is_below_zero_or_past_the_end() {
        let mut random = Random::of(1, Stream::Post, 0);
        assert_eq!(random.below(0), 0);
        assert!((0..1_000).all(|_| random.below(3) < 3 && random.skewed(5, 2) < 5));
    }
}
