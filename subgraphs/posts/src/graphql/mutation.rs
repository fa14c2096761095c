use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use common::graphql::{UserError, payload, viewer};

use super::post::Post;
use crate::{
    app::{App, AppError},
    domain::{self, PostId},
};

/// What a new post says.
#[derive(InputObject)]
pub struct CreatePostInput {
    /// 1 to 280 characters (Unicode scalar values) after trimming.
    text: String,
}

/// Which post is to say what.
#[derive(InputObject)]
pub struct EditPostInput {
    /// The viewer's post.
    post_id: ID,
    /// 1 to 280 characters (Unicode scalar values) after trimming.
    text: String,
}

/// Which post is to be deleted.
#[derive(InputObject)]
pub struct DeletePostInput {
    /// The viewer's post, or a moderator's choice.
    post_id: ID,
}

/// Which post the viewer likes.
#[derive(InputObject)]
pub struct LikePostInput {
    /// The post.
    post_id: ID,
}

/// Which post the viewer does not like any more.
#[derive(InputObject)]
pub struct UnlikePostInput {
    /// The post.
    post_id: ID,
}

macro_rules! post_payload {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            /// The post as it is now; null when the input was refused.
            post: Option<Post>,
            /// Why the input was refused; empty when it was not.
            user_errors: Vec<UserError>,
        }

        impl $name {
            fn of(result: Result<domain::Post, AppError>) -> async_graphql::Result<Self> {
                Ok(match payload(result)? {
                    Ok(post) => Self { post: Some(Post(post)), user_errors: Vec::new() },
                    Err(user_errors) => Self { post: None, user_errors },
                })
            }
        }
    };
}

post_payload!(
    /// The outcome of writing a post.
    CreatePostPayload
);
post_payload!(
    /// The outcome of editing a post.
    EditPostPayload
);
post_payload!(
    /// The outcome of liking a post.
    LikePostPayload
);
post_payload!(
    /// The outcome of taking a like back.
    UnlikePostPayload
);

/// The outcome of deleting a post.
#[derive(SimpleObject)]
pub struct DeletePostPayload {
    /// The id of the post that is no more; null when the input was refused.
    deleted_post_id: Option<ID>,
    /// Why the input was refused; empty when it was not.
    user_errors: Vec<UserError>,
}

pub struct Mutation;

#[Object]
impl Mutation {
    /// Writes a post. Codes: `POST_TEXT_REQUIRED`, `POST_TEXT_TOO_LONG`, `VALIDATION_FAILED`.
    async fn create_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it says.")] input: CreatePostInput,
    ) -> async_graphql::Result<Option<CreatePostPayload>> {
        let viewer = viewer(ctx)?.id.into();
        let created = ctx.data::<App>()?.create_post(viewer, &input.text).await;
        CreatePostPayload::of(created).map(Some)
    }

    /// Gives a post of the viewer another text. Its place in the timelines stays. Codes: as for `createPost`, and
    /// `POST_NOT_FOUND`; `NOT_POST_AUTHOR` among the top-level errors.
    async fn edit_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which post, and what it is to say.")] input: EditPostInput,
    ) -> async_graphql::Result<Option<EditPostPayload>> {
        let viewer = viewer(ctx)?;
        let edited = match post_id(&input.post_id) {
            Ok(id) => ctx.data::<App>()?.edit_post(viewer, id, &input.text).await,
            Err(error) => Err(error),
        };
        EditPostPayload::of(edited).map(Some)
    }

    /// Deletes a post of the viewer with its likes; a moderator deletes posts of others too. Codes: `POST_NOT_FOUND`;
    /// `NOT_POST_AUTHOR` among the top-level errors.
    async fn delete_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which post.")] input: DeletePostInput,
    ) -> async_graphql::Result<Option<DeletePostPayload>> {
        let viewer = viewer(ctx)?;
        let deleted = match post_id(&input.post_id) {
            Ok(id) => ctx
                .data::<App>()?
                .delete_post(viewer, id)
                .await
                .map(|()| id),
            Err(error) => Err(error),
        };
        Ok(Some(match payload(deleted)? {
            Ok(id) => DeletePostPayload {
                deleted_post_id: Some(id.as_uuid().into()),
                user_errors: Vec::new(),
            },
            Err(user_errors) => DeletePostPayload {
                deleted_post_id: None,
                user_errors,
            },
        }))
    }

    /// Likes a post; liking it again changes nothing. Codes: `POST_NOT_FOUND`.
    async fn like_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which post.")] input: LikePostInput,
    ) -> async_graphql::Result<Option<LikePostPayload>> {
        let viewer = viewer(ctx)?.id.into();
        let liked = match post_id(&input.post_id) {
            Ok(id) => ctx.data::<App>()?.like_post(viewer, id).await,
            Err(error) => Err(error),
        };
        LikePostPayload::of(liked).map(Some)
    }

    /// Takes a like back; without one nothing changes. Codes: `POST_NOT_FOUND`.
    async fn unlike_post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which post.")] input: UnlikePostInput,
    ) -> async_graphql::Result<Option<UnlikePostPayload>> {
        let viewer = viewer(ctx)?.id.into();
        let unliked = match post_id(&input.post_id) {
            Ok(id) => ctx.data::<App>()?.unlike_post(viewer, id).await,
            Err(error) => Err(error),
        };
        UnlikePostPayload::of(unliked).map(Some)
    }
}

/// The id of a post that a client wrote. What is no id is no post's.
fn post_id(id: &ID) -> Result<PostId, AppError> {
    PostId::parse(id).ok_or(AppError::PostNotFound)
}
