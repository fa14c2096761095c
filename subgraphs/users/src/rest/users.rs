//! Finding people.

use std::collections::HashSet;

use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
    response::Response,
};
use common::{
    error::{Error, ErrorEnvelope, Violation},
    respond::json,
    rest::{Caller, Faults, Id, NotSignedIn},
};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::user::User;
use crate::{
    app::{App, MAX_LOOKUP},
    domain::UserId,
};

/// How many handles autocomplete offers.
const SUGGESTIONS: i32 = 10;

/// Whom to look for: exactly one of these.
#[derive(Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Search {
    /// A whole handle, in any case.
    username: Option<String>,
    /// Up to 100 ids, separated by commas or in a parameter each.
    #[param(value_type = Option<Vec<uuid::Uuid>>, style = Form, explode = false, min_items = 1, max_items = 100)]
    ids: Option<String>,
    /// The beginning of a handle, in any case. The first ten in alphabetical order are answered. People who block the
    /// caller, or whom the caller blocks, are left out.
    prefix: Option<String>,
}

impl Search {
    /// By hand, because generated clients write lists in both ways, whatever a document says.
    fn read(query: &str) -> Result<Self, Violation> {
        let mut search = Self::default();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let (known, repeats) = match &*name {
                "username" => (&mut search.username, false),
                "ids" => (&mut search.ids, true),
                "prefix" => (&mut search.prefix, false),
                _ => continue,
            };
            match known {
                None => *known = Some(value.into_owned()),
                Some(list) if repeats => {
                    list.push(',');
                    list.push_str(&value);
                }
                Some(_) => {
                    let message = format!("The parameter `{name}` is given more than once.");
                    return Err(Violation::invalid_field(
                        name.into_owned(),
                        "DUPLICATE",
                        message,
                    ));
                }
            }
        }
        Ok(search)
    }
}

/// Who was found.
#[derive(Serialize, ToSchema)]
struct Users {
    items: Vec<User>,
}

/// One user
///
/// Anybody may see them.
#[utoipa::path(
    get, path = "/users/{id}", tag = "users", operation_id = "readUser", security((), ("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "Their id.")),
    responses(
        (status = 200, description = "The user.", body = User),
        (status = 404, description = "`USER_NOT_FOUND`, `NOT_FOUND`.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn read(
    State(app): State<App>,
    _caller: Caller,
    Id(id): Id,
) -> Result<Response, Error> {
    let user = app.user(&id).await?;
    Ok(json(StatusCode::OK, &User::from(user)))
}

/// Users by handle, by ids, or by the beginning of their handle
///
/// Exactly one of the parameters. Whoever does not exist is left out.
#[utoipa::path(
    get, path = "/users", tag = "users", operation_id = "findUsers", security((), ("bearer" = [])),
    params(Search),
    responses(
        (status = 200, description = "Who was found: by ids in their order, otherwise by handle.", body = Users),
        (status = 422, description = "`VALIDATION_FAILED`: not exactly one parameter, or too many or malformed ids.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn find(
    State(app): State<App>,
    Caller(caller): Caller,
    RawQuery(query): RawQuery,
) -> Result<Response, Error> {
    let search = Search::read(&query.unwrap_or_default())?;
    let found = match (search.username, search.ids, search.prefix) {
        (Some(username), None, None) => {
            let found = app.users_by_username(&[username]).await?;
            found.into_values().collect()
        }
        (None, Some(ids), None) => {
            let ids = read_ids(&ids)?;
            let mut found = app.users(&ids).await?;
            ids.iter().filter_map(|id| found.remove(id)).collect()
        }
        (None, None, Some(prefix)) => {
            let viewer = caller.viewer().map(|viewer| UserId::from(viewer.id));
            app.search(viewer, &prefix, SUGGESTIONS).await?
        }
        _ => {
            return Err(Violation::invalid_field(
                "username",
                "NOT_ONE_PARAMETER",
                "Give exactly one of `username`, `ids` and `prefix`.",
            )
            .into());
        }
    };
    let items = found.into_iter().map(User::from).collect();
    Ok(json(StatusCode::OK, &Users { items }))
}

/// The ids of a list, each once.
fn read_ids(list: &str) -> Result<Vec<UserId>, Violation> {
    let (mut seen, mut ids, mut named) = (HashSet::new(), Vec::new(), 0);
    for text in list.split(',').map(str::trim) {
        let id = UserId::parse(text).ok_or_else(|| {
            Violation::invalid_field(
                "ids",
                "MALFORMED",
                "`ids` must be UUIDs, separated by commas.",
            )
        })?;
        named += 1;
        if seen.insert(id) {
            ids.push(id);
        }
    }
    if named > MAX_LOOKUP {
        let message = format!("`ids` has {named} entries; it may have {MAX_LOOKUP} at most.");
        return Err(Violation::invalid_field("ids", "TOO_MANY", message));
    }
    Ok(ids)
}
