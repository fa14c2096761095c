//! Where avatars are kept: in a folder, or in a bucket of S3 or of what speaks its protocol.

use std::{
    fmt,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use object_store::{
    BackoffConfig, ClientOptions, Error, ObjectStore, ObjectStoreExt, RetryConfig,
    aws::AmazonS3Builder, local::LocalFileSystem, path::Path as Location, prefix::PrefixStore,
};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    app::ports::{AvatarStore, StoreError},
    domain::AvatarName,
};

/// For each thing asked of the store. An upload may take two, and its turn to be decoded: with a store that hangs it may
/// be longer than the router waits.
const DEADLINE: Duration = Duration::from_secs(5);
/// For one request to S3. Another attempt follows within the deadline.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);
const RETRIES: usize = 2;

/// What `AVATAR_STORE_URL` may be.
pub const EXPECTS: &str = "file:DIR for a folder, or s3://bucket[/prefix] with the variables AWS_*";

/// How S3 is reached, and as whom.
#[derive(Default)]
pub struct S3Access {
    /// Without it, the credentials of the machine or the pod's role are asked for (instance metadata).
    pub key: Option<S3Key>,
    /// `us-east-1` unless this says otherwise.
    pub region: Option<String>,
    /// Where another service than Amazon's is.
    pub endpoint: Option<String>,
    pub allow_http: bool,
    /// Whether the bucket is part of the host and not of the path.
    pub virtual_hosted: bool,
}

pub struct S3Key {
    pub id: String,
    pub secret: SecretString,
    /// Of credentials that end.
    pub session_token: Option<SecretString>,
}

/// What `AVATAR_STORE_URL` says.
#[derive(Debug, PartialEq, Eq)]
pub enum Place {
    Folder(PathBuf),
    /// The prefix is empty where all of the bucket is for avatars.
    Bucket {
        name: String,
        prefix: String,
    },
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        if let Some(folder) = url.strip_prefix("file:") {
            let folder = folder.strip_prefix("//").unwrap_or(folder);
            return match folder {
                "" => Err("it names no folder"),
                _ => Ok(Self::Folder(folder.into())),
            };
        }
        let place = url
            .strip_prefix("s3://")
            .ok_or("it begins neither with file: nor with s3://")?;
        match place.split_once('/').unwrap_or((place, "")) {
            ("", _) => Err("it names no bucket"),
            (name, prefix) => Ok(Self::Bucket {
                name: name.to_owned(),
                prefix: prefix.to_owned(),
            }),
        }
    }
}

/// Avatars as objects of a store.
pub struct Objects {
    objects: Arc<dyn ObjectStore>,
    /// The same store, if it is a folder of this machine.
    folder: Option<LocalFileSystem>,
}

impl Objects {
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

#[async_trait]
impl AvatarStore for Objects {
    /// S3 answers once the object is safe. `LocalFileSystem` (`object_store` 0.13) writes to a file beside and renames it,
    /// so that nobody sees half a picture, but leaves it to the kernel when it reaches the disk; so that is done here.
    async fn put(&self, name: &AvatarName, picture: Bytes) -> Result<(), StoreError> {
        let location = location(name);
        in_time(async {
            self.objects.put(&location, picture.into()).await?;
            match &self.folder {
                Some(folder) => sync(folder.path_to_filesystem(&location)?).await,
                None => Ok(()),
            }
        })
        .await
    }

    async fn get(&self, name: &AvatarName) -> Result<Option<Bytes>, StoreError> {
        in_time(async {
            match self.objects.get(&location(name)).await {
                Ok(found) => found.bytes().await.map(Some),
                Err(Error::NotFound { .. }) => Ok(None),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn delete(&self, name: &AvatarName) -> Result<(), StoreError> {
        in_time(async {
            match self.objects.delete(&location(name)).await {
                Err(Error::NotFound { .. }) => Ok(()),
                deleted => deleted,
            }
        })
        .await
    }
}

fn location(name: &AvatarName) -> Location {
    Location::from(name.to_string())
}

async fn in_time<T>(asked: impl Future<Output = object_store::Result<T>>) -> Result<T, StoreError> {
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

fn failed(error: impl fmt::Display) -> StoreError {
    StoreError(error.to_string())
}
