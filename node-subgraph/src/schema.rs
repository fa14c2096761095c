//! The GraphQL schema: an interface, one field, and references to what the contexts own.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Context, EmptyMutation, EmptySubscription, ID, Interface, Object, Request, Response,
    SDLExportOptions, Schema, SchemaBuilder, SimpleObject,
    dataloader::{DataLoader, Loader},
};
use common::{
    error::{Error, Fault},
    graphql::{with_limits, with_loader},
};
use uuid::Uuid;

use crate::kind::{Kind, KindLookup, KindResult};

pub type NodeSchema = Schema<Query, EmptyMutation, EmptySubscription>;

fn builder() -> SchemaBuilder<Query, EmptyMutation, EmptySubscription> {
    with_limits(Schema::build(Query, EmptyMutation, EmptySubscription)).enable_federation()
}

/// The schema that answers.
pub fn schema() -> NodeSchema {
    builder().finish()
}

/// The schema as text, with its federation directives.
pub fn sdl() -> String {
    schema().sdl_with_options(SDLExportOptions::new().federation().compose_directive())
}

/// Answers a request. All ids in it are found out about at once.
pub async fn execute(
    schema: &NodeSchema,
    request: Request,
    kinds: Box<dyn KindLookup>,
) -> Response {
    schema.execute(with_loader(request, Reader(kinds))).await
}

struct Reader(Box<dyn KindLookup>);

impl Loader<Uuid> for Reader {
    type Value = KindResult;
    type Error = Arc<Fault>;

    async fn load(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, KindResult>, Arc<Fault>> {
        Ok(self.0.find(ids).await)
    }
}

pub struct Query;

#[Object]
impl Query {
    /// Anything by its id, whatever it is of; null when there is nothing by that id that the viewer may see.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> async_graphql::Result<Option<Node>> {
        let Ok(id) = Uuid::try_parse(&id) else {
            return Ok(None);
        };
        let found = ctx
            .data::<DataLoader<Reader>>()?
            .load_one(id)
            .await
            .map_err(shared)?;
        let kind = found.transpose().map_err(shared)?.flatten();
        Ok(kind.map(|kind| Node::new(kind, id)))
    }
}

/// A fault that every waiting field is told of.
fn shared(fault: Arc<Fault>) -> Error {
    Fault::shared(fault).into()
}

/// Something that has an id of its own, by which `node` finds it again.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "&ID", desc = "Its id, for ever."))]
pub enum Node {
    User(User),
    Post(Post),
    Conversation(Conversation),
    Message(Message),
    Mention(Mention),
}

impl Node {
    fn new(kind: Kind, id: Uuid) -> Self {
        // In the one spelling that the contexts use, however it was asked for.
        let id = ID::from(id);
        match kind {
            Kind::User => Self::User(User { id }),
            Kind::Post => Self::Post(Post { id }),
            Kind::Conversation => Self::Conversation(Conversation { id }),
            Kind::Message => Self::Message(Message { id }),
            Kind::Mention => Self::Mention(Mention { id }),
        }
    }
}

// References. None has a description: composition would show it to clients as that of the type.

#[derive(SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct User {
    id: ID,
}

#[derive(SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct Post {
    id: ID,
}

#[derive(SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct Conversation {
    id: ID,
}

#[derive(SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct Message {
    id: ID,
}

#[derive(SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct Mention {
    id: ID,
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_graphql::Variables;
    use futures_util::future::BoxFuture;
    use serde_json::{Value, json};

    use super::*;

    /// Knows what `ids` says, and writes down what it was asked.
    #[derive(Clone, Default)]
    struct Known {
        ids: HashMap<Uuid, Kind>,
        broken: Option<Uuid>,
        asked: Arc<Mutex<Vec<Vec<Uuid>>>>,
    }

    impl KindLookup for Known {
        fn find<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, HashMap<Uuid, KindResult>> {
            self.asked.lock().unwrap().push(ids.to_vec());
            let found = ids
                .iter()
                .filter_map(|id| {
                    if self.broken == Some(*id) {
                        return Some((*id, Err(Arc::new(Fault::unavailable("down")))));
                    }
                    Some((*id, Ok(Some(*self.ids.get(id)?))))
                })
                .collect();
            Box::pin(async move { found })
        }
    }

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    async fn answer(known: &Known, query: &str, variables: Value) -> Value {
        let request = Request::new(query).variables(Variables::from_json(variables));
        let response = execute(&schema(), request, Box::new(known.clone())).await;
        serde_json::to_value(response).unwrap()
    }

    const NODE: &str = "query($id: ID!) { node(id: $id) { __typename id } }";

    #[tokio::test]
    async fn every_kind_has_a_type_of_its_own() {
        for kind in Kind::ALL {
            let known = Known {
                ids: [(id(1), kind)].into(),
                ..Known::default()
            };
            let answer = answer(&known, NODE, json!({ "id": id(1) })).await;
            let expected = json!({ "__typename": kind.type_name(), "id": id(1) });
            assert_eq!(answer["data"]["node"], expected);
        }
    }

    #[tokio::test]
    async fn what_is_nothings_id_is_null_and_what_is_no_id_is_not_asked_about() {
        let known = Known::default();
        let unknown = answer(&known, NODE, json!({ "id": id(1) })).await;
        assert_eq!(unknown, json!({ "data": { "node": null } }));
        assert_eq!(*known.asked.lock().unwrap(), [[id(1)]]);
        let none = answer(&known, NODE, json!({ "id": "VXNlcjox" })).await;
        assert_eq!(none, json!({ "data": { "node": null } }));
        assert_eq!(known.asked.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn an_id_is_answered_in_the_spelling_of_the_contexts() {
        let known = Known {
            ids: [(id(0xabc), Kind::Post)].into(),
            ..Known::default()
        };
        let other = id(0xabc).to_string().to_uppercase();
        let answer = answer(&known, NODE, json!({ "id": other })).await;
        assert_eq!(answer["data"]["node"]["id"], json!(id(0xabc)));
    }

    #[tokio::test]
    async fn all_ids_of_a_request_are_asked_about_at_once_and_one_that_fails_costs_itself() {
        let known = Known {
            ids: [(id(1), Kind::User), (id(2), Kind::Post)].into(),
            broken: Some(id(3)),
            ..Known::default()
        };
        let query = format!(
            "{{ a: node(id: \"{}\") {{ id }} b: node(id: \"{}\") {{ id }} c: node(id: \"{}\") {{ id }} }}",
            id(1),
            id(2),
            id(3)
        );
        let answer = answer(&known, &query, json!({})).await;
        let expected = json!({ "a": { "id": id(1) }, "b": { "id": id(2) }, "c": null });
        assert_eq!(answer["data"], expected);
        assert_eq!(answer["errors"][0]["path"], json!(["c"]));
        assert_eq!(
            answer["errors"][0]["extensions"]["code"],
            "SERVICE_UNAVAILABLE"
        );
        let asked = known.asked.lock().unwrap();
        assert_eq!((asked.len(), asked[0].len()), (1, 3));
    }

    #[test]
    fn it_refers_to_what_the_contexts_own_and_describes_none_of_it() {
        let sdl = format!("\n{}", sdl());
        for kind in Kind::ALL {
            let reference = format!(
                "\ntype {} implements Node @key(fields: \"id\", resolvable: false) {{\n\tid: ID!\n}}\n",
                kind.type_name()
            );
            let (before, _) = sdl
                .split_once(&reference)
                .unwrap_or_else(|| panic!("no {reference} in\n{sdl}"));
            assert!(!before.trim_end().ends_with("\"\"\""), "{reference}");
        }
    }
}
