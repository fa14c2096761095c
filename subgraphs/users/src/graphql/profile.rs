use async_graphql::{Context, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use common::graphql::{UserError, payload};

use super::{application, user::User, viewer_id};
use crate::{app::ProfileInput, domain::Change};

/// A field left out stays as it is; null clears it, and blank text does so for name and bio.
#[derive(InputObject)]
pub struct UpdateProfileInput {
    /// The name to show, 100 characters at most.
    display_name: MaybeUndefined<String>,
    /// What the user says about themselves, 300 characters at most.
    bio: MaybeUndefined<String>,
    /// Where a picture is: an absolute http or https URL, 2048 characters at most.
    avatar_url: MaybeUndefined<String>,
}

/// The changed profile, or why it is not changed.
#[derive(SimpleObject)]
pub struct UpdateProfilePayload {
    /// The signed-in user after the change.
    user: Option<User>,
    /// `VALIDATION_FAILED` for each field that is wrong; then nothing is changed.
    user_errors: Vec<UserError>,
}

#[derive(Default)]
pub struct ProfileMutation;

#[Object]
impl ProfileMutation {
    /// Changes the signed-in user's profile.
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to change.")] input: UpdateProfileInput,
    ) -> Result<Option<UpdateProfilePayload>> {
        let viewer = viewer_id(ctx)?;
        let changes = ProfileInput {
            display_name: change(input.display_name),
            bio: change(input.bio),
            avatar_url: change(input.avatar_url),
        };
        let updated = application(ctx)?.update_profile(viewer, changes).await;
        let (user, user_errors) = match payload(updated)? {
            Ok(user) => (Some(User::from(user)), Vec::new()),
            Err(errors) => (None, errors),
        };
        Ok(Some(UpdateProfilePayload { user, user_errors }))
    }
}

fn change<T>(field: MaybeUndefined<T>) -> Change<T> {
    match field {
        MaybeUndefined::Undefined => Change::Keep,
        MaybeUndefined::Null => Change::Clear,
        MaybeUndefined::Value(value) => Change::Set(value),
    }
}
