kit::id!(
    /// The id of a post.
    PostId
);
