//! One OpenAPI document for the whole REST API, as the router serves it: the paths of all services under `/api`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use registry::failure::{Failure, Result};

const PREFIX: &str = "/api";
const LIMITED: &str = "429";
const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// The documents of the services, each with its name, as one. What two of them describe under one name has to be one thing.
pub fn merge(documents: &[(&str, Value)]) -> Result<Value> {
    let mut paths = Map::new();
    let mut components: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut operations = BTreeMap::new();
    let mut tags = Vec::new();
    let mut about = Vec::new();
    for (service, document) in documents {
        let described = |pointer: &str| {
            document.pointer(pointer).ok_or_else(|| {
                Failure::new(format!(
                    "the OpenAPI document of {service} has no {pointer}"
                ))
            })
        };
        for (path, item) in members(described("/paths")?) {
            let mut item = item.clone();
            for operation in METHODS.iter().filter_map(|method| item.get(*method)) {
                let id = operation["operationId"].as_str().unwrap_or_default();
                if let Some(other) = operations.insert(id.to_owned(), service) {
                    return Err(Failure::new(format!(
                        "{other} and {service} both have an operation `{id}`"
                    )));
                }
            }
            for method in METHODS {
                if let Some(Value::Object(responses)) =
                    item.pointer_mut(&format!("/{method}/responses"))
                {
                    add_answers_of_the_router(responses);
                }
            }
            paths.insert(format!("{PREFIX}{path}"), item);
        }
        for kind in ["schemas", "securitySchemes"] {
            for (name, component) in members(described(&format!("/components/{kind}"))?) {
                let known = components.entry(kind).or_default();
                if known.get(name).is_some_and(|other| other != component) {
                    return Err(Failure::new(format!(
                        "{service} describes `{name}` in another way than the services before it"
                    )));
                }
                known.insert(name.clone(), component.clone());
            }
        }
        tags.extend(
            described("/tags")?
                .as_array()
                .into_iter()
                .flatten()
                .cloned(),
        );
        about.push((described("/openapi")?, described("/info")?));
    }
    add_links(&mut paths);
    let Some((openapi, info)) = about.first() else {
        return Err(Failure::new("there is no OpenAPI document to merge"));
    };
    Ok(json!({
        "openapi": openapi,
        "info": {
            "title": "Rookery",
            "description": "The REST API of a social network: accounts, follows, posts, the feed, messages. The same use cases \
                            are in the graph at `/graphql`. `/api/v1` answers the same as `/api`.",
            "contact": info["contact"],
            "license": info["license"],
            "version": info["version"],
        },
        "servers": [{ "url": "/" }],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": components.get("schemas"),
            "securitySchemes": components.get("securitySchemes"),
            "headers": limit_headers(),
        },
    }))
}

/// What the router answers where a service does not: it is as much a part of every public route.
fn add_answers_of_the_router(responses: &mut Map<String, Value>) {
    for (status, description) in [
        (
            LIMITED,
            "`RATE_LIMITED`: too many requests within a minute, of this user or, without a good token, of this address.",
        ),
        (
            "502",
            "`SERVICE_UNAVAILABLE`: the service behind this route broke off.",
        ),
        (
            "504",
            "`SERVICE_UNAVAILABLE`: the service behind this route did not answer in time.",
        ),
    ] {
        let answer = json!({
            "description": description,
            "content": { "application/json": { "schema": { "$ref": "#/components/schemas/ErrorEnvelope" } } },
        });
        // Where a service limits as well it says why.
        responses.entry(status).or_insert(answer);
    }
    if let Some(Value::Object(limited)) = responses.get_mut(LIMITED)
        && let Value::Object(headers) = limited.entry("headers").or_insert(json!({}))
    {
        for (name, _) in members(&limit_headers()) {
            let reference = json!({ "$ref": format!("#/components/headers/{name}") });
            headers.insert(name.clone(), reference);
        }
    }
    responses.sort_keys();
}

/// What the router says of a quota: draft-ietf-httpapi-ratelimit-headers-10, and RFC 9110, 10.2.3.
fn limit_headers() -> Value {
    json!({
        "RateLimit": {
            "description": "What is left of the quota (`r`), and in how many seconds it is whole again (`t`). On every answer.",
            "schema": { "type": "string", "examples": ["\"user\";r=999;t=1"] },
        },
        "RateLimit-Policy": {
            "description": "The quota, `user` or `anonymous`: how many requests (`q`) in how many seconds (`w`). On every answer.",
            "schema": { "type": "string", "examples": ["\"user\";q=1000;w=60"] },
        },
        "Retry-After": {
            "description": "Seconds to wait before the next request.",
            "schema": { "type": "integer", "minimum": 1 },
        },
    })
}

/// What follows from the answer of one service at another one, which only the whole document can say.
fn add_links(paths: &mut Map<String, Value>) {
    let registered = paths
        .get_mut("/api/auth/register")
        .and_then(|path| path.pointer_mut("/post/responses/201/links"));
    if let Some(Value::Object(links)) = registered {
        links.insert(
            "startConversation".to_owned(),
            json!({
                "operationId": "startConversation",
                "requestBody": { "recipient_id": "$response.body#/id" },
            }),
        );
        links.insert(
            "listPosts".to_owned(),
            json!({ "operationId": "listPosts", "parameters": { "author_id": "$response.body#/id" } }),
        );
    }
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(path: &str, operation: &str, schema: &Value) -> Value {
        json!({
            "openapi": "3.1.0",
            "info": { "title": "x", "version": "1" },
            "tags": [{ "name": operation }],
            "paths": { path: { "get": { "operationId": operation, "responses": { "200": {} } } } },
            "components": { "schemas": { "ErrorEnvelope": {}, "Thing": schema }, "securitySchemes": {} },
        })
    }

    fn merged(documents: [Value; 2]) -> Result<Value> {
        let [a, b] = documents;
        merge(&[("a", a), ("b", b)])
    }

    #[test]
    fn paths_get_their_public_prefix_and_what_the_router_answers() {
        let thing = json!({ "type": "string" });
        let merged = merged([
            document("/a", "readA", &thing),
            document("/b", "readB", &thing),
        ]);
        let merged = merged.unwrap();
        let paths: Vec<_> = merged["paths"].as_object().unwrap().keys().collect();
        assert_eq!(paths, ["/api/a", "/api/b"]);
        let responses = merged["paths"]["/api/b"]["get"]["responses"]
            .as_object()
            .unwrap();
        let statuses: Vec<_> = responses.keys().collect();
        assert_eq!(statuses, ["200", "429", "502", "504"]);
        let headers = responses["429"]["headers"].as_object().unwrap();
        assert_eq!(
            headers.keys().collect::<Vec<_>>(),
            ["RateLimit", "RateLimit-Policy", "Retry-After"]
        );
        for header in headers.values() {
            let pointer = header["$ref"].as_str().unwrap().trim_start_matches('#');
            assert!(merged.pointer(pointer).is_some(), "{pointer}");
        }
        assert_eq!(
            merged["tags"],
            json!([{ "name": "readA" }, { "name": "readB" }])
        );
    }

    #[test]
    fn what_a_service_says_of_its_own_limit_stays() {
        let thing = json!({ "type": "string" });
        let mut a = document("/a", "readA", &thing);
        let own = json!({ "description": "of the service", "headers": { "X": {} } });
        a["paths"]["/a"]["get"]["responses"]["429"] = own;
        let merged = merged([a, document("/b", "readB", &thing)]).unwrap();
        let limited = &merged["paths"]["/api/a"]["get"]["responses"]["429"];
        assert_eq!(limited["description"], "of the service");
        let names: Vec<_> = limited["headers"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["X", "RateLimit", "RateLimit-Policy", "Retry-After"]);
    }

    #[test]
    fn one_name_for_two_things_is_refused() {
        let (text, number) = (json!({ "type": "string" }), json!({ "type": "number" }));
        let schemas = merged([
            document("/a", "readA", &text),
            document("/b", "readB", &number),
        ]);
        assert!(schemas.unwrap_err().to_string().contains("`Thing`"));
        let operations = merged([document("/a", "read", &text), document("/b", "read", &text)]);
        assert!(operations.unwrap_err().to_string().contains("`read`"));
    }
}
