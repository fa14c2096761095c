use super::*;

/// A folder with these files in it.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// What is said of a folder with these files, without where the folder is.
fn refusal(files: &[(&str, &str)]) -> String {
    let folder = folder(files);
    let error = read(folder.path()).unwrap_err().to_string();
    error.replace(&format!("{}/", folder.path().display()), "")
}

fn apollo(entry: &str) -> String {
    format!(
        r#"{{"format": "{}", "version": 1, "operations": [{entry}]}}"#,
        "apollo-persisted-query-manifest"
    )
}

#[test]
fn operations_of_folders_and_manifests_come_by_client_and_name() {
    let manifest =
        apollo(r#"{"id": "b1", "name": "B", "type": "mutation", "body": "mutation B { b }"}"#);
    let folder = folder(&[
        ("README.md", "About them.\n"),
        (".gitkeep", ""),
        (
            "web/Viewer.graphql",
            "query Viewer { ...V }\nfragment V on Query { viewer { id } }\n",
        ),
        ("web/README.md", "More about them.\n"),
        ("ios.json", &manifest),
        (
            "android.json",
            r#"{"c1": "subscription C { c }", "a1": "query A { a }"}"#,
        ),
    ]);
    let operations = read(folder.path()).unwrap();
    let found: Vec<_> = operations
        .iter()
        .map(|o| {
            (
                o.client.as_str(),
                o.name.as_str(),
                o.file.strip_prefix(folder.path()).unwrap(),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            ("android", "A", Path::new("android.json")),
            ("android", "C", Path::new("android.json")),
            ("ios", "B", Path::new("ios.json")),
            ("web", "Viewer", Path::new("web/Viewer.graphql")),
        ]
    );
    assert_eq!(operations[2].id, "b1");
    assert_eq!(operations[2].document, "mutation B { b }");
}

#[test]
fn the_id_of_a_file_is_the_hash_of_its_document_without_the_last_newline() {
    let folder = folder(&[("web/A.graphql", "query A { a }\n")]);
    let operations = read(folder.path()).unwrap();
    assert_eq!(operations[0].document, "query A { a }");
    // printf 'query A { a }' | sha256sum
    assert_eq!(
        operations[0].id,
        "7d0eedabb966107835cf307a0ebaf93b5d2cb8c30228611ffe3d27a53c211a0c"
    );
}

#[test]
fn a_document_with_no_operation_several_or_an_anonymous_one_is_refused_with_what_to_do() {
    for (document, expected) in [
        (
            "fragment F on Query { a }",
            "web/A.graphql: it has no operation: write one",
        ),
        (
            "query A { a } query B { b }",
            "web/A.graphql: it has 2 operations: one a file",
        ),
        (
            "mutation { a }",
            "web/A.graphql: its operation has no name: write `mutation SomeName …`",
        ),
        (
            "query B { b }",
            "web/A.graphql: its operation is `B`: name the file `B.graphql`",
        ),
        (
            "query A { a } type T { a: Int }",
            "only operations and fragments belong here",
        ),
        ("query A { a ", "web/A.graphql:1:"),
    ] {
        let error = refusal(&[("web/A.graphql", document)]);
        assert!(error.contains(expected), "{document}: {error}");
    }
}

#[test]
fn files_that_are_no_operations_are_refused() {
    for (path, expected) in [
        (
            "notes.txt",
            "notes.txt: expected a folder `<client>/` or a manifest `<client>.json`",
        ),
        ("web/a.gql", "web/a.gql: expected a file `<Name>.graphql`"),
        (
            "web/deep/A.graphql",
            "web/deep: expected a file `<Name>.graphql`",
        ),
    ] {
        let error = refusal(&[(path, "query A { a }")]);
        assert!(error.contains(expected), "{path}: {error}");
    }
    let missing = read(Path::new("no/such/folder")).unwrap_err().to_string();
    assert!(
        missing.starts_with("cannot read no/such/folder: "),
        "{missing}"
    );
}

#[test]
fn a_manifest_of_another_kind_is_refused() {
    for (text, expected) in [
        (
            "[]",
            "expected apollo-persisted-query-manifest of version 1, or an object",
        ),
        (
            r#"{"a1": {"body": "query A { a }"}}"#,
            "or an object {\"id\": \"document\"}: invalid type",
        ),
        (
            r#"{"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}"#,
            "only version 1 is known",
        ),
        (
            r#"{"format": "apollo-persisted-query-manifest", "version": 1}"#,
            "missing field `operations`",
        ),
        (r#"{"": "query A { a }"}"#, "an operation has an empty id"),
        (
            r#"{"a1": "query { a }"}"#,
            "operation `a1`: its operation has no name",
        ),
        (
            &apollo(r#"{"id": "b1", "name": "B", "type": "query", "body": "mutation B { b }"}"#),
            "operation `b1`: the manifest says `query B`, and its body is `mutation B`",
        ),
    ] {
        let error = refusal(&[("web.json", text)]);
        assert!(
            error.starts_with("web.json: ") && error.contains(expected),
            "{text}: {error}"
        );
    }
}

#[test]
fn two_documents_under_one_id_are_refused_and_one_document_twice_is_not() {
    let one = r#"{"x": "query A { a }"}"#;
    let other = r#"{"x": "query A { b }"}"#;
    let error = refusal(&[("ios.json", one), ("web.json", other)]);
    assert!(
        error.starts_with("ios.json and ")
            && error.contains("different documents under the id `x`"),
        "{error}"
    );
    let error = refusal(&[(
        "web.json",
        r#"{"x": "query A { a }", "x": "query A { b }"}"#,
    )]);
    assert!(
        error.contains("different documents under the id `x`"),
        "{error}"
    );

    let folder = folder(&[("ios.json", one), ("web.json", one)]);
    assert_eq!(read(folder.path()).unwrap().len(), 2);
}

#[test]
fn an_operation_in_a_folder_and_in_the_manifest_of_its_client_is_one() {
    let document = "query A { a }";
    let manifest = format!(r#"{{"{}": "{document}"}}"#, id(document));
    let folder = folder(&[("web/A.graphql", document), ("web.json", &manifest)]);
    assert_eq!(read(folder.path()).unwrap().len(), 1);
}

#[test]
fn what_is_wrong_does_not_hide_what_is_right() {
    let folder = folder(&[
        ("web/A.graphql", "query A { a }\n"),
        ("web/B.graphql", "query B {\n"),
        ("web/C.graphql", "query D { d }\n"),
        ("ios.json", "{"),
        (
            "android.json",
            r#"{"a1": "query A { a }", "b1": "query {"}"#,
        ),
    ]);
    let (operations, wrong) = read_each(folder.path());
    let found: Vec<_> = operations
        .iter()
        .map(|it| (&*it.client, &*it.name))
        .collect();
    assert_eq!(found, [("android", "A"), ("web", "A")]);
    assert_eq!(wrong.len(), 4, "{wrong:?}");
    assert_eq!(
        read(folder.path()).unwrap_err().to_string(),
        wrong[0].to_string()
    );
}
