use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use contexts::PerContext;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::roles::{MIGRATOR, service_role};
use crate::{Error, PasswordVerifier, Passwords, Unusable, bootstrap, migrate};

/// 192 bits.
const PASSWORD_BYTES: usize = 24;

/// Sets up the database of `admin`, the URL of an administrator: roles, schemas, grants and all migrations. Returns the
/// connection string of each service.
///
/// The roles get new random passwords at every call, so that no password has to be stored.
pub async fn set_up(admin: &Url) -> Result<PerContext<SecretString>, Error> {
    let migrator = random_password()?;
    let services = PerContext::try_new(|_| random_password())?;
    let passwords = Passwords {
        migrator: PasswordVerifier::of(&migrator)?,
        services: PerContext::try_new(|context| PasswordVerifier::of(services.get(context)))?,
    };
    bootstrap(admin.as_str(), &passwords).await?;
    migrate(url_as(admin, MIGRATOR, &migrator)?.expose_secret()).await?;
    PerContext::try_new(|context| url_as(admin, &service_role(context), services.get(context)))
}

fn random_password() -> Result<SecretString, Unusable> {
    let mut bytes = [0; PASSWORD_BYTES];
    rand::fill(&mut bytes).map_err(|_no_randomness| Unusable)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes).into())
}

fn url_as(admin: &Url, role: &str, password: &SecretString) -> Result<SecretString, Error> {
    let mut url = admin.clone();
    url.set_username(role)
        .and_then(|()| url.set_password(Some(password.expose_secret())))
        .map_err(|()| Error::NoHost)?;
    Ok(String::from(url).into())
}
