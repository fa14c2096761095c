//! Every use case through both APIs: the same rows, the same codes.

use async_trait::async_trait;
use axum::http::{Method, StatusCode};
use serde_json::{Map, Value, json};
use testkit::{Outcome, Played, dump, tokens};

use crate::world::{PASSWORD, World};

const NOTHING: &str = "018f4e9e-0000-7000-8000-000000000000";

/// What one can do as, and with, users. `None` is nobody in particular, and a token otherwise.
#[async_trait]
trait Api {
    async fn register(&self, input: Value) -> Outcome;
    async fn log_in(&self, email: &str, password: &str) -> Outcome;
    async fn refresh(&self, token: &str) -> Outcome;
    async fn log_out(&self, token: &str) -> Outcome;
    async fn verify_email(&self, token: &str) -> Outcome;
    async fn resend_verification(&self, email: &str) -> Outcome;
    async fn request_password_reset(&self, email: &str) -> Outcome;
    async fn reset_password(&self, token: &str, password: &str) -> Outcome;
    async fn me(&self, who: Option<&str>) -> Outcome;
    async fn update(&self, who: Option<&str>, changes: Value) -> Outcome;
    async fn user(&self, id: &str) -> Outcome;
    async fn by_username(&self, username: &str) -> Outcome;
    async fn search(&self, prefix: &str) -> Outcome;
    async fn follow(&self, who: Option<&str>, whom: &str) -> Outcome;
    async fn unfollow(&self, who: Option<&str>, whom: &str) -> Outcome;
    /// A page of `followers` or `followees`, and the cursor of the next one.
    async fn list(&self, list: &str, of: &str, size: i32, after: Option<&str>) -> Outcome;
}

/// An object with its keys spelt as in REST.
fn snake_case(object: &Value) -> Value {
    let spell = |key: &String| {
        let mut name = String::new();
        for c in key.chars() {
            if c.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
        }
        name
    };
    let members = object.as_object().unwrap().iter();
    members
        .map(|(key, value)| (spell(key), value.clone()))
        .collect::<Map<_, _>>()
        .into()
}

/// An object with its keys spelt as in GraphQL.
fn camel_case(object: &Value) -> Value {
    let spell = |key: &String| {
        let mut words = key.split('_');
        let first = words.next().unwrap().to_owned();
        words.fold(first, |name, word| {
            name + &word[..1].to_uppercase() + &word[1..]
        })
    };
    let members = object.as_object().unwrap().iter();
    members
        .map(|(key, value)| (spell(key), value.clone()))
        .collect::<Map<_, _>>()
        .into()
}

struct Graph<'a>(&'a World);

const USER: &str = "id username displayName bio avatarUrl createdAt followerCount followeeCount";

impl Graph<'_> {
    async fn ask(&self, who: Option<&str>, query: &str, variables: Value) -> Result<Value, String> {
        let answer = self.0.graph.ask(who, query, variables).await;
        match answer.codes().first() {
            Some(code) => Err((*code).to_owned()),
            None => Ok(answer.data()),
        }
    }

    async fn mutate(
        &self,
        who: Option<&str>,
        name: &str,
        input: Value,
        selection: &str,
    ) -> Outcome {
        let mut kind = name.to_owned();
        kind[..1].make_ascii_uppercase();
        let query = format!(
            "mutation($input: {kind}Input!) {{ {name}(input: $input) {{ {selection} userErrors {{ code }} }} }}"
        );
        let data = self.ask(who, &query, json!({ "input": input })).await?;
        match data[name]["userErrors"][0]["code"].as_str() {
            Some(code) => Err(code.to_owned()),
            None => Ok(data[name].clone()),
        }
    }

    async fn do_it(&self, who: Option<&str>, name: &str, input: Value) -> Outcome {
        self.mutate(who, name, input, "").await.map(|_| Value::Null)
    }

    fn session(payload: &Value) -> Value {
        json!({ "token_type": payload["tokenType"], "expires_in": payload["expiresIn"], "refresh_token": payload["refreshToken"] })
    }
}

#[async_trait]
impl Api for Graph<'_> {
    async fn register(&self, input: Value) -> Outcome {
        let selection = "user { id username email createdAt }";
        let payload = self
            .mutate(None, "register", camel_case(&input), selection)
            .await?;
        Ok(snake_case(&payload["user"]))
    }

    async fn log_in(&self, email: &str, password: &str) -> Outcome {
        let input = json!({ "email": email, "password": password });
        let selection = "tokenType expiresIn refreshToken";
        Ok(Self::session(
            &self.mutate(None, "login", input, selection).await?,
        ))
    }

    async fn refresh(&self, token: &str) -> Outcome {
        let input = json!({ "refreshToken": token });
        let selection = "tokenType expiresIn refreshToken";
        Ok(Self::session(
            &self
                .mutate(None, "refreshSession", input, selection)
                .await?,
        ))
    }

    async fn log_out(&self, token: &str) -> Outcome {
        self.do_it(None, "logout", json!({ "refreshToken": token }))
            .await
    }

    async fn verify_email(&self, token: &str) -> Outcome {
        self.do_it(None, "verifyEmail", json!({ "token": token }))
            .await
    }

    async fn resend_verification(&self, email: &str) -> Outcome {
        self.do_it(None, "requestEmailVerification", json!({ "email": email }))
            .await
    }

    async fn request_password_reset(&self, email: &str) -> Outcome {
        self.do_it(None, "requestPasswordReset", json!({ "email": email }))
            .await
    }

    async fn reset_password(&self, token: &str, password: &str) -> Outcome {
        let input = json!({ "token": token, "newPassword": password });
        self.do_it(None, "resetPassword", input).await
    }

    async fn me(&self, who: Option<&str>) -> Outcome {
        let query = format!("{{ viewer {{ {USER} email }} }}");
        let data = self.ask(who, &query, json!({})).await?;
        match &data["viewer"] {
            // Null is how the graph says that there is no viewer.
            Value::Null => Err("UNAUTHENTICATED".to_owned()),
            viewer => Ok(snake_case(viewer)),
        }
    }

    async fn update(&self, who: Option<&str>, changes: Value) -> Outcome {
        let selection = format!("user {{ {USER} email }}");
        let payload = self
            .mutate(who, "updateProfile", camel_case(&changes), &selection)
            .await?;
        Ok(snake_case(&payload["user"]))
    }

    async fn user(&self, id: &str) -> Outcome {
        let query = format!("query($id: ID!) {{ user(id: $id) {{ {USER} }} }}");
        let data = self.ask(None, &query, json!({ "id": id })).await?;
        match &data["user"] {
            Value::Null => Err("USER_NOT_FOUND".to_owned()),
            user => Ok(snake_case(user)),
        }
    }

    async fn by_username(&self, username: &str) -> Outcome {
        let query =
            format!("query($name: String!) {{ userByUsername(username: $name) {{ {USER} }} }}");
        let data = self.ask(None, &query, json!({ "name": username })).await?;
        Ok(match &data["userByUsername"] {
            Value::Null => json!([]),
            user => json!([snake_case(user)]),
        })
    }

    async fn search(&self, prefix: &str) -> Outcome {
        let query =
            format!("query($prefix: String!) {{ searchUsers(prefix: $prefix) {{ {USER} }} }}");
        let data = self.ask(None, &query, json!({ "prefix": prefix })).await?;
        let found = data["searchUsers"].as_array().unwrap().iter();
        Ok(found.map(snake_case).collect::<Vec<_>>().into())
    }

    async fn follow(&self, who: Option<&str>, whom: &str) -> Outcome {
        let payload = self
            .mutate(who, "followUser", json!({ "userId": whom }), "user { id }")
            .await?;
        Ok(payload["user"]["id"].clone())
    }

    async fn unfollow(&self, who: Option<&str>, whom: &str) -> Outcome {
        self.do_it(who, "unfollowUser", json!({ "userId": whom }))
            .await
    }

    async fn list(&self, list: &str, of: &str, size: i32, after: Option<&str>) -> Outcome {
        let query = format!(
            "query($id: ID!, $first: Int!, $after: String) {{ user(id: $id) {{ {list}(first: $first, after: $after) {{
                nodes {{ id username displayName avatarUrl }} pageInfo {{ hasNextPage endCursor }} }} }} }}"
        );
        let variables = json!({ "id": of, "first": size, "after": after });
        let data = self.ask(None, &query, variables).await?;
        if data["user"].is_null() {
            return Err("USER_NOT_FOUND".to_owned());
        }
        let connection = &data["user"][list];
        let info = &connection["pageInfo"];
        let next = info["hasNextPage"]
            .as_bool()
            .unwrap()
            .then(|| info["endCursor"].clone());
        let nodes = connection["nodes"].as_array().unwrap().iter();
        Ok(json!({ "items": nodes.map(snake_case).collect::<Vec<_>>(), "next": next }))
    }
}

struct Rest<'a>(&'a World);

impl Rest<'_> {
    async fn call(
        &self,
        who: Option<&str>,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Outcome {
        let reply = match body {
            Some(body) => self.0.rest.send_json(who, method, path, &body).await,
            None => self.0.rest.call(who, method, path).await,
        };
        if reply.status >= StatusCode::BAD_REQUEST {
            return Err(reply.code().to_owned());
        }
        Ok(reply.body)
    }

    async fn post(&self, path: &str, body: Value) -> Outcome {
        self.call(None, Method::POST, path, Some(body)).await
    }

    async fn session(&self, path: &str, body: Value) -> Outcome {
        let mut session = self.post(path, body).await?;
        session
            .as_object_mut()
            .unwrap()
            .remove("access_token")
            .unwrap();
        Ok(session)
    }
}

#[async_trait]
impl Api for Rest<'_> {
    async fn register(&self, input: Value) -> Outcome {
        self.post("/auth/register", input).await
    }

    async fn log_in(&self, email: &str, password: &str) -> Outcome {
        let body =
            json!({ "email": email, "password": password, "refresh_token_delivery": "body" });
        self.session("/auth/login", body).await
    }

    async fn refresh(&self, token: &str) -> Outcome {
        self.session("/auth/refresh", json!({ "refresh_token": token }))
            .await
    }

    async fn log_out(&self, token: &str) -> Outcome {
        self.post("/auth/logout", json!({ "refresh_token": token }))
            .await
    }

    async fn verify_email(&self, token: &str) -> Outcome {
        self.post("/auth/verify-email", json!({ "token": token }))
            .await
    }

    async fn resend_verification(&self, email: &str) -> Outcome {
        self.post("/auth/verify-email/resend", json!({ "email": email }))
            .await
    }

    async fn request_password_reset(&self, email: &str) -> Outcome {
        self.post("/auth/password-reset", json!({ "email": email }))
            .await
    }

    async fn reset_password(&self, token: &str, password: &str) -> Outcome {
        let body = json!({ "token": token, "new_password": password });
        self.post("/auth/password-reset/confirm", body).await
    }

    async fn me(&self, who: Option<&str>) -> Outcome {
        self.call(who, Method::GET, "/users/me", None).await
    }

    async fn update(&self, who: Option<&str>, changes: Value) -> Outcome {
        self.call(who, Method::PATCH, "/users/me", Some(changes))
            .await
    }

    async fn user(&self, id: &str) -> Outcome {
        self.call(None, Method::GET, &format!("/users/{id}"), None)
            .await
    }

    async fn by_username(&self, username: &str) -> Outcome {
        let path = format!("/users?username={username}");
        Ok(self.call(None, Method::GET, &path, None).await?["items"].clone())
    }

    async fn search(&self, prefix: &str) -> Outcome {
        let path = format!("/users?prefix={prefix}");
        Ok(self.call(None, Method::GET, &path, None).await?["items"].clone())
    }

    async fn follow(&self, who: Option<&str>, whom: &str) -> Outcome {
        let path = format!("/users/{whom}/follow");
        Ok(self.call(who, Method::POST, &path, None).await?["followee_id"].clone())
    }

    async fn unfollow(&self, who: Option<&str>, whom: &str) -> Outcome {
        self.call(who, Method::DELETE, &format!("/users/{whom}/follow"), None)
            .await
    }

    async fn list(&self, list: &str, of: &str, size: i32, after: Option<&str>) -> Outcome {
        let cursor = after
            .map(|after| format!("&cursor={after}"))
            .unwrap_or_default();
        let path = format!("/users/{of}/{list}?page_size={size}{cursor}");
        let body = self.call(None, Method::GET, &path, None).await?;
        Ok(json!({ "items": body["items"], "next": body["next_cursor"] }))
    }
}

/// The refresh token of a session, taken out because it is random.
fn take_token(outcome: &mut Outcome) -> String {
    let session = outcome.as_mut().unwrap().as_object_mut().unwrap();
    session
        .remove("refresh_token")
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

async fn play_accounts(world: &World, api: &dyn Api, played: &mut Played) {
    let account = |email: &str, username: &str, password: &str, name: Value| json!({ "email": email, "username": username, "password": password, "display_name": name });
    for (what, input) in [
        (
            "",
            account("ada@example.com", "Ada", PASSWORD, json!(" Ada Lovelace ")),
        ),
        (
            " without a name",
            account("grace@example.com", "grace", PASSWORD, json!(null)),
        ),
        (
            " with an address that is taken",
            account("ADA@example.com", "other", PASSWORD, json!(null)),
        ),
        (
            " with a handle that is taken",
            account("other@example.com", "ADA", PASSWORD, json!(null)),
        ),
        (
            " with everything wrong",
            account("ada", "a", "short", json!("x".repeat(101))),
        ),
    ] {
        played.note(&format!("register{what}"), api.register(input).await);
    }
    let log_in = |email, password| api.log_in(email, password);
    played.note(
        "log in before the address is verified",
        log_in("ada@example.com", PASSWORD).await,
    );
    played.note(
        "log in with a wrong password",
        log_in("ada@example.com", "wrong password").await,
    );
    played.note(
        "log in to no account",
        log_in("nobody@example.com", PASSWORD).await,
    );
    world.deliver().await;
    let mails = world.mailbox.received();
    let token = mails
        .iter()
        .find(|mail| mail.to == "ada@example.com")
        .unwrap()
        .token();
    played.note("verify an address", api.verify_email(&token).await);
    played.note("verify it again", api.verify_email(&token).await);
    played.note("verify with no token of ours", api.verify_email("x").await);
    for email in [
        "grace@example.com",
        "ada@example.com",
        "nobody@example.com",
        "no address",
    ] {
        played.note(
            &format!("ask for a verification mail to {email}"),
            api.resend_verification(email).await,
        );
        played.note(
            &format!("ask for a reset mail to {email}"),
            api.request_password_reset(email).await,
        );
    }
    let mut session = log_in("Ada@Example.com", PASSWORD).await;
    let first = take_token(&mut session);
    played.note("log in", session);
    let mut session = api.refresh(&first).await;
    let second = take_token(&mut session);
    played.note("refresh", session);
    played.note("refresh with a used token", api.refresh(&first).await);
    played.note(
        "refresh with the token after it",
        api.refresh(&second).await,
    );
    played.note("refresh with no token of ours", api.refresh("x").await);
    let mut session = log_in("ada@example.com", PASSWORD).await;
    let token = take_token(&mut session);
    played.note("log out", api.log_out(&token).await);
    played.note("log out again", api.log_out(&token).await);
    played.note("refresh after that", api.refresh(&token).await);
    world.deliver().await;
    let mails = world.mailbox.received();
    let reset = mails
        .iter()
        .find(|mail| mail.to == "ada@example.com" && mail.subject.contains("Reset"))
        .unwrap()
        .token();
    let mut session = log_in("ada@example.com", PASSWORD).await;
    let token = take_token(&mut session);
    played.note(
        "set a password that is too short",
        api.reset_password(&reset, "short").await,
    );
    played.note(
        "set a password",
        api.reset_password(&reset, "another password").await,
    );
    played.note(
        "set it again",
        api.reset_password(&reset, "a third password").await,
    );
    played.note(
        "set it with no token of ours",
        api.reset_password("x", "another password").await,
    );
    played.note("refresh a session from before", api.refresh(&token).await);
    played.note(
        "log in with the old password",
        log_in("ada@example.com", PASSWORD).await,
    );
    let mut session = log_in("ada@example.com", "another password").await;
    take_token(&mut session);
    played.note("log in with the new one", session);
}

async fn play_profiles(world: &World, api: &dyn Api, played: &mut Played) {
    let linus = world.person("linus").await;
    let token = Some(linus.token.as_str());
    let gone = tokens().token_at(NOTHING.parse().unwrap(), &*world.clock);
    for (who, name) in [
        (token, "me"),
        (None, "nobody"),
        (Some("forged"), "a forged token"),
        (Some(&gone), "somebody who is gone"),
    ] {
        played.note(&format!("the account of {name}"), api.me(who).await);
        let changes = json!({ "display_name": " Linus ", "bio": "one\ntwo" });
        played.note(
            &format!("change the profile of {name}"),
            api.update(who, changes).await,
        );
    }
    for changes in [
        json!({ "bio": null, "avatar_url": "https://example.com/a.png" }),
        json!({ "display_name": " " }),
        json!({}),
        json!({ "display_name": "x".repeat(101), "bio": "a\0b", "avatar_url": "javascript:alert(1)" }),
    ] {
        played.note(
            &format!("change {changes}"),
            api.update(token, changes).await,
        );
    }
    for id in [linus.id.to_string().as_str(), NOTHING, "x"] {
        played.note(&format!("the user {id}"), api.user(id).await);
    }
    for name in ["LINUS", "nobody", "no-handle"] {
        played.note(
            &format!("the user called {name}"),
            api.by_username(name).await,
        );
    }
    for prefix in ["Li", "zz", "", "no-handle", "l_"] {
        played.note(
            &format!("handles beginning with {prefix:?}"),
            api.search(prefix).await,
        );
    }
}

async fn play_follows(world: &World, api: &dyn Api, played: &mut Played) {
    let mut people = Vec::new();
    for name in ["barbara", "donald", "edsger", "tony"] {
        people.push(world.person(name).await);
    }
    let id = |index: usize| people[index].id.to_string();
    for (index, person) in people.iter().enumerate().skip(1) {
        world.clock.advance_micros(1_000);
        played.note(
            &format!("follow, {index}"),
            api.follow(Some(&person.token), &id(0)).await,
        );
    }
    let token = Some(people[0].token.as_str());
    for (what, whom) in [
        ("myself", id(0).as_str()),
        ("nobody", NOTHING),
        ("no id", "x"),
    ] {
        played.note(&format!("follow {what}"), api.follow(token, whom).await);
        played.note(&format!("unfollow {what}"), api.unfollow(token, whom).await);
    }
    played.note("follow back", api.follow(token, &id(1)).await);
    played.note("follow again", api.follow(token, &id(1)).await);
    played.note("follow as nobody", api.follow(None, &id(1)).await);
    played.note("unfollow as nobody", api.unfollow(None, &id(1)).await);
    played.note(
        "who follows nobody",
        api.list("followers", NOTHING, 2, None).await,
    );
    let page = api.list("followers", &id(0), 2, None).await;
    let cursor = page.as_ref().unwrap()["next"].as_str().unwrap().to_owned();
    played.note("who follows somebody", page);
    played.note(
        "who else",
        api.list("followers", &id(0), 2, Some(&cursor)).await,
    );
    played.note(
        "whom somebody follows",
        api.list("followees", &id(1), 2, None).await,
    );
    played.note(
        "a cursor of another list",
        api.list("followees", &id(0), 2, Some(&cursor)).await,
    );
    for size in [0, 101] {
        played.note(
            &format!("{size} followers"),
            api.list("followers", &id(0), size, None).await,
        );
    }
    played.note("unfollow", api.unfollow(token, &id(1)).await);
    played.note("unfollow again", api.unfollow(token, &id(1)).await);
    played.note(
        "whom I follow after that",
        api.list("followees", &id(0), 2, None).await,
    );
}

async fn play(world: &World, api: &dyn Api) -> Played {
    let mut played = Played::default();
    play_accounts(world, api, &mut played).await;
    play_profiles(world, api, &mut played).await;
    play_follows(world, api, &mut played).await;
    played
}

#[tokio::test]
async fn both_apis_do_the_same() {
    let (graph, rest) = (World::new().await, World::new().await);
    let by_graph = play(&graph, &Graph(&graph)).await;
    let by_rest = play(&rest, &Rest(&rest)).await;
    by_graph.assert_same(&by_rest, ["GraphQL", "REST"]);
    let tables = [
        "users.users",
        "users.sessions",
        "users.refresh_tokens",
        "users.one_time_tokens",
        "users.follows",
        "users.outbox",
    ];
    let random = ["password_hash", "token_hash"];
    let rows = dump(&graph.admin, &tables, &random).await;
    let empty: Vec<_> = rows
        .iter()
        .filter(|(_, rows)| rows.is_empty())
        .map(|(table, _)| table)
        .collect();
    assert_eq!(
        empty,
        Vec::<&String>::new(),
        "there is something to compare"
    );
    assert_eq!(rows, dump(&rest.admin, &tables, &random).await);
}
