//! Pictures of people: what is stored, what a profile says of it, and what is deleted.

use std::io::Cursor;

use bytes::Bytes;
use common::error::Error;
use image::{DynamicImage, ImageFormat};
use testkit::Log;
use tracing::Level;
use users::{
    app::ProfileInput,
    domain::{Change, UserId},
};
use uuid::Uuid;

use crate::world::{Person, World};

fn png() -> Bytes {
    let mut file = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(3, 2)
        .write_to(&mut file, ImageFormat::Png)
        .unwrap();
    file.into_inner().into()
}

fn id(person: &Person) -> UserId {
    person.id.into()
}

/// The address of the picture that somebody uploads.
async fn upload(world: &World, person: &Person) -> String {
    let user = world.app.set_avatar(id(person), png()).await.unwrap();
    user.avatar_url.unwrap()
}

/// Sets, or with null clears, the address in somebody's profile.
async fn point(world: &World, person: &Person, url: Option<&str>) {
    let input = ProfileInput {
        display_name: Change::Keep,
        bio: Change::Keep,
        avatar_url: url.map_or(Change::Clear, |url| Change::Set(url.to_owned())),
    };
    world.app.update_profile(id(person), input).await.unwrap();
}

/// The address in somebody's profile.
async fn shown(world: &World, person: &Person) -> Option<String> {
    world.app.own(id(person)).await.unwrap().avatar_url
}

/// The name at the end of an address.
fn name(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

fn code(error: impl Into<Error>) -> String {
    match error.into() {
        Error::Violation(violation) => violation.code.to_owned(),
        Error::Fault(fault) => fault.code().to_owned(),
    }
}

#[tokio::test]
async fn a_picture_is_stored_and_the_one_before_it_deleted() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let first = upload(&world, &ada).await;
    assert!(first.contains("/api/users/avatars/"), "{first}");
    assert_eq!(world.album.names().await, [name(&first)]);
    let second = upload(&world, &ada).await;
    assert_ne!(first, second, "an address never shows anything else");
    assert_eq!(world.album.names().await, [name(&second)]);
    assert_eq!(shown(&world, &ada).await, Some(second.clone()));
    let picture = world.app.avatar(name(&second)).await.unwrap().unwrap();
    assert_eq!(picture.media_type, "image/jpeg");
    assert_eq!(world.app.avatar(name(&first)).await.unwrap(), None);
}

#[tokio::test]
async fn of_two_uploads_at_once_both_succeed_and_one_picture_is_left() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    world.album.meet(2);
    let (one, other) = tokio::join!(
        world.app.set_avatar(id(&ada), png()),
        world.app.set_avatar(id(&ada), png())
    );
    let uploaded = [one, other].map(|user| user.unwrap().avatar_url.unwrap());
    let shown = shown(&world, &ada).await.unwrap();
    assert!(uploaded.contains(&shown));
    assert_eq!(world.album.names().await, [name(&shown)]);
}

#[tokio::test]
async fn a_picture_that_a_profile_no_longer_names_is_deleted() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    for url in [None, Some("https://example.com/ada.png")] {
        upload(&world, &ada).await;
        point(&world, &ada, url).await;
        assert_eq!(shown(&world, &ada).await.as_deref(), url);
        assert_eq!(world.album.names().await, [""; 0]);
    }
    // Wherever it is, it can be taken away, and again.
    for _ in 0..2 {
        let user = world.app.remove_avatar(id(&ada)).await.unwrap();
        assert_eq!(user.avatar_url, None);
    }
    let stored = upload(&world, &ada).await;
    point(&world, &ada, Some(&stored)).await;
    assert_eq!(
        world.album.names().await,
        [name(&stored)],
        "it names it still"
    );
    world.app.remove_avatar(id(&ada)).await.unwrap();
    assert_eq!(world.album.names().await, [""; 0]);
}

#[tokio::test]
async fn nobody_deletes_the_picture_of_somebody_else() {
    let world = World::new().await;
    let (ada, eve) = (world.person("ada").await, world.person("eve").await);
    let picture = upload(&world, &ada).await;
    point(&world, &eve, Some(&picture)).await;
    point(&world, &eve, None).await;
    point(&world, &eve, Some(&picture)).await;
    upload(&world, &eve).await;
    world.app.remove_avatar(id(&eve)).await.unwrap();
    assert_eq!(world.album.names().await, [name(&picture)]);
}

#[tokio::test]
async fn while_nothing_can_be_stored_nothing_changes() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let before = upload(&world, &ada).await;
    world.album.break_put();
    let refused = world.app.set_avatar(id(&ada), png()).await.unwrap_err();
    assert_eq!(code(refused), "SERVICE_UNAVAILABLE");
    assert_eq!(shown(&world, &ada).await, Some(before.clone()));
    world.album.break_get();
    let unread = world.app.avatar(name(&before)).await.unwrap_err();
    assert_eq!(code(unread), "SERVICE_UNAVAILABLE");
}

#[tokio::test]
async fn a_picture_that_cannot_be_deleted_stays_and_the_log_says_so() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let first = upload(&world, &ada).await;
    world.album.break_delete();
    let log = Log::record();
    let second = upload(&world, &ada).await;
    assert_eq!(shown(&world, &ada).await, Some(second.clone()));
    let mut warnings = log.lines("users::app");
    warnings.retain(|line| line.level == Level::WARN);
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].fields["avatar"], name(&first));
    assert_eq!(world.album.names().await.len(), 2);
}

#[tokio::test]
async fn a_picture_of_nobody_is_not_kept() {
    let world = World::new().await;
    let gone = Uuid::from_u128(7);
    let refused = world.app.set_avatar(gone.into(), png()).await.unwrap_err();
    assert_eq!(code(refused), "UNAUTHENTICATED");
    assert_eq!(world.album.names().await, [""; 0]);
}

#[tokio::test]
async fn what_is_no_picture_is_refused_before_anything_is_stored() {
    let world = World::new().await;
    let ada = world.person("ada").await;
    let mut large = png().to_vec();
    large.resize(2 * 1024 * 1024 + 1, 0);
    for (data, expected) in [
        (b"GIF89a".to_vec(), "AVATAR_UNSUPPORTED_TYPE"),
        (png()[..20].to_vec(), "AVATAR_UNSUPPORTED_TYPE"),
        (large, "AVATAR_TOO_LARGE"),
    ] {
        let refused = world
            .app
            .set_avatar(id(&ada), data.into())
            .await
            .unwrap_err();
        assert_eq!(code(refused), expected);
    }
    assert_eq!(world.album.names().await, [""; 0]);
}
