use async_graphql::{Context, ID, Subscription};
use common::{error::Error, graphql::viewer};
use futures_util::{Stream, StreamExt, stream};

use super::{mention::Mention, message::Message, user::User};
use crate::{
    app::{
        App,
        live::{Event, LiveStream, Start, Topic},
    },
    domain::UserId,
};

/// Events that are read at once. Each is delivered on its own.
const TOGETHER: usize = 16;

pub struct Subscription;

// Clients come through the router, which asks for events under `common::relay`; this is for whoever uses the subgraph alone.
/// What comes as it happens.
#[Subscription]
impl Subscription {
    /// Messages in the viewer's conversations, or in one of them, the viewer's own included: in the order of each
    /// conversation, each at least once. `after` first replays what came later than that message.
    async fn message_received(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only messages of this conversation.")] conversation_id: Option<ID>,
        #[graphql(desc = "The id of the last message that the client has.")] after: Option<ID>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Message>>> {
        let topic = Topic::Messages {
            conversation: conversation_id.map(|id| id.0),
        };
        let (app, viewer, stream) = follow(ctx, topic, after).await?;
        Ok(each(stream, move |events| {
            let app = app.clone();
            async move {
                let found = app.messages_in_order(viewer, &events).await?;
                Ok(found.into_iter().map(Message).collect())
            }
        }))
    }

    /// Messages that name the viewer by handle and that the viewer may read. `after` first replays what came later than
    /// that mention.
    async fn mention_received(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of the last mention that the client has.")] after: Option<ID>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Mention>>> {
        let (app, viewer, stream) = follow(ctx, Topic::Mentions, after).await?;
        Ok(each(stream, move |events| {
            let app = app.clone();
            async move {
                let found = app.mentions_in_order(viewer, &events).await?;
                Ok(found.into_iter().map(Mention).collect())
            }
        }))
    }

    /// Whoever else types in a conversation of the viewer, at the moment of the event and for some seconds after it. Not
    /// stored: what a client does not hear at once it does not hear.
    async fn typing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The conversation.")] conversation_id: ID,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<User>>> {
        let topic = Topic::Typing {
            conversation: conversation_id.0,
        };
        let (_, _, stream) = follow(ctx, topic, None).await?;
        Ok(each(stream, |events| async move {
            let people = events.into_iter().filter_map(Event::typing);
            Ok(people.map(User).collect())
        }))
    }
}

async fn follow(
    ctx: &Context<'_>,
    topic: Topic,
    after: Option<ID>,
) -> async_graphql::Result<(App, UserId, LiveStream)> {
    let viewer = viewer(ctx)?;
    let app = ctx.data::<App>()?;
    let start = after.map_or(Start::Now, |id| Start::After(id.0));
    let stream = app.follow(viewer, topic, start).await;
    Ok((app.clone(), UserId(viewer.id), stream.map_err(Error::from)?))
}

/// What `load` makes of the events, until the first error, which is the last item.
fn each<T, F>(
    stream: LiveStream,
    load: impl Fn(Vec<Event>) -> F,
) -> impl Stream<Item = async_graphql::Result<T>>
where
    F: Future<Output = Result<Vec<T>, Error>>,
{
    let batches = stream::unfold(Some((stream, load)), |open| async move {
        let (mut stream, load) = open?;
        let batch = match stream.next(TOGETHER).await {
            Ok(events) => load(events).await,
            Err(error) => Err(error.into()),
        };
        Some(match batch {
            Ok(items) => (items.into_iter().map(Ok).collect(), Some((stream, load))),
            Err(error) => (vec![Err(async_graphql::Error::from(error))], None),
        })
    });
    batches.flat_map(stream::iter::<Vec<async_graphql::Result<T>>>)
}
