//! Argon2id with reused memory.
//!
//! A hash takes 19 MiB. Allocating and freeing it each time fragments the heap: with glibc 2.36 a service held 880 MiB
//! after 250 logins, two at a time.

use std::sync::{Mutex, PoisonError};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{
        CustomizedPasswordHasher, Error, Result,
        phc::{Output, ParamsString, PasswordHash, Salt},
    },
};

/// Hashes with its own parameters and verifies hashes with any parameters.
pub(super) struct Hasher {
    params: Params,
    /// Memory that no thread uses at present.
    memory: Mutex<Vec<Vec<Block>>>,
}

impl Hasher {
    pub(super) fn new(params: Params) -> Self {
        Self {
            params,
            memory: Mutex::default(),
        }
    }

    pub(super) fn params(&self) -> &Params {
        &self.params
    }

    /// The hash of a password with a new salt of 128 bits.
    pub(super) fn hash(&self, password: &[u8]) -> Result<PasswordHash> {
        let salt: [u8; 16] = rand::random();
        self.hash_password_customized(password, &salt, None, None, self.params.clone())
    }

    fn with_memory<T>(&self, params: &Params, work: impl FnOnce(&mut [Block]) -> T) -> T {
        let kept = || self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let mut memory = kept().pop().unwrap_or_default();
        memory.resize(params.block_count(), Block::default());
        let outcome = work(&mut memory);
        // A hash with other parameters may need more memory than is worth keeping.
        if memory.len() <= self.params.block_count() {
            kept().push(memory);
        }
        outcome
    }
}

/// The library verifies with this implementation too.
impl CustomizedPasswordHasher<PasswordHash> for Hasher {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> Result<PasswordHash> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?;
        let (algorithm, version) = (
            algorithm.unwrap_or(Algorithm::Argon2id),
            version
                .map(Version::try_from)
                .transpose()?
                .unwrap_or(Version::V0x13),
        );
        let salt = Salt::new(salt)?;
        let mut output = [0; Output::MAX_LENGTH];
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let output = output.get_mut(..length).ok_or(Error::OutputSize)?;
        let argon2 = Argon2::new(algorithm, version, params.clone());
        self.with_memory(&params, |memory| {
            argon2.hash_password_into_with_memory(password, &salt, output, memory)
        })?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(salt),
            hash: Some(Output::new(output)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordVerifier;

    use super::*;

    /// Small parameters, for fast tests.
    fn params(memory: u32) -> Params {
        Params::new(memory, 1, 1, None).unwrap()
    }

    #[test]
    fn hashes_are_compatible_with_the_library() {
        let (hasher, library) = (Hasher::new(params(8)), Argon2::default());
        let ours = hasher.hash(b"correct horse").unwrap();
        assert!(library.verify_password(b"correct horse", &ours).is_ok());
        assert!(library.verify_password(b"wrong horse", &ours).is_err());
        for other in [Algorithm::Argon2id, Algorithm::Argon2i] {
            let library = Argon2::new(other, Version::V0x13, params(32));
            let theirs = argon2::PasswordHasher::hash_password(&library, b"correct horse");
            let theirs: PasswordHash = theirs.unwrap();
            assert!(hasher.verify_password(b"correct horse", &theirs).is_ok());
            assert!(hasher.verify_password(b"wrong horse", &theirs).is_err());
        }
    }

    #[test]
    fn memory_is_reused_and_bounded() {
        let hasher = Hasher::new(params(16));
        let first = hasher.hash(b"correct horse").unwrap();
        let larger = Hasher::new(params(64)).hash(b"correct horse").unwrap();
        for hash in [&first, &larger, &first] {
            assert!(hasher.verify_password(b"correct horse", hash).is_ok());
        }
        let kept = hasher.memory.lock().unwrap();
        assert!(kept.iter().map(Vec::len).sum::<usize>() <= 16);
    }
}
