use std::fs;

use super::*;
use crate::check::inputs::{Source, Use};
use crate::check::sources::uses;

const CONFIG: &str = "federation_version: 2\nsubgraphs: {a: {routing_url: 'http://a/graphql', schema: {file: ./schema/a.graphql}}}\n";

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Git as it is on a machine where nobody has said who they are.
fn git_in(root: &Path, arguments: &[&str]) -> String {
    let who = [
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@example.com",
        "-c",
        "init.defaultBranch=main",
    ];
    git(root, &[&who, arguments].concat()).unwrap()
}

fn commit(root: &Path) -> String {
    git_in(root, &["add", "--all"]);
    git_in(root, &["commit", "--quiet", "--message", "x"]);
    git_in(root, &["rev-parse", "HEAD"])
}

/// A repository with one commit of a graph with one subgraph and one operation.
fn repository() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    git_in(root, &["init", "--quiet"]);
    write(root, "supergraph.yaml", CONFIG);
    write(root, "schema/a.graphql", "type Query { a: Int }\n");
    write(root, "operations/web/A.graphql", "query A { a }\n");
    let first = commit(root);
    (folder, first)
}

#[test]
fn a_revision_is_read_and_neither_the_working_tree_nor_what_is_staged_is_touched() {
    let (folder, first) = repository();
    let root = folder.path();
    write(root, "schema/a.graphql", "type Query { b: Int }\n");
    git_in(root, &["add", "--all"]);
    write(root, "schema/a.graphql", "type Query { c: Int }\n");
    fs::remove_dir_all(root.join("operations")).unwrap();
    let before = git_in(root, &["status", "--porcelain"]);

    let base = read_revision(root, &Base::find(root, None).unwrap()).unwrap();
    assert_eq!(base.schemas.subgraphs[0].sdl, "type Query { a: Int }\n");
    assert_eq!(
        base.schemas.subgraphs[0].file,
        format!("{}:schema/a.graphql", &first[..10])
    );
    assert_eq!(
        base.operations[0].file,
        Path::new("operations/web/A.graphql")
    );

    let head = read(root, "now").unwrap();
    assert_eq!(head.schemas.subgraphs[0].sdl, "type Query { c: Int }\n");
    assert_eq!(git_in(root, &["status", "--porcelain"]), before);

    let uses = uses(head.operations, base.operations);
    assert!(
        matches!(
            uses.as_slice(),
            [Use {
                source: Source::Retired(_),
                ..
            }]
        ),
        "{uses:?}"
    );
}

#[test]
fn the_base_is_where_the_branch_began_when_there_is_an_origin_and_else_head() {
    let (folder, first) = repository();
    let alone = Base::find(folder.path(), None).unwrap();
    assert_eq!(alone.commit, first);
    assert!(
        alone
            .described
            .contains("HEAD, as there is no branch of origin"),
        "{}",
        alone.described
    );

    let clone = tempfile::tempdir().unwrap();
    let root = clone.path();
    git_in(
        folder.path(),
        &["clone", "--quiet", ".", root.to_str().unwrap()],
    );
    write(root, "schema/a.graphql", "type Query { b: Int }\n");
    let second = commit(root);
    let branched = Base::find(root, None).unwrap();
    assert_eq!(branched.commit, first);
    assert!(
        branched
            .described
            .contains("where HEAD and origin/main part"),
        "{}",
        branched.described
    );
    assert_eq!(Base::find(root, Some("HEAD")).unwrap().commit, second);
}

#[test]
fn a_revision_that_is_not_there_or_has_no_graph_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    git_in(root, &["init", "--quiet"]);
    write(root, "x", "");
    commit(root);
    let error = Base::find(root, Some("nowhere")).unwrap_err().to_string();
    assert!(
        error.contains("--base nowhere: git knows no such revision"),
        "{error}"
    );
    let base = Base::find(root, None).unwrap();
    let error = read_revision(root, &base).err().unwrap().to_string();
    assert!(
        error.contains("has no supergraph.yaml and schema/"),
        "{error}"
    );
}

#[test]
fn an_operation_that_does_not_parse_is_named_and_hides_no_other_and_no_temporary_folder_is_named() {
    let (folder, _) = repository();
    let root = folder.path();
    write(root, "operations/web/B.graphql", "query B {\n");
    let broken = commit(root);
    let head = read(root, "now").unwrap();
    assert_eq!(head.operations.len(), 1);
    assert_eq!(head.unread[0].file, "operations/web/B.graphql");
    assert!(!head.unread[0].at_base);

    let base = read_revision(root, &Base::find(root, None).unwrap()).unwrap();
    assert_eq!(base.operations.len(), 1);
    let [unread] = base.unread.as_slice() else {
        panic!("{:?}", base.unread);
    };
    assert!(unread.at_base);
    assert_eq!(
        unread.file,
        format!("{}:operations/web/B.graphql", &broken[..10])
    );
    let temporary = std::env::temp_dir().display().to_string();
    assert!(!unread.wrong.contains(&temporary), "{}", unread.wrong);

    fs::remove_file(root.join("schema/a.graphql")).unwrap();
    write(root, "schema/b.graphql", "");
    commit(root);
    let error = read_revision(root, &Base::find(root, None).unwrap());
    let error = error.err().unwrap().to_string();
    assert!(error.contains(":schema/a.graphql"), "{error}");
    assert!(!error.contains(&temporary), "{error}");
}
