//! `messaging.instances` and `messaging.presences`: the users with open live streams, by process.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::UserId;

/// Renews the lease of a process for `lease` seconds; returns whether the lease is new, so that no presence is stored.
pub async fn renew(conn: &mut PgConnection, instance: Uuid, lease: f64) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"INSERT INTO messaging.instances (id, expires_at)
           VALUES ($1, clock_timestamp() + make_interval(secs => $2))
           ON CONFLICT ON CONSTRAINT instances_pkey DO UPDATE SET expires_at = EXCLUDED.expires_at
           RETURNING xmax = 0 AS "is_new!""#,
        instance,
        lease,
    )
    .fetch_one(conn)
    .await
}

/// Stores that users are online at a process that has a lease.
pub async fn insert(conn: &mut PgConnection, instance: Uuid, users: &[UserId]) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO messaging.presences (user_id, instance_id)
         SELECT user_id, $1 FROM unnest($2::uuid[]) AS user_id
         ON CONFLICT ON CONSTRAINT presences_pkey DO NOTHING",
        instance,
        users as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Stores that users are no longer online at a process.
pub async fn delete(conn: &mut PgConnection, instance: Uuid, users: &[UserId]) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM messaging.presences WHERE instance_id = $1 AND user_id = ANY($2)",
        instance,
        users as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes a process and its presences.
pub async fn delete_instance(conn: &mut PgConnection, instance: Uuid) -> sqlx::Result<()> {
    sqlx::query!("DELETE FROM messaging.instances WHERE id = $1", instance)
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes the processes whose lease ended at least a minute ago.
pub async fn delete_expired_instances(conn: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!(
        "DELETE FROM messaging.instances WHERE expires_at < clock_timestamp() - interval '1 minute'"
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether users are online, for the users whose presence the viewer may see: the viewer, and the other participants of
/// conversations without a block.
pub async fn online(
    conn: &mut PgConnection,
    viewer: UserId,
    users: &[UserId],
) -> sqlx::Result<Vec<(UserId, bool)>> {
    let rows = sqlx::query!(
        r#"SELECT person.id AS "user_id!: UserId", EXISTS (
               SELECT FROM messaging.presences p
               JOIN messaging.instances i ON i.id = p.instance_id
               WHERE p.user_id = person.id AND i.expires_at > clock_timestamp()
           ) AS "is_online!"
           FROM unnest($2::uuid[]) AS person (id)
           WHERE person.id = $1 OR EXISTS (
               SELECT FROM messaging.conversations c
               WHERE c.low_user_id = least(person.id, $1) AND c.high_user_id = greatest(person.id, $1) AND NOT c.blocked
           )"#,
        viewer as _,
        users as _,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.user_id, row.is_online))
        .collect())
}
