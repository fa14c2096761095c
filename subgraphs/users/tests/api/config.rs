use common::{auth::KeyPair, clock::SystemClock, config::Env};
use secrecy::ExposeSecret;
use testkit::tokens;
use users::Config;

/// A complete environment with some variables changed; an empty value takes one out.
pub fn env(changes: &[(&str, &str)]) -> Env {
    let mut vars = vec![
        ("DATABASE_URL", "postgres://users_svc@127.0.0.1/rookery"),
        ("JWT_PRIVATE_KEY", tokens().pair.private_pem.expose_secret()),
        ("JWT_PUBLIC_KEY", &tokens().pair.public_pem),
        ("PUBLIC_URL", "https://rookery.example.com"),
        ("SMTP_URL", "smtp://127.0.0.1:2525"),
        // A bucket is asked for when it is needed; the default would make a folder here.
        ("AVATAR_STORE_URL", "s3://avatars"),
    ];
    vars.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    vars.extend(changes);
    Env::of(vars)
}

fn refusal(changes: &[(&str, &str)]) -> String {
    let refused = Config::from_env(&env(changes), SystemClock::shared()).err();
    refused
        .unwrap_or_else(|| panic!("{changes:?} is accepted"))
        .to_string()
}

#[tokio::test]
async fn with_the_required_variables_the_rest_has_defaults() {
    let config = Config::from_env(&env(&[]), SystemClock::shared()).unwrap();
    assert_eq!(config.service.address, ([127, 0, 0, 1], 4001).into());
    assert!(config.require_verified_email);
    let changed = env(&[
        ("REQUIRE_VERIFIED_EMAIL", "false"),
        ("LISTEN_ADDR", "127.0.0.1:5001"),
    ]);
    let config = Config::from_env(&changed, SystemClock::shared()).unwrap();
    assert_eq!(config.service.address.port(), 5001);
    assert!(!config.require_verified_email);
}

#[tokio::test]
async fn what_is_missing_or_malformed_is_named() {
    for name in [
        "DATABASE_URL",
        "JWT_PRIVATE_KEY",
        "JWT_PUBLIC_KEY",
        "PUBLIC_URL",
        "SMTP_URL",
    ] {
        let line = refusal(&[(name, "")]);
        assert!(
            line.starts_with(&format!("{name} is not set; expected ")),
            "{line}"
        );
    }
    for (name, value) in [
        ("PUBLIC_URL", "rookery.example.com"),
        ("PUBLIC_URL", "ftp://rookery.example.com"),
        ("PUBLIC_URL", "https://rookery.example.com/?a=b"),
        ("PUBLIC_URL", "https://ada:hunter2@rookery.example.com"),
        ("SMTP_URL", "mail.example.com"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://mail.example.com?tls=maybe"),
        ("SMTP_URL", "file:/dev/null/mails"),
        ("MAIL_FROM", "nobody"),
        ("AVATAR_STORE_URL", "avatars"),
        ("AVATAR_STORE_URL", "file:"),
        ("AVATAR_STORE_URL", "file:/dev/null/avatars"),
        ("AVATAR_STORE_URL", "s3:///prefix"),
        ("AWS_ENDPOINT", "http://127.0.0.1:9000"),
        ("AWS_ALLOW_HTTP", "maybe"),
        ("REQUIRE_VERIFIED_EMAIL", "maybe"),
        ("LISTEN_ADDR", "4001"),
    ] {
        let line = refusal(&[(name, value)]);
        assert!(
            line.starts_with(&format!("{name} is not usable: ")),
            "{value}: {line}"
        );
    }
}

#[tokio::test]
async fn half_of_a_key_to_the_store_is_no_key() {
    let line = refusal(&[("AWS_ACCESS_KEY_ID", "key")]);
    assert!(
        line.starts_with("AWS_SECRET_ACCESS_KEY is not set; "),
        "{line}"
    );
    let line = refusal(&[("AWS_SECRET_ACCESS_KEY", "hunter2")]);
    assert!(line.starts_with("AWS_ACCESS_KEY_ID is not set; "), "{line}");
    assert!(!line.contains("hunter2"));
}

#[tokio::test]
async fn a_folder_for_pictures_is_made() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("a/b");
    let place = format!("file:{}", folder.display());
    let changed = env(&[("AVATAR_STORE_URL", &place)]);
    assert!(Config::from_env(&changed, SystemClock::shared()).is_ok());
    assert!(folder.is_dir());
}

#[tokio::test]
async fn a_private_key_that_nobody_could_verify_is_refused() {
    let other = KeyPair::generate().unwrap();
    let line = refusal(&[("JWT_PUBLIC_KEY", &other.public_pem)]);
    assert!(line.starts_with("JWT_PUBLIC_KEY is not usable: "), "{line}");
    let both = format!("{}{}", other.public_pem, tokens().pair.public_pem);
    assert!(Config::from_env(&env(&[("JWT_PUBLIC_KEY", &both)]), SystemClock::shared()).is_ok());
}

#[tokio::test]
async fn a_refused_url_does_not_show_its_password() {
    for url in [
        "smtp://ada:hunter2@mail.example.com?tls=maybe",
        "smpt://ada:hunter2@mail.example.com",
    ] {
        let line = refusal(&[("SMTP_URL", url)]);
        assert!(!line.contains("hunter2"), "{line}");
    }
}
