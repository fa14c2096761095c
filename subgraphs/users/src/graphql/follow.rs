use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use common::graphql::{UserError, payload};

use super::{application, user::User, viewer_id};

/// Whom to follow.
#[derive(InputObject)]
pub struct FollowUserInput {
    /// The id of somebody else.
    user_id: ID,
}

/// Who is followed now, or why nobody is.
#[derive(SimpleObject)]
pub struct FollowUserPayload {
    /// The user with the new count of followers.
    user: Option<User>,
    /// `USER_NOT_FOUND` or `CANNOT_FOLLOW_SELF`.
    user_errors: Vec<UserError>,
}

/// Whom to follow no longer.
#[derive(InputObject)]
pub struct UnfollowUserInput {
    /// The id of a user.
    user_id: ID,
}

/// Who is not followed any more, or why nothing changed.
#[derive(SimpleObject)]
pub struct UnfollowUserPayload {
    /// The user with the new count of followers.
    user: Option<User>,
    /// `USER_NOT_FOUND`.
    user_errors: Vec<UserError>,
}

#[derive(Default)]
pub struct FollowMutation;

#[Object]
impl FollowMutation {
    /// Makes the signed-in user follow somebody. Doing so again changes nothing. `FORBIDDEN` among the top-level errors while
    /// one of the two blocks the other.
    async fn follow_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: FollowUserInput,
    ) -> Result<Option<FollowUserPayload>> {
        let viewer = viewer_id(ctx)?;
        let followed = application(ctx)?.follow(viewer, &input.user_id).await;
        let (user, user_errors) = match payload(followed)? {
            Ok(followed) => (Some(User::from(followed.user)), Vec::new()),
            Err(errors) => (None, errors),
        };
        Ok(Some(FollowUserPayload { user, user_errors }))
    }

    /// Makes the signed-in user follow somebody no longer. Doing so again changes nothing.
    async fn unfollow_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: UnfollowUserInput,
    ) -> Result<Option<UnfollowUserPayload>> {
        let viewer = viewer_id(ctx)?;
        let unfollowed = application(ctx)?.unfollow(viewer, &input.user_id).await;
        let (user, user_errors) = match payload(unfollowed)? {
            Ok(user) => (Some(User::from(user)), Vec::new()),
            Err(errors) => (None, errors),
        };
        Ok(Some(UnfollowUserPayload { user, user_errors }))
    }
}
