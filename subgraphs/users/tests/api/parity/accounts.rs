//! Getting an account, and in and out of it.

use serde_json::{Value, json};
use testkit::{Outcome, Played};

use super::Api;
use crate::world::{PASSWORD, World};

const ADA: &str = "ada@example.com";

pub(super) async fn play(world: &World, api: &dyn Api, played: &mut Played) {
    register(api, played).await;
    verify(world, api, played).await;
    sessions(api, played).await;
    reset(world, api, played).await;
    own_sessions(world, api, played).await;
}

async fn register(api: &dyn Api, played: &mut Played) {
    let account = |email: &str, username: &str, name: Value| json!({ "email": email, "username": username, "password": PASSWORD, "display_name": name });
    let (none, long) = (json!(null), json!("x".repeat(101)));
    let mut wrong = account("ada", "a", long);
    wrong["password"] = json!("short");
    for (what, input) in [
        ("", account(ADA, "Ada", json!(" Ada Lovelace "))),
        (
            " without a name",
            account("grace@example.com", "grace", none.clone()),
        ),
        (
            " with an address that is taken",
            account("ADA@example.com", "other", none.clone()),
        ),
        (
            " with a handle that is taken",
            account("other@example.com", "ADA", none),
        ),
        (" with everything wrong", wrong),
    ] {
        played.note(&format!("register{what}"), api.register(input).await);
    }
    for (what, email, password) in [
        ("before the address is verified", ADA, PASSWORD),
        ("with a wrong password", ADA, "wrong password"),
        ("to no account", "nobody@example.com", PASSWORD),
    ] {
        played.note(&format!("log in {what}"), api.log_in(email, password).await);
    }
}

/// The token of the newest mail to Ada about something.
async fn token_from_mail(world: &World, about: &str) -> String {
    world.deliver().await;
    let mut mails = world.mailbox.received();
    mails.retain(|mail| mail.to == ADA && mail.subject.contains(about));
    mails.pop().unwrap().token()
}

async fn verify(world: &World, api: &dyn Api, played: &mut Played) {
    let token = token_from_mail(world, "Verify").await;
    for (what, token) in [
        ("", token.as_str()),
        (" again", &token),
        (" with no token of ours", "x"),
    ] {
        played.note(
            &format!("verify an address{what}"),
            api.verify_email(token).await,
        );
    }
    for email in ["grace@example.com", ADA, "nobody@example.com", "no address"] {
        let outcome = api.resend_verification(email).await;
        played.note(&format!("ask for a verification mail to {email}"), outcome);
        let outcome = api.request_password_reset(email).await;
        played.note(&format!("ask for a reset mail to {email}"), outcome);
    }
}

/// A session that was opened or refreshed, noted without its refresh token, which is random and returned.
fn note(played: &mut Played, what: &str, mut outcome: Outcome) -> String {
    let session = outcome.as_mut().unwrap().as_object_mut().unwrap();
    let token = session.remove("refresh_token").unwrap();
    played.note(what, outcome);
    token.as_str().unwrap().to_owned()
}

async fn sessions(api: &dyn Api, played: &mut Played) {
    let first = note(
        played,
        "log in",
        api.log_in("Ada@Example.com", PASSWORD).await,
    );
    let second = note(played, "refresh", api.refresh(&first).await);
    for (what, token) in [
        ("a used token", &*first),
        ("the token after it", &second),
        ("no token of ours", "x"),
    ] {
        played.note(&format!("refresh with {what}"), api.refresh(token).await);
    }
    let token = note(played, "log in again", api.log_in(ADA, PASSWORD).await);
    played.note("log out", api.log_out(&token).await);
    played.note("log out again", api.log_out(&token).await);
    played.note("refresh after that", api.refresh(&token).await);
}

async fn reset(world: &World, api: &dyn Api, played: &mut Played) {
    let mail = token_from_mail(world, "Reset").await;
    let session = note(
        played,
        "log in before a reset",
        api.log_in(ADA, PASSWORD).await,
    );
    for (what, token, password) in [
        ("a password that is too short", mail.as_str(), "short"),
        ("a password", &mail, "another password"),
        ("it again", &mail, "a third password"),
        ("it with no token of ours", "x", "another password"),
    ] {
        let outcome = api.reset_password(token, password).await;
        played.note(&format!("set {what}"), outcome);
    }
    played.note("refresh a session from before", api.refresh(&session).await);
    played.note(
        "log in with the old password",
        api.log_in(ADA, PASSWORD).await,
    );
    note(
        played,
        "log in with the new one",
        api.log_in(ADA, "another password").await,
    );
}

async fn own_sessions(world: &World, api: &dyn Api, played: &mut Played) {
    let alan = world.person("alan").await;
    let token = Some(alan.token.as_str());
    for _ in 0..2 {
        world.clock.advance_seconds(1);
        note(
            played,
            "sign in",
            api.log_in("alan@example.com", PASSWORD).await,
        );
    }
    let sessions = api.sessions(token).await;
    let first = sessions.as_ref().unwrap()[1]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    played.note("one's sessions", sessions);
    played.note("nobody's sessions", api.sessions(None).await);
    for (what, id) in [
        ("a session", &*first),
        ("it again", &*first),
        ("no session", super::NOTHING),
        ("no id", "x"),
    ] {
        played.note(&format!("end {what}"), api.end_session(token, id).await);
        played.note(
            &format!("end {what} as nobody"),
            api.end_session(None, id).await,
        );
    }
    played.note("what is left", api.sessions(token).await);
    for (what, who, current, new) in [
        ("as nobody", None, PASSWORD, "another password"),
        (
            "with a wrong one",
            token,
            "wrong password",
            "another password",
        ),
        ("to a short one", token, PASSWORD, "short"),
    ] {
        let changed = api.change_password(who, current, new).await;
        played.note(&format!("change the password {what}"), changed);
    }
    let changed = api
        .change_password(token, PASSWORD, "another password")
        .await;
    note(played, "change the password", changed);
    played.note("the sessions after it", api.sessions(token).await);
    for who in [token, None] {
        played.note(
            &format!("end all, {}", who.is_some()),
            api.end_sessions(who).await,
        );
    }
    for attempt in 0..11 {
        let outcome = api.log_in("alan@example.com", "wrong password").await;
        played.note(&format!("guess {attempt}"), outcome);
    }
}
