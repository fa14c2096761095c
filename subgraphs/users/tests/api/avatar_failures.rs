//! Uploads that end half-way: whichever way they went, no profile names a picture that is not there.

use std::io::Cursor;

use bytes::Bytes;
use common::error::Error;
use image::{DynamicImage, ImageFormat};
use testkit::Log;
use users::{app, domain::UserId};

use crate::world::World;

fn png() -> Bytes {
    let mut file = Cursor::new(Vec::new());
    DynamicImage::new_rgb8(3, 2)
        .write_to(&mut file, ImageFormat::Png)
        .unwrap();
    file.into_inner().into()
}

async fn ada(world: &World) -> UserId {
    world.person("ada").await.id.into()
}

/// The name of the picture that a profile names.
async fn named(world: &World, id: UserId) -> String {
    let url = world.app.own(id).await.unwrap().avatar_url.unwrap();
    url.rsplit('/').next().unwrap().to_owned()
}

fn code(error: app::AppError) -> &'static str {
    match Error::from(error) {
        Error::Violation(violation) => violation.code,
        Error::Fault(fault) => fault.code(),
    }
}

#[tokio::test]
async fn an_upload_is_finished_also_when_its_client_goes_away() {
    let world = World::new().await;
    let ada = ada(&world).await;
    world.app.set_avatar(ada, png()).await.unwrap();
    let before = named(&world, ada).await;
    let meeting = world.album.meet(2);
    let mut upload = Box::pin(world.app.set_avatar(ada, png()));
    tokio::select! {
        _ = &mut upload => panic!("it does not wait for this test"),
        () = world.album.holds(2) => {}
    }
    drop(upload);
    meeting.wait().await;
    world.album.holds(1).await;
    let after = named(&world, ada).await;
    assert_ne!(after, before);
    assert_eq!(world.album.names().await, [after]);
}

#[tokio::test]
async fn an_upload_that_the_database_does_not_take_leaves_nothing() {
    let world = World::new().await;
    let ada = ada(&world).await;
    world.app.set_avatar(ada, png()).await.unwrap();
    let before = named(&world, ada).await;
    world
        .execute("ALTER TABLE users.users ADD CHECK (avatar_url IS NULL) NOT VALID")
        .await;
    let refused = world.app.set_avatar(ada, png()).await.unwrap_err();
    assert_eq!(code(refused), "INTERNAL");
    assert_eq!(named(&world, ada).await, before);
    assert_eq!(world.album.names().await, [before]);
}

#[tokio::test]
async fn a_commit_that_is_not_answered_keeps_the_picture_that_it_may_have_named() {
    let world = World::new().await;
    let ada = ada(&world).await;
    let log = Log::record();
    // Whoever commits a change of an account is cut off while doing it.
    world
        .execute(
            "CREATE FUNCTION users.cut_off() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
             'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
             CREATE CONSTRAINT TRIGGER cut_off AFTER UPDATE ON users.users
             DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION users.cut_off()",
        )
        .await;
    let refused = world.app.set_avatar(ada, png()).await.unwrap_err();
    assert_eq!(code(refused), "SERVICE_UNAVAILABLE");
    assert_eq!(world.album.names().await.len(), 1);
    assert!(
        log.text()
            .contains("an avatar is kept that may be nobody's")
    );
}
