//! The columns of a [`User`](crate::domain::User), written once: the macros below complete statements with them at
//! compile time, so that `sqlx` still checks each whole statement.

use common::page::Keyset;

use crate::domain::{User, UserId};

/// A person in a list of followers, followees or blocked accounts.
pub struct ListEntry {
    /// The owner of the list.
    pub list_of: UserId,
    pub place: Keyset,
    pub user: User,
}

/// A checked query for users: `$before`, the columns of a user, `$after`. The second form makes something else of each
/// row and its user.
macro_rules! query_users {
    ($before:literal, $after:literal, $($argument:expr),+ $(,)?) => {
        query_users!(|row, user| user; [$before], [$after], $($argument),+)
    };
    (|$row:ident, $user:ident| $output:expr; [$($before:tt)+], [$($after:tt)+], $($argument:expr),+) => {
        sqlx::query!(
            $($before)+
                + " id, email, username, display_name, bio, avatar_url, roles, created_at, follower_count, followee_count "
                + $($after)+,
            $($argument),+
        )
        .map(|$row| {
            let $user = crate::domain::User {
                id: $row.id,
                email: $row.email,
                username: $row.username,
                display_name: $row.display_name,
                bio: $row.bio,
                avatar_url: $row.avatar_url,
                roles: $row.roles,
                created_at: $row.created_at,
                follower_count: $row.follower_count,
                followee_count: $row.followee_count,
            };
            $output
        })
    };
}

/// A checked query for one page of each of several lists of people, newest first. A list has a row of `$table` for each
/// person: `$owner` holds the id of the list's owner, `$member` the id of the person.
///
/// A first page starts after a time and an id later than any, so that it has the same plan as the pages after it.
macro_rules! query_list {
    ($table:literal, $owner:literal, $member:literal, $owners:expr, $window:expr) => {
        crate::db::people::query_users!(
            |row, user| crate::db::people::ListEntry {
                list_of: row.list_of,
                place: common::page::Keyset {
                    at: row.listed_at,
                    id: user.id.as_uuid(),
                },
                user,
            };
            ["SELECT list_of, listed_at,"],
            ["FROM unnest($1::uuid[]) AS list (owner_id)
              CROSS JOIN LATERAL (
                  SELECT " + $owner + " AS list_of, created_at AS listed_at, " + $member + " AS member_id
                  FROM " + $table + "
                  WHERE " + $owner + " = list.owner_id
                    AND (created_at, " + $member + ")
                        < (COALESCE($2::timestamptz, 'infinity'),
                           COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
                  ORDER BY created_at DESC, " + $member + " DESC
                  LIMIT $4 OFFSET $5
              ) AS page
              JOIN users.users ON id = member_id
              ORDER BY list_of, listed_at DESC, member_id DESC"],
            &crate::db::types::uuids($owners),
            $window.after.map(|place| place.at),
            $window.after.map(|place| place.id),
            $window.fetch(),
            $window.skip()
        )
    };
}

pub(super) use {query_list, query_users};
