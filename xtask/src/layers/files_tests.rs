//! Planted violations, each of which must be found, and their neighbours, which must not.

use super::*;

/// What is wrong with a file of this crate.
fn wrong(package: &str, in_package: &str, text: &str) -> Vec<String> {
    let path = Path::new("x").join(in_package);
    SourceFile {
        path: &path,
        package,
        in_package: Path::new(in_package),
        text,
    }
    .check()
    .into_iter()
    .map(|finding| format!("{}: {}", finding.line, finding.wrong))
    .collect()
}

#[test]
fn each_layer_is_kept_from_the_crates_it_may_not_know() {
    let cases = [
        (
            "src/graphql/post.rs",
            "\nuse sqlx::PgPool;",
            "2: graphql/ knows sqlx (sqlx::PgPool)",
        ),
        (
            "src/graphql.rs",
            "use sqlx;",
            "1: graphql/ knows sqlx (sqlx)",
        ),
        (
            "src/rest/feed.rs",
            "use async_graphql::ID;",
            "1: rest/ knows async_graphql (async_graphql::ID)",
        ),
        (
            "src/app/timeline.rs",
            "fn f(_: axum::Router) {}",
            "1: app/ knows axum (axum::Router)",
        ),
        (
            "src/app/mod.rs",
            "use {async_graphql as g, std::fmt};",
            "1: app/ knows async_graphql (async_graphql)",
        ),
        (
            "src/app/x.rs",
            "#[derive(utoipa::ToSchema)] struct A;",
            "1: app/ knows utoipa (utoipa::ToSchema)",
        ),
        (
            "src/app/x.rs",
            "async fn f() { reqwest::get(URL).await; }",
            "1: app/ knows reqwest (reqwest::get)",
        ),
        (
            "src/db/x.rs",
            "use axum::http;",
            "1: db/ knows axum (axum::http)",
        ),
        (
            "src/clients/x.rs",
            "use sqlx::PgPool;",
            "1: clients/ knows sqlx (sqlx::PgPool)",
        ),
        (
            "src/domain/x.rs",
            "use async_graphql::ID;",
            "1: domain/ knows async_graphql (async_graphql::ID)",
        ),
    ];
    for (file, text, expected) in cases {
        assert_eq!(wrong("posts", file, text), [expected], "{file}");
    }
}

#[test]
fn each_layer_points_one_way() {
    let cases = [
        (
            "src/graphql/x.rs",
            "use crate::db::posts;",
            "1: graphql/ uses crate::db::posts",
        ),
        (
            "src/graphql/x.rs",
            "use crate::{app, clients::Users};",
            "1: graphql/ uses crate::clients::Users",
        ),
        (
            "src/rest/x.rs",
            "use crate::graphql::Post;",
            "1: rest/ uses crate::graphql::Post",
        ),
        (
            "src/app/x.rs",
            "use crate::clients::Users;",
            "1: app/ uses crate::clients::Users",
        ),
        (
            "src/app/x.rs",
            "fn f() { crate::graphql::sdl(); }",
            "1: app/ uses crate::graphql::sdl",
        ),
        (
            "src/db/x.rs",
            "use super::super::app::Timeline;",
            "1: db/ uses crate::app::Timeline",
        ),
        (
            "src/db/mod.rs",
            "use super::*;",
            "1: db/ takes everything from the crate's root",
        ),
        (
            "src/clients/x.rs",
            "use crate::app::timeline;",
            "1: clients/ uses crate::app::timeline",
        ),
        (
            "src/domain/x.rs",
            "use crate::app::ports;",
            "1: domain/ uses crate::app::ports",
        ),
        (
            "src/domain/x.rs",
            "use common::page::Cursor;",
            "1: domain/ uses common::page::Cursor",
        ),
        (
            "src/app/x.rs",
            "vec![crate::rest::routes()];",
            "1: app/ uses crate::rest::routes",
        ),
    ];
    for (file, text, expected) in cases {
        assert_eq!(wrong("posts", file, text), [expected], "{file}");
    }
}

#[test]
fn a_module_beside_the_layers_is_one_more_adapter() {
    let file = "src/internal.rs";
    assert_eq!(
        wrong("users", file, "use crate::db;"),
        ["1: internal/ uses crate::db"]
    );
    assert_eq!(
        wrong("users", file, "use sqlx::PgPool;"),
        ["1: internal/ knows sqlx (sqlx::PgPool)"]
    );
    let allowed = "use crate::{app::Follows, domain::UserId}; use axum::Router; use self::x;";
    assert_eq!(wrong("users", file, allowed), Vec::<String>::new());
    let everything = "use crate::{app, clients::mail, db}; use sqlx::PgPool;";
    assert_eq!(
        wrong("users", "src/config.rs", everything),
        Vec::<String>::new()
    );
}

#[test]
fn what_points_the_right_way_passes() {
    let cases = [
        (
            "src/graphql/x.rs",
            "use crate::{app::timeline, domain::PostId}; use async_graphql::ID; use super::user;",
        ),
        (
            "src/app/x.rs",
            "use crate::db; use sqlx::PgPool; use super::ports::Clock; use common::page::Page;",
        ),
        (
            "src/db/x.rs",
            "fn f() { sqlx::query!(\"SELECT id FROM posts.posts\"); }",
        ),
        (
            "src/clients/x.rs",
            "use crate::app::ports::SocialGraph; use reqwest::Url;",
        ),
        (
            "src/domain/x.rs",
            "use common::Timestamp; use super::PostId; use uuid::Uuid;",
        ),
        (
            "src/lib.rs",
            "use crate::db; use axum::Router; use sqlx::PgPool;",
        ),
        (
            "tests/api/main.rs",
            "use posts::db; use axum::Router; use sqlx::PgPool;",
        ),
    ];
    for (file, text) in cases {
        assert_eq!(wrong("posts", file, text), Vec::<String>::new(), "{file}");
    }
}

#[test]
fn checked_sql_stands_in_db_of_a_subgraph_only() {
    let call = "fn f() {\n  sqlx::query!(\"DELETE FROM posts.posts\");\n}";
    let expected = ["2: sqlx::query! outside db/ of a subgraph"];
    assert_eq!(wrong("posts", "src/app/x.rs", call), expected);
    assert_eq!(wrong("testkit", "src/lib.rs", call), expected);
    assert_eq!(wrong("router", "tests/api/x.rs", call), expected);
    assert_eq!(wrong("posts", "tests/api/x.rs", call), Vec::<String>::new());
    assert_eq!(wrong("posts", "src/db/x.rs", call), Vec::<String>::new());
    let imported = "use sqlx::query;\nfn f() { query!(\"SELECT 1\"); }";
    assert_eq!(
        wrong("posts", "src/app/x.rs", imported),
        ["1: sqlx::query! outside db/ of a subgraph"]
    );
    let function = "use sqlx::query;\nfn f() { query(\"SELECT 1\"); }";
    assert_eq!(
        wrong("posts", "tests/api/x.rs", function),
        Vec::<String>::new()
    );
    let unchecked = "fn f() { sqlx::query(DDL); }";
    assert_eq!(
        wrong("migrations", "src/lib.rs", unchecked),
        Vec::<String>::new()
    );
}

#[test]
fn sql_on_another_contexts_schema_is_found() {
    let text = "const Q: &str = \"SELECT p.id FROM posts.posts p\n JOIN users.users u ON true\";";
    assert_eq!(
        wrong("posts", "src/db/x.rs", text),
        ["1: SQL of posts on the schema of users"]
    );
    let own = "const Q: &str = \"SELECT users.id FROM users.users WHERE all_posts.id = 1\";";
    assert_eq!(wrong("users", "src/db/x.rs", own), Vec::<String>::new());
}

#[test]
fn common_has_no_noun_of_the_product() {
    assert_eq!(
        wrong(
            "common",
            "src/page.rs",
            "struct FolloweeIds;\nfn http_post(message: &str) {}\nlet user_posts = 1;"
        ),
        [
            "1: `FolloweeIds` has a noun of the product in it: followee",
            "3: `user_posts` has a noun of the product in it: posts"
        ]
    );
    assert_eq!(
        wrong("common", "src/timeline.rs", ""),
        ["0: `timeline` has a noun of the product in it: timeline"]
    );
    assert_eq!(
        wrong("posts", "src/app/timeline.rs", ""),
        Vec::<String>::new()
    );
}

#[test]
fn long_files_and_empty_names_are_found_in_tests_too() {
    let long = "\n".repeat(MAX_LINES + 1);
    assert_eq!(
        wrong("router", "tests/api/main.rs", &long),
        ["0: 501 lines, at most 500 are allowed"]
    );
    assert_eq!(
        wrong("router", "tests/api/main.rs", &"\n".repeat(MAX_LINES)),
        Vec::<String>::new()
    );
    assert_eq!(
        wrong("posts", "src/app/utils.rs", ""),
        ["0: `utils` says nothing about what is inside"]
    );
    assert_eq!(
        wrong("posts", "src/helpers/x.rs", ""),
        ["0: `helpers` says nothing about what is inside"]
    );
}
