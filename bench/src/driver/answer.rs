//! What an answer has to look like.

use http::StatusCode;
use serde::{Deserialize, de::IgnoredAny};
use uuid::Uuid;

/// How many posts a page has.
pub const PAGE: usize = 20;

/// The protocol of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `timeline` of the graph; a service alone knows the ids of authors and not who they are.
    Graph { names: bool },
    /// `GET /feed`.
    Rest,
    /// The opponent's page: the connection of the graph, without what GraphQL puts around it.
    Plain,
    /// `createPost` of the graph.
    GraphCreated,
    /// `201` with the post.
    RestCreated,
}

/// A page, or the one post that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub ids: Vec<Uuid>,
    pub has_next: bool,
    pub end_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Graph<T> {
    data: Option<T>,
    errors: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Timeline {
    timeline: Connection,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Connection {
    nodes: Vec<Post>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    end_cursor: Option<String>,
    has_next_page: bool,
}

#[derive(Deserialize)]
struct Feed {
    items: Vec<Post>,
    has_next: bool,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    create_post: Payload,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    post: Option<Written>,
    user_errors: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Written {
    id: Uuid,
}

#[derive(Deserialize)]
struct Post {
    id: Uuid,
    text: String,
    author: Option<Author>,
}

#[derive(Deserialize)]
struct Author {
    #[serde(rename = "id")]
    _id: Uuid,
    username: Option<String>,
}

impl Form {
    /// The page that an answer holds, or what is wrong with it.
    pub fn read(self, status: StatusCode, body: &[u8]) -> Result<Page, String> {
        let expected = match self {
            Self::RestCreated => StatusCode::CREATED,
            _ => StatusCode::OK,
        };
        if status != expected {
            return Err(format!("status {status}: {}", excerpt(body)));
        }
        self.parse(body)
            .map_err(|problem| format!("{problem}: {}", excerpt(body)))
    }

    fn parse(self, body: &[u8]) -> Result<Page, String> {
        match self {
            Self::Graph { names } => connection(data::<Timeline>(body)?.timeline, names),
            Self::Plain => connection(json(body)?, true),
            Self::Rest => {
                let feed: Feed = json(body)?;
                page(feed.items, true, feed.has_next, feed.next_cursor)
            }
            Self::GraphCreated => {
                let payload = data::<Created>(body)?.create_post;
                match payload.post {
                    Some(post) if payload.user_errors.is_empty() => Ok(written(post.id)),
                    _ => Err("no post was written".to_owned()),
                }
            }
            Self::RestCreated => Ok(written(json::<Written>(body)?.id)),
        }
    }
}

fn json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| error.to_string())
}

fn data<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    let answer: Graph<T> = json(body)?;
    match answer {
        Graph {
            data: Some(data),
            errors: None,
        } => Ok(data),
        _ => Err("errors, or no data".to_owned()),
    }
}

fn written(id: Uuid) -> Page {
    Page {
        ids: vec![id],
        has_next: false,
        end_cursor: None,
    }
}

fn connection(found: Connection, names: bool) -> Result<Page, String> {
    let info = found.page_info;
    page(found.nodes, names, info.has_next_page, info.end_cursor)
}

fn page(
    posts: Vec<Post>,
    names: bool,
    has_next: bool,
    end_cursor: Option<String>,
) -> Result<Page, String> {
    if posts.len() > PAGE || (has_next && posts.len() < PAGE) {
        return Err(format!("{} posts on a page", posts.len()));
    }
    for post in &posts {
        let author = post.author.as_ref().ok_or("a post without its author")?;
        if names && author.username.as_deref().is_none_or(str::is_empty) {
            return Err("an author without a name".to_owned());
        }
        if post.text.is_empty() {
            return Err("a post without a text".to_owned());
        }
    }
    Ok(Page {
        ids: posts.into_iter().map(|post| post.id).collect(),
        has_next,
        end_cursor,
    })
}

/// The beginning of a body, for people.
fn excerpt(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAPH: Form = Form::Graph { names: true };

    fn wrong(form: Form, status: u16, body: &str) -> String {
        let status = StatusCode::from_u16(status).unwrap();
        form.read(status, body.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_page_of_the_graph_is_read() {
        let body = r#"{"data":{"timeline":{"nodes":[{"id":"00000000-0000-0000-0000-000000000001","text":"x",
            "author":{"id":"00000000-0000-0000-0000-000000000002","username":"ada"}}],
            "pageInfo":{"endCursor":"c","hasNextPage":false}}}}"#;
        let page = GRAPH.read(StatusCode::OK, body.as_bytes()).unwrap();
        assert_eq!((page.ids.len(), page.end_cursor.as_deref()), (1, Some("c")));
    }

    #[test]
    fn wrong_answers_are_refused() {
        let empty = r#"{"data":{"timeline":{"nodes":[],"pageInfo":{"endCursor":null,"hasNextPage":true}}}}"#;
        assert!(wrong(GRAPH, 200, empty).starts_with("0 posts on a page"));
        assert!(wrong(GRAPH, 503, empty).starts_with("status 503"));
        assert!(wrong(GRAPH, 200, r#"{"data":null,"errors":[]}"#).starts_with("errors"));
        let nobody = r#"{"items":[{"id":"00000000-0000-0000-0000-000000000001","text":"x","author":null}],
            "has_next":false,"next_cursor":null}"#;
        assert!(wrong(Form::Rest, 200, nobody).starts_with("a post without its author"));
        assert!(wrong(Form::RestCreated, 200, "{}").starts_with("status 200"));
        let refused = r#"{"data":{"createPost":{"post":null,"userErrors":[{}]}}}"#;
        assert!(wrong(Form::GraphCreated, 200, refused).starts_with("no post was written"));
    }
}
