//! The load: one transaction, triggers off, indexes made afterwards.

use std::{sync::Arc, time::Instant};

use sqlx::{Connection, Executor, PgConnection};
use uuid::Uuid;

use super::{
    copy::copy,
    follows::followees,
    manifest::Manifest,
    people::{self, DAY, PASSWORD_HASH, person, up_to},
    posts::Post,
    progress::Progress,
    random::{Random, Stream},
    schema,
    shape::{Shape, UNTIL, Viewer},
    text::Corpus,
};
use crate::{
    database::Database,
    failure::{Failure, Result},
};

/// What the tables are made from.
struct Source {
    shape: Shape,
    ids: Vec<Uuid>,
    viewers: Vec<Viewer>,
}

impl Source {
    fn id(&self, number: u64) -> Result<Uuid> {
        usize::try_from(number)
            .ok()
            .and_then(|number| self.ids.get(number).copied())
            .ok_or_else(|| Failure::new(format!("nobody has the number {number}")))
    }
}

/// Fills the tables of a migrated database.
pub async fn load(database: &Database, shape: &Shape) -> Result<Manifest> {
    let mut conn = PgConnection::connect(database.admin_url()).await?;
    let before = schema::description(&mut conn).await?;
    // Neither triggers nor foreign keys: what is loaded is consistent by itself.
    conn.execute("SET session_replication_role = replica; BEGIN")
        .await?;
    conn.execute("TRUNCATE users.users, posts.posts CASCADE")
        .await?;
    let dropped = schema::drop_indexes(&mut conn).await?;
    let source = Arc::new(Source {
        shape: shape.clone(),
        ids: people::ids(shape),
        viewers: shape.viewers(),
    });
    let people = load_people(&mut conn, &source).await?;
    let follows = load_follows(&mut conn, &source).await?;
    let posts = load_posts(&mut conn, &source).await?;
    let likes = load_likes(&mut conn, &source).await?;
    let begin = Instant::now();
    dropped.restore(&mut conn).await?;
    conn.execute("COMMIT").await?;
    conn.execute("RESET session_replication_role").await?;
    println!("indexes: {:.0} s", begin.elapsed().as_secs_f64());
    schema::compare(&before, &schema::description(&mut conn).await?)?;
    let begin = Instant::now();
    schema::vacuum(&mut conn).await?;
    println!("vacuum: {:.0} s", begin.elapsed().as_secs_f64());
    conn.close().await?;
    Ok(Manifest {
        shape: shape.clone(),
        people,
        posts,
        likes,
        follows,
    })
}

fn done(table: &str, rows: u64, begin: Instant) -> u64 {
    println!(
        "{table}: {rows} rows in {:.0} s",
        begin.elapsed().as_secs_f64()
    );
    rows
}

async fn load_people(conn: &mut PgConnection, source: &Arc<Source>) -> Result<u64> {
    const TABLE: &str = "users.users";
    let columns = [
        "id",
        "email",
        "username",
        "password_hash",
        "display_name",
        "avatar_url",
        "email_verified_at",
        "created_at",
        "follower_count",
        "followee_count",
        "followees_version",
    ];
    let (begin, source) = (Instant::now(), source.clone());
    let bar = Progress::new(TABLE, source.shape.people());
    let rows = copy(conn, TABLE, &columns, bar, move |rows| {
        let people = source.shape.people();
        let mut followed = vec![0_u64; source.ids.len()];
        let mut counts = Vec::with_capacity(source.ids.len());
        for number in 0..people {
            let followees = followees(&source.shape, &source.viewers, number);
            for followee in &followees {
                if let Some(count) = followed.get_mut(*followee as usize) {
                    *count += 1;
                }
            }
            counts.push(followees.len() as u64);
        }
        for ((number, followers), followees) in (0..people).zip(followed).zip(counts) {
            let person = person(&source.shape, number);
            rows.row()?
                .uuid(person.id)
                .text(&format!("{}@example.com", person.username))
                .text(&person.username)
                .text(PASSWORD_HASH)
                .optional_text(person.display_name.as_deref())
                .optional_text(person.avatar_url.as_deref())
                .time(person.created_at + DAY)
                .time(person.created_at)
                .int(followers)
                .int(followees)
                .bigint(followees);
        }
        Ok(())
    })
    .await?;
    Ok(done(TABLE, rows, begin))
}

async fn load_follows(conn: &mut PgConnection, source: &Arc<Source>) -> Result<u64> {
    const TABLE: &str = "users.follows";
    let (begin, source) = (Instant::now(), source.clone());
    // About 20 of each; the exact number is known when they are there.
    let bar = Progress::new(TABLE, source.shape.people() * 20);
    let rows = copy(
        conn,
        TABLE,
        &["follower_id", "followee_id", "created_at"],
        bar,
        move |rows| {
            for number in 0..source.shape.people() {
                let mut random = Random::of(source.shape.seed, Stream::Follows, !number);
                for followee in followees(&source.shape, &source.viewers, number) {
                    rows.row()?
                        .uuid(source.id(number)?)
                        .uuid(source.id(u64::from(followee))?)
                        .time(UNTIL - up_to(&mut random, 720 * DAY));
                }
            }
            Ok(())
        },
    )
    .await?;
    Ok(done(TABLE, rows, begin))
}

async fn load_posts(conn: &mut PgConnection, source: &Arc<Source>) -> Result<u64> {
    const TABLE: &str = "posts.posts";
    let (begin, source) = (Instant::now(), source.clone());
    let bar = Progress::new(TABLE, source.shape.all_posts());
    let columns = ["id", "author_id", "text", "like_count", "created_at"];
    let rows = copy(conn, TABLE, &columns, bar, move |rows| {
        let corpus = Corpus::of(source.shape.seed);
        for number in 0..source.shape.all_posts() {
            let mut post = Post::of(&source.shape, number);
            rows.row()?
                .uuid(post.id)
                .uuid(source.id(post.author)?)
                .text(post.text(&corpus))
                .int(post.likes)
                .time(post.created_at);
        }
        Ok(())
    })
    .await?;
    Ok(done(TABLE, rows, begin))
}

async fn load_likes(conn: &mut PgConnection, source: &Arc<Source>) -> Result<u64> {
    const TABLE: &str = "posts.likes";
    let (begin, source) = (Instant::now(), source.clone());
    let bar = Progress::new(TABLE, source.shape.all_posts() / 5);
    let rows = copy(
        conn,
        TABLE,
        &["post_id", "user_id", "created_at"],
        bar,
        move |rows| {
            for number in 0..source.shape.all_posts() {
                let post = Post::of(&source.shape, number);
                for (person, at) in post.likers(&source.shape, number) {
                    rows.row()?.uuid(post.id).uuid(source.id(person)?).time(at);
                }
            }
            Ok(())
        },
    )
    .await?;
    Ok(done(TABLE, rows, begin))
}
