//! Checks the files that cannot read the list of contexts against it.
#![expect(clippy::expect_used, reason = "a test panics when it fails")]

use std::{fs, path::Path};

use contexts::Context;

/// A file of the repository, and the texts that it has for each context.
type Enumeration = (&'static str, &'static [&'static str]);

/// NAME, PREFIX and PORT stand for the context's name, the prefix of its variables and its port.
const ENUMERATIONS: [Enumeration; 8] = [
    (
        "Cargo.toml",
        &[
            "    \"subgraphs/NAME\",\n",
            "\nNAME = { path = \"subgraphs/NAME\" }\n",
        ],
    ),
    (
        "supergraph.yaml",
        &[
            "\n  NAME:\n    routing_url: http://127.0.0.1:PORT/graphql\n",
            "      file: ./schema/NAME.graphql\n",
        ],
    ),
    (
        "docker-compose.yml",
        &[
            "\n      PREFIX_DB_PASSWORD: ${PREFIX_DB_PASSWORD:?is not set; see .env.example}\n",
            "\n  NAME:\n    <<: *service\n    command: [\"NAME\"]\n",
            "\n      LISTEN_ADDR: 0.0.0.0:PORT\n",
            "DATABASE_URL: postgres://NAME_svc:${PREFIX_DB_PASSWORD:?is not set; see .env.example}@postgres:5432/rookery\n",
            "test: [\"CMD\", \"NAME\", \"--health-check\"]\n",
            "\n      PREFIX_URL: http://NAME:PORT\n",
            "\n      NAME: { condition: service_healthy }\n",
        ],
    ),
    (".env.example", &["\nPREFIX_DB_PASSWORD="]),
    ("Dockerfile", &["--package NAME ", "target/release/NAME "]),
    ("README.md", &["`subgraphs/NAME`"]),
    ("docs/architecture.md", &["\n| `NAME` | 127.0.0.1:PORT |"]),
    (
        "docs/configuration.md",
        &[
            "NAME `:PORT`",
            "`PREFIX_DB_PASSWORD`",
            "`PREFIX_DATABASE_URL`",
        ],
    ),
];

const FILES: [&str; 4] = [
    "subgraphs/NAME/Cargo.toml",
    "migrations/NAME",
    "schema/NAME.graphql",
    "schema/NAME.openapi.json",
];

fn fill(template: &str, name: &str, port: u16) -> String {
    template
        .replace("NAME", name)
        .replace("PREFIX", &name.to_uppercase())
        .replace("PORT", &port.to_string())
}

/// What the repository at `root` lacks for a context, one message each.
fn missing(root: &Path, name: &str, port: u16) -> Vec<String> {
    let texts = ENUMERATIONS.iter().flat_map(|(file, templates)| {
        let content = fs::read_to_string(root.join(file)).expect("the file is readable");
        templates.iter().filter_map(move |template| {
            let text = fill(template, name, port);
            let text = text.as_str();
            (!content.contains(text)).then(|| format!("{file} lacks {text:?}"))
        })
    });
    let files = FILES.iter().filter_map(|template| {
        let file = fill(template, name, port);
        (!root.join(&file).exists()).then(|| format!("{file} does not exist"))
    });
    texts.chain(files).collect()
}

fn root() -> &'static Path {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.parent().expect("the repository")
}

#[test]
fn every_file_that_enumerates_the_contexts_has_all_of_them() {
    let lacks: Vec<_> = Context::ALL
        .into_iter()
        .flat_map(|context| missing(root(), context.name(), context.port()))
        .collect();
    assert!(
        lacks.is_empty(),
        "docs/adding-a-subgraph.md explains these steps:\n{}",
        lacks.join("\n")
    );
}

#[test]
fn a_context_that_no_file_names_lacks_every_text_and_file() {
    let lacks = missing(root(), "absent", 65_535);
    let texts: usize = ENUMERATIONS.iter().map(|(_, texts)| texts.len()).sum();
    assert_eq!(lacks.len(), texts + FILES.len(), "{lacks:#?}");
}
