//! Hashing passwords: Argon2id, as many at once as there are cores, on threads that may be busy, behind a bounded queue.

use std::sync::Arc;

use argon2::{
    Params,
    password_hash::{PasswordVerifier, phc::PasswordHash},
};
use secrecy::{ExposeSecret, SecretString};

use super::{AppError, Result, hashing::Hasher, permits};

/// How many may wait for a core. At 25 ms a hash and two cores the last of them waits for three seconds; whoever comes
/// then is told to try again.
const MAX_QUEUED: usize = 256;

/// What one hash costs.
#[derive(Clone, Debug)]
pub struct HashingCost(Params);

impl HashingCost {
    /// OWASP Password Storage Cheat Sheet, 'Argon2id': "a minimum configuration of 19 MiB of memory, an iteration count
    /// of 2, and 1 degree of parallelism".
    pub fn owasp() -> Self {
        Self::of(19 * 1024, 2)
    }

    /// As little as the algorithm allows: for tests, where it stands for a hash and protects nothing.
    pub fn cheapest() -> Self {
        Self::of(Params::MIN_M_COST, Params::MIN_T_COST)
    }

    fn of(memory_kib: u32, iterations: u32) -> Self {
        Self(Params::new(memory_kib, iterations, 1, None).unwrap_or_default())
    }
}

/// What became of comparing a password with a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Wrong,
    Right,
    /// Right, and the hash is not the one we would make today.
    RightButOutdated,
}

/// The pool that hashes passwords. Cheap to clone.
#[derive(Clone)]
pub struct Passwords(Arc<Pool>);

struct Pool {
    algorithm: Algorithms,
    permits: permits::Permits,
}

struct Algorithms {
    argon2: Hasher,
    /// The hash of nobody's password, which stands in where there is no account.
    decoy: SecretString,
}

impl Passwords {
    /// `cores` hashes at once. It hashes once itself, which takes as long as one login.
    pub fn new(cost: HashingCost, cores: usize) -> Result<Self> {
        let argon2 = Hasher::new(cost.0);
        let nobody = crate::domain::Token::generate().into_secret();
        let decoy = hash(&argon2, &nobody)?;
        Ok(Self(Arc::new(Pool {
            algorithm: Algorithms { argon2, decoy },
            permits: permits::Permits::new(cores, MAX_QUEUED),
        })))
    }

    pub(super) async fn hash(&self, password: SecretString) -> Result<SecretString> {
        self.permit().await?.hash(password).await
    }

    /// Compares a password with an account's hash. Where there is no account, the same work is done in vain, so that
    /// the time tells nothing.
    pub(super) async fn verify(
        &self,
        password: SecretString,
        stored: Option<SecretString>,
    ) -> Result<Verdict> {
        let permit = self.permit().await?;
        permit
            .run(move |algorithm| algorithm.verify(&password, stored.as_ref()))
            .await?
    }

    /// Waits for a core, if there is a place to wait.
    pub(super) async fn permit(&self) -> Result<Permit> {
        let permit = self
            .0
            .permits
            .acquire()
            .await
            .ok_or(AppError::TooManyPasswords)?;
        Ok(Permit {
            pool: self.0.clone(),
            permit,
        })
    }
}

/// A permit to hash one password.
pub(super) struct Permit {
    pool: Arc<Pool>,
    permit: permits::Permit,
}

impl Permit {
    pub(super) async fn hash(self, password: SecretString) -> Result<SecretString> {
        self.run(move |algorithm| hash(&algorithm.argon2, &password))
            .await?
    }

    async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&Algorithms) -> T + Send + 'static,
    ) -> Result<T> {
        let Self { pool, permit } = self;
        permit
            .run(move || work(&pool.algorithm))
            .await
            .map_err(AppError::internal)
    }
}

#[cfg(test)]
impl Passwords {
    /// Takes every place in the queue until the returned value is dropped.
    pub(super) fn fill(&self) -> tokio::sync::OwnedSemaphorePermit {
        self.0.permits.fill()
    }
}

impl Algorithms {
    fn verify(&self, password: &SecretString, stored: Option<&SecretString>) -> Result<Verdict> {
        let hash = stored.unwrap_or(&self.decoy).expose_secret();
        let (right, current) = if is_bcrypt(hash) {
            // Truncates at 72 bytes, as whatever made the hash did.
            let right =
                bcrypt::verify(password.expose_secret(), hash).map_err(AppError::internal)?;
            (right, false)
        } else {
            let hash = PasswordHash::new(hash).map_err(AppError::internal)?;
            // The cost is the hash's own.
            let right = self
                .argon2
                .verify_password(password.expose_secret().as_bytes(), &hash)
                .is_ok();
            let current = Params::try_from(&hash).is_ok_and(|made_with| {
                let wanted = self.argon2.params();
                (made_with.m_cost(), made_with.t_cost(), made_with.p_cost())
                    == (wanted.m_cost(), wanted.t_cost(), wanted.p_cost())
            });
            (right, current)
        };
        Ok(match (right && stored.is_some(), current) {
            (false, _) => Verdict::Wrong,
            (true, true) => Verdict::Right,
            (true, false) => Verdict::RightButOutdated,
        })
    }
}

fn hash(argon2: &Hasher, password: &SecretString) -> Result<SecretString> {
    let hash = argon2
        .hash(password.expose_secret().as_bytes())
        .map_err(AppError::internal)?;
    Ok(hash.to_string().into())
}

fn is_bcrypt(hash: &str) -> bool {
    hash.starts_with("$2a$") || hash.starts_with("$2b$")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passwords() -> Passwords {
        Passwords::new(HashingCost::cheapest(), 1).unwrap()
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let passwords = passwords();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        let verify = |password: &str| passwords.verify(password.into(), Some(hash.clone()));
        assert_eq!(verify("correct horse").await.unwrap(), Verdict::Right);
        assert_eq!(verify("correct hors").await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_bcrypt_hash_and_one_of_another_cost_are_right_but_outdated() {
        let passwords = passwords();
        let bcrypt = bcrypt::hash("correct horse", 4).unwrap();
        let costly = Passwords::new(HashingCost::of(16, 1), 1).unwrap();
        let costly = costly.hash("correct horse".into()).await.unwrap();
        for hash in [
            bcrypt.replacen("$2b$", "$2a$", 1).into(),
            bcrypt.into(),
            costly,
        ] {
            let verify = |password: &str| passwords.verify(password.into(), Some(hash.clone()));
            assert_eq!(
                verify("correct horse").await.unwrap(),
                Verdict::RightButOutdated
            );
            assert_eq!(verify("wrong").await.unwrap(), Verdict::Wrong);
        }
    }

    #[tokio::test]
    async fn nobody_has_the_password_of_the_decoy() {
        let passwords = passwords();
        let verdict = passwords.verify("anything at all".into(), None).await;
        assert_eq!(verdict.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn past_a_full_queue_the_answer_is_to_come_back_later() {
        let passwords = passwords();
        let taken = passwords.fill();
        let refused = passwords.hash("correct horse".into()).await.unwrap_err();
        assert!(matches!(refused, AppError::TooManyPasswords));
        drop(taken);
        assert!(passwords.hash("correct horse".into()).await.is_ok());
    }

    #[test]
    fn the_cost_of_production_is_what_owasp_asks_for_at_least() {
        let params = HashingCost::owasp().0;
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (19_456, 2, 1)
        );
    }
}
