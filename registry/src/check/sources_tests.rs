use super::*;

fn write(root: &Path, approvals: &str) {
    let path = root.join(approvals::FILE);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, approvals).unwrap();
}

#[test]
fn an_approval_without_an_end_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    assert!(read_approvals(root).unwrap().is_empty());
    write(root, "# none\n[]\n");
    assert!(read_approvals(root).unwrap().is_empty());
    let one = "- {coordinate: A.b, code: FIELD_REMOVED, reason: r, by: ada}\n";
    write(root, one);
    let error = read_approvals(root).unwrap_err().to_string();
    assert!(error.contains("missing field `until`"), "{error}");
    write(root, &one.replace('}', ", until: 2026-12-31}"));
    assert_eq!(read_approvals(root).unwrap().len(), 1);
}

#[test]
fn an_approval_that_says_nothing_of_who_or_why_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let whole = "- {coordinate: A.b, code: FIELD_REMOVED, reason: r, by: ada, until: 2026-12-31}\n";
    for (field, said) in [
        ("coordinate", "A.b"),
        ("code", "FIELD_REMOVED"),
        ("reason", "r"),
        ("by", "ada"),
    ] {
        let empty = whole.replace(&format!("{field}: {said},"), &format!("{field}: \" \","));
        write(root, &empty);
        let error = read_approvals(root).unwrap_err().to_string();
        assert!(error.contains(&format!("`{field}` of ")), "{error}");
    }
}
