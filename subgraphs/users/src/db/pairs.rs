//! Tables whose rows are pairs of users: follows and blocks.

/// Defines `insert`, `delete` and `among` for `$table`, whose rows are `$Pair { $from, $to }`.
macro_rules! pair_table {
    (
        $Pair:ident, $table:literal, $primary_key:literal,
        $from:ident: $from_column:literal, $to:ident: $to_column:literal
    ) => {
        /// Returns whether the row is new.
        pub async fn insert(
            conn: &mut sqlx::PgConnection,
            pair: $Pair,
            now: common::Timestamp,
        ) -> sqlx::Result<bool> {
            sqlx::query!(
                "INSERT INTO "
                    + $table
                    + " ("
                    + $from_column
                    + ", "
                    + $to_column
                    + ", created_at)
                 VALUES ($1, $2, $3)
                 ON CONFLICT ON CONSTRAINT "
                    + $primary_key
                    + " DO NOTHING",
                pair.$from.as_uuid(),
                pair.$to.as_uuid(),
                now,
            )
            .execute(conn)
            .await
            .map(|done| done.rows_affected() == 1)
        }

        /// Returns whether there was a row.
        pub async fn delete(conn: &mut sqlx::PgConnection, pair: $Pair) -> sqlx::Result<bool> {
            sqlx::query!(
                "DELETE FROM "
                    + $table
                    + " WHERE "
                    + $from_column
                    + " = $1 AND "
                    + $to_column
                    + " = $2",
                pair.$from.as_uuid(),
                pair.$to.as_uuid(),
            )
            .execute(conn)
            .await
            .map(|done| done.rows_affected() == 1)
        }

        /// Returns the pairs that have a row.
        pub async fn among(
            conn: &mut sqlx::PgConnection,
            pairs: &[$Pair],
        ) -> sqlx::Result<std::collections::HashSet<$Pair>> {
            let from: Vec<_> = pairs.iter().map(|pair| pair.$from.as_uuid()).collect();
            let to: Vec<_> = pairs.iter().map(|pair| pair.$to.as_uuid()).collect();
            let rows = sqlx::query!(
                "SELECT "
                    + $from_column
                    + " AS from_id, "
                    + $to_column
                    + " AS to_id
                 FROM "
                    + $table
                    + "
                 JOIN unnest($1::uuid[], $2::uuid[]) AS asked (from_id, to_id)
                     ON "
                    + $from_column
                    + " = asked.from_id AND "
                    + $to_column
                    + " = asked.to_id",
                &from,
                &to,
            )
            .fetch_all(conn)
            .await?;
            let pairs = rows.into_iter().map(|row| $Pair {
                $from: row.from_id,
                $to: row.to_id,
            });
            Ok(pairs.collect())
        }
    };
}

pub(super) use pair_table;
