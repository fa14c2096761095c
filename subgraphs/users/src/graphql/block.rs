use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use common::graphql::{UserError, payload};

use super::{application, user::User, viewer_id};

/// Whom to block.
#[derive(InputObject)]
pub struct BlockUserInput {
    /// The id of somebody else.
    user_id: ID,
}

/// Who is blocked now, or why nobody is.
#[derive(SimpleObject)]
pub struct BlockUserPayload {
    /// The user, with the counts as they are without the follows between the two.
    user: Option<User>,
    /// `USER_NOT_FOUND` or `CANNOT_BLOCK_SELF`.
    user_errors: Vec<UserError>,
}

/// Whom to block no longer.
#[derive(InputObject)]
pub struct UnblockUserInput {
    /// The id of a user.
    user_id: ID,
}

/// Who is not blocked any more, or why nothing changed.
#[derive(SimpleObject)]
pub struct UnblockUserPayload {
    /// The user.
    user: Option<User>,
    /// `USER_NOT_FOUND`.
    user_errors: Vec<UserError>,
}

#[derive(Default)]
pub struct BlockMutation;

#[Object]
impl BlockMutation {
    /// Makes the signed-in user block somebody: from now on neither follows the other, finds the other by autocomplete, or
    /// can write to the other, and follows between the two are gone. Doing so again changes nothing.
    async fn block_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: BlockUserInput,
    ) -> Result<Option<BlockUserPayload>> {
        let viewer = viewer_id(ctx)?;
        let blocked = application(ctx)?.block(viewer, &input.user_id).await;
        let (user, user_errors) = match payload(blocked)? {
            Ok(blocked) => (Some(User::from(blocked.user)), Vec::new()),
            Err(errors) => (None, errors),
        };
        Ok(Some(BlockUserPayload { user, user_errors }))
    }

    /// Makes the signed-in user block somebody no longer. Follows do not come back. Doing so again changes nothing.
    async fn unblock_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom.")] input: UnblockUserInput,
    ) -> Result<Option<UnblockUserPayload>> {
        let viewer = viewer_id(ctx)?;
        let unblocked = application(ctx)?.unblock(viewer, &input.user_id).await;
        let (user, user_errors) = match payload(unblocked)? {
            Ok(user) => (Some(User::from(user)), Vec::new()),
            Err(errors) => (None, errors),
        };
        Ok(Some(UnblockUserPayload { user, user_errors }))
    }
}
