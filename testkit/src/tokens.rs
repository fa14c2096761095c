use std::sync::{Arc, OnceLock};

use common::{
    auth::{Claims, Identity, Issuer, KeyPair, PublicKeys, Signer, Verifier, Viewer},
    clock::{Clock, SharedClock, SystemClock},
};
use futures_util::FutureExt;
use uuid::Uuid;

/// How long a token made here is good, seconds.
const LIFETIME: i64 = 900;

/// A key pair made for this test process, and whoever trusts it.
pub struct Authority {
    /// For services that sign themselves.
    pub pair: KeyPair,
    signer: Signer,
}

/// The authority of this test process.
pub fn tokens() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(|| {
        let pair = KeyPair::generate().unwrap();
        let signer = Signer::new(&pair.private_pem, Authority::issuer()).unwrap();
        Authority { pair, signer }
    })
}

impl Authority {
    /// The issuer and audience that all services expect by default.
    pub fn issuer() -> Issuer {
        Issuer {
            issuer: "rookery".to_owned(),
            audience: "rookery".to_owned(),
        }
    }

    /// A verifier that trusts this authority, by the given clock.
    pub fn verifier(&self, clock: SharedClock) -> Verifier {
        let keys = PublicKeys::from_pem(&self.pair.public_pem).unwrap();
        Verifier::new(keys, &Self::issuer(), clock)
    }

    /// A good token for a user, by the system's clock.
    pub fn token(&self, user: Uuid) -> String {
        self.token_at(user, &SystemClock)
    }

    /// A good token for a user, by the given clock.
    pub fn token_at(&self, user: Uuid, clock: &dyn Clock) -> String {
        self.sign(&Self::claims(user, clock))
    }

    /// The viewer that a service sees behind a token.
    pub fn viewer(&self, token: &str, clock: SharedClock) -> Arc<Viewer> {
        let verifier = self.verifier(clock);
        // The keys are at hand, so that nothing has to be waited for.
        let checked = verifier
            .check_authorization(&format!("Bearer {token}"))
            .now_or_never();
        match checked.unwrap() {
            Ok(Identity::Viewer(viewer)) => viewer,
            other => panic!("no viewer: {other:?}"),
        }
    }

    /// The claims of a good token, to be changed as a test likes.
    pub fn claims(user: Uuid, clock: &dyn Clock) -> Claims {
        let now = clock.now().as_seconds();
        let Issuer { issuer, audience } = Self::issuer();
        Claims {
            iss: issuer,
            aud: audience,
            sub: user,
            iat: now,
            exp: now + LIFETIME,
            nbf: None,
            jti: clock.new_id(),
            user_id: user,
            sid: None,
            email: format!("{user}@example.com"),
            roles: vec!["user".to_owned()],
            scope: "user".to_owned(),
        }
    }

    /// The token that says this.
    pub fn sign(&self, claims: &Claims) -> String {
        self.signer.sign(claims).unwrap()
    }
}
