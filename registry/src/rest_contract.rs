//! Does the REST API still answer what clients rely on?

use std::path::PathBuf;

use serde_json::Value;

use crate::finding::Finding;

/// The routes that may not change: `METHOD path status…`, one a line.
pub const CONTRACT: &str = "schema/contract.rest";

/// Every route of the contract that the document lacks, and every status of it.
pub fn check(contract: &str, document: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in contract.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        let mut words = line.split_whitespace();
        let (Some(method), Some(path)) = (words.next(), words.next()) else {
            continue;
        };
        let mut find = |wrong: String| {
            findings.push(Finding {
                file: PathBuf::from(CONTRACT),
                line: index + 1,
                wrong,
                right: "clients rely on it: put it back".to_owned(),
            });
        };
        let item = document.get("paths").and_then(|paths| paths.get(path));
        let operation = item.and_then(|item| item.get(method.to_ascii_lowercase()));
        let Some(operation) = operation else {
            find(format!("{method} {path} is gone"));
            continue;
        };
        let responses = operation.get("responses");
        for status in words {
            if responses.and_then(|all| all.get(status)).is_none() {
                find(format!("{method} {path} does not answer {status} any more"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_route_or_a_status_that_is_gone_is_found() {
        let document = json!({ "paths": { "/api/a": { "get": { "responses": { "200": {} } } } } });
        let found = |contract: &str| -> Vec<_> {
            let findings = check(contract, &document);
            findings
                .into_iter()
                .map(|finding| (finding.line, finding.wrong))
                .collect()
        };
        assert_eq!(found("# comment\n\nGET /api/a 200\n"), []);
        assert_eq!(
            found("GET /api/a 200 404\nPOST /api/a 201 # new\n"),
            [
                (1, "GET /api/a does not answer 404 any more".to_owned()),
                (2, "POST /api/a is gone".to_owned()),
            ]
        );
    }
}
