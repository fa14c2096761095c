//! Objects: in a folder of this machine, or in a bucket of S3 or of what speaks its protocol.

mod place;

use std::{
    fmt,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::TryStreamExt;
pub use object_store::path::Path as Location;
use object_store::{
    BackoffConfig, ClientOptions, Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload,
    RetryConfig, aws::AmazonS3Builder, local::LocalFileSystem, prefix::PrefixStore,
};
pub use place::{EXPECTS, Place, S3Access, S3Key};
use secrecy::ExposeSecret;

use crate::config::{ConfigError, Env, malformed};

/// For each thing asked of the store.
const DEADLINE: Duration = Duration::from_secs(5);
/// For one request to S3. Another attempt follows within the deadline.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);
const RETRIES: usize = 2;

/// Why the store did not do what it was asked: for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ObjectsError(String);

/// Objects by their locations.
#[derive(Clone)]
pub struct Objects {
    objects: Arc<dyn ObjectStore>,
    /// The same store, if it is a folder of this machine.
    folder: Option<LocalFileSystem>,
}

impl Objects {
    /// At the place that a variable names; none when it is not set.
    pub fn from_env(env: &Env, name: &'static str) -> Result<Option<Self>, ConfigError> {
        env.parsed(name, EXPECTS)?
            .map(|place| Self::at(&place, env, name))
            .transpose()
    }

    /// The same, and nothing will be written: a folder has to be there.
    pub fn to_read_from_env(env: &Env, name: &'static str) -> Result<Option<Self>, ConfigError> {
        env.parsed(name, EXPECTS)?
            .map(|place| Self::to_read(&place, env, name))
            .transpose()
    }

    /// At a place that this variable names, or would, where nothing will be written.
    pub fn to_read(place: &Place, env: &Env, name: &'static str) -> Result<Self, ConfigError> {
        let Place::Folder(path) = place else {
            return Self::at(place, env, name);
        };
        LocalFileSystem::new_with_prefix(path)
            .map(|folder| Self {
                objects: Arc::new(folder.clone()),
                folder: Some(folder),
            })
            .map_err(|error| malformed(name, EXPECTS, error))
    }

    /// At a place that this variable names, or would.
    pub fn at(place: &Place, env: &Env, name: &'static str) -> Result<Self, ConfigError> {
        let objects = match place {
            Place::Folder(path) => Self::in_folder(path),
            Place::Bucket { name, prefix } => {
                Self::in_bucket(name, prefix, S3Access::from_env(env)?)
            }
        };
        objects.map_err(|error| malformed(name, EXPECTS, error))
    }

    /// Over any store that keeps what it has taken.
    pub fn over(objects: Arc<dyn ObjectStore>) -> Self {
        Self {
            objects,
            folder: None,
        }
    }

    /// In a folder, made when missing. The error says what is wrong with it.
    pub fn in_folder(path: &Path) -> Result<Self, String> {
        fs::create_dir_all(path)
            .map_err(|error| format!("the folder {} cannot be made: {error}", path.display()))?;
        try_to_write(path)
            .map_err(|error| format!("nothing can be written to {}: {error}", path.display()))?;
        let folder = LocalFileSystem::new_with_prefix(path).map_err(|error| error.to_string())?;
        Ok(Self {
            objects: Arc::new(folder.clone()),
            folder: Some(folder),
        })
    }

    /// In a bucket, which is asked for only when it is needed. The error repeats no secret.
    pub fn in_bucket(name: &str, prefix: &str, access: S3Access) -> Result<Self, String> {
        let prefix = Location::parse(prefix).map_err(|error| error.to_string())?;
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(name)
            .with_virtual_hosted_style_request(access.virtual_hosted)
            .with_retry(RetryConfig {
                backoff: BackoffConfig::default(),
                max_retries: RETRIES,
                retry_timeout: DEADLINE,
            })
            .with_client_options(
                ClientOptions::new()
                    .with_timeout(REQUEST_TIMEOUT)
                    .with_connect_timeout(REQUEST_TIMEOUT)
                    .with_allow_http(access.allow_http),
            );
        if let Some(key) = access.key {
            builder = builder
                .with_access_key_id(key.id)
                .with_secret_access_key(key.secret.expose_secret());
            if let Some(token) = key.session_token {
                builder = builder.with_token(token.expose_secret());
            }
        }
        if let Some(region) = access.region {
            builder = builder.with_region(region);
        }
        if let Some(endpoint) = access.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        let bucket = builder.build().map_err(|error| error.to_string())?;
        Ok(Self::over(Arc::new(PrefixStore::new(bucket, prefix))))
    }

    /// Stores an object, or another one in its place. S3 answers once it is safe. `LocalFileSystem` (`object_store` 0.13)
    /// writes to a file beside and renames it, so that nobody sees half of it, but leaves it to the kernel when it reaches
    /// the disk; so that is done here.
    pub async fn put(&self, location: &Location, object: Bytes) -> Result<(), ObjectsError> {
        in_time(async {
            self.objects.put(location, object.into()).await?;
            self.sync(location).await
        })
        .await
    }

    /// Stores an object where there is none; whether there was none. Of several who try at once, one does.
    pub async fn create(&self, location: &Location, object: Bytes) -> Result<bool, ObjectsError> {
        in_time(async {
            let payload = PutPayload::from(object);
            match self
                .objects
                .put_opts(location, payload, PutMode::Create.into())
                .await
            {
                Ok(_) => self.sync(location).await.map(|()| true),
                Err(Error::AlreadyExists { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
    }

    pub async fn get(&self, location: &Location) -> Result<Option<Bytes>, ObjectsError> {
        in_time(async {
            match self.objects.get(location).await {
                Ok(found) => found.bytes().await.map(Some),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Nothing is wrong when there is none.
    pub async fn delete(&self, location: &Location) -> Result<(), ObjectsError> {
        in_time(async {
            match self.objects.delete(location).await {
                Err(Error::NotFound { .. }) => Ok(()),
                deleted => deleted,
            }
        })
        .await
    }

    /// The locations within a folder that come after this one in the order of their text, in that order.
    pub async fn list(
        &self,
        folder: &Location,
        after: Option<&Location>,
    ) -> Result<Vec<Location>, ObjectsError> {
        in_time(async {
            let found = match after {
                Some(after) => self.objects.list_with_offset(Some(folder), after),
                None => self.objects.list(Some(folder)),
            };
            let mut locations: Vec<_> = found.map_ok(|meta| meta.location).try_collect().await?;
            locations.sort_unstable();
            Ok(locations)
        })
        .await
    }

    async fn sync(&self, location: &Location) -> object_store::Result<()> {
        match &self.folder {
            Some(folder) => sync(folder.path_to_filesystem(location)?).await,
            None => Ok(()),
        }
    }
}

/// Finds out at the start what else the first upload would.
fn try_to_write(folder: &Path) -> io::Result<()> {
    let probe = folder.join(".probe");
    File::create(&probe)?;
    match fs::remove_file(&probe) {
        // Another process that starts has removed it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

async fn in_time<T>(
    asked: impl Future<Output = object_store::Result<T>>,
) -> Result<T, ObjectsError> {
    tokio::time::timeout(DEADLINE, asked)
        .await
        .map_err(failed)?
        .map_err(failed)
}

/// Writes a file and its entry in the folder to the disk.
async fn sync(file: PathBuf) -> object_store::Result<()> {
    let synced = tokio::task::spawn_blocking(move || {
        File::open(&file)?.sync_all()?;
        match file.parent() {
            Some(folder) => File::open(folder)?.sync_all(),
            None => Ok(()),
        }
    });
    synced.await?.map_err(|error| Error::Generic {
        store: "LocalFileSystem",
        source: error.into(),
    })
}

fn failed(error: impl fmt::Display) -> ObjectsError {
    ObjectsError(error.to_string())
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    fn places() -> (tempfile::TempDir, [Objects; 2]) {
        let folder = tempfile::tempdir().unwrap();
        let in_folder = Objects::in_folder(&folder.path().join("new")).unwrap();
        (
            folder,
            [in_folder, Objects::over(Arc::new(InMemory::new()))],
        )
    }

    #[tokio::test]
    async fn what_is_there_is_not_created_again() {
        let (_folder, places) = places();
        for objects in places {
            let location = Location::from("a/1");
            assert!(objects.create(&location, "one".into()).await.unwrap());
            assert!(!objects.create(&location, "two".into()).await.unwrap());
            assert_eq!(objects.get(&location).await.unwrap().unwrap(), "one");
            objects.put(&location, "three".into()).await.unwrap();
            assert_eq!(objects.get(&location).await.unwrap().unwrap(), "three");
            objects.delete(&location).await.unwrap();
            objects.delete(&location).await.unwrap();
            assert_eq!(objects.get(&location).await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn of_many_who_create_one_object_one_does() {
        let (_folder, places) = places();
        for objects in places {
            let location = Location::from("a/1");
            let attempts = (0..16).map(|n| objects.create(&location, n.to_string().into()));
            let created = futures_util::future::try_join_all(attempts).await.unwrap();
            assert_eq!(created.iter().filter(|created| **created).count(), 1);
        }
    }

    #[tokio::test]
    async fn a_list_begins_after_the_last_one_known() {
        let (_folder, places) = places();
        for objects in places {
            for name in ["a/3", "a/1", "b/9", "a/2"] {
                objects
                    .put(&Location::from(name), name.into())
                    .await
                    .unwrap();
            }
            let names = async |after: Option<&str>| {
                let after = after.map(Location::from);
                let found = objects.list(&Location::from("a"), after.as_ref()).await;
                let found = found.unwrap();
                found.iter().map(ToString::to_string).collect::<Vec<_>>()
            };
            assert_eq!(names(None).await, ["a/1", "a/2", "a/3"]);
            assert_eq!(names(Some("a/1")).await, ["a/2", "a/3"]);
            assert_eq!(names(Some("a/3")).await, Vec::<String>::new());
        }
    }
}
