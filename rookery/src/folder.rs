//! What stays between runs: the database, the keys, the mails, the pictures.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use common::auth::KeyPair;
use secrecy::ExposeSecret;

use crate::error::Error;

pub struct DataFolder {
    pub root: PathBuf,
}

impl DataFolder {
    /// The given folder, made when missing, or the default of this user and port: two systems at once on one machine
    /// share no data unless they are told to.
    pub fn open(given: Option<&Path>, port: u16) -> Result<Self, Error> {
        let path = match given {
            Some(path) => std::path::absolute(path)?,
            None => embedded_postgres::home()?.join(port.to_string()),
        };
        let failed = |source| Error::Folder {
            path: path.clone(),
            source,
        };
        // The account that PostgreSQL runs as must be let through; what is secret is closed below.
        embedded_postgres::make_folder(&path)?;
        let root = path.canonicalize().map_err(failed)?;
        Ok(Self { root })
    }

    pub fn postgres(&self) -> PathBuf {
        self.root.join("postgres")
    }

    /// Where mails go when no `SMTP_URL` is given: one `.eml` file each.
    pub fn mail(&self) -> Result<PathBuf, Error> {
        self.private("mail")
    }

    /// Where pictures of people are kept when no `AVATAR_STORE_URL` is given.
    pub fn avatars(&self) -> Result<PathBuf, Error> {
        self.private("avatars")
    }

    /// The key pair that tokens are signed with, made at the first start: paths of the private and the public key.
    pub fn keys(&self) -> Result<(PathBuf, PathBuf), Error> {
        let folder = self.private("keys")?;
        let (private, public) = (folder.join("private.pem"), folder.join("public.pem"));
        if !private.exists() {
            let pair = KeyPair::generate()?;
            // The private key last: where it is, the pair is complete.
            write_private(&public, &pair.public_pem)
                .and_then(|()| write_private(&private, pair.private_pem.expose_secret()))
                .map_err(|source| Error::Folder {
                    path: folder,
                    source,
                })?;
        }
        Ok((private, public))
    }

    fn private(&self, name: &str) -> Result<PathBuf, Error> {
        let path = self.root.join(name);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(|source| Error::Folder {
                path: path.clone(),
                source,
            })?;
        Ok(path)
    }
}

/// Writes a file that only its owner may read, whole or not at all.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let part = path.with_extension("part");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(part, path)
}
