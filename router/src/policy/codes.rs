//! Error codes, grouped by how `errors` maps them.

/// The error codes of the services, one a line. `cargo xtask schema` generates the list from their code, and fails on drift.
const SERVICE_CODES: &str = include_str!("../../../schema/error-codes.txt");

/// Whether the services use a code on purpose, with messages for clients.
pub(super) fn is_service_code(code: &str) -> bool {
    SERVICE_CODES.lines().any(|known| known == code)
}

/// No response from a subgraph, or one that is not GraphQL, which a load balancer sends for a dead service.
pub(super) const UNAVAILABLE: &[&str] = &[
    "GATEWAY_TIMEOUT",
    "NO_SUPERGRAPH_AVAILABLE",
    "SUBGRAPH_CIRCUIT_BREAKER_REJECTED",
    "SUBGRAPH_INTERNAL_SERVER_ERROR",
    "SUBGRAPH_REQUEST_TIMEOUT",
    "SUBGRAPH_RESPONSE_BODY_EMPTY",
    "SUBGRAPH_RESPONSE_BODY_READ_FAILURE",
    "SUBGRAPH_RESPONSE_DECOMPRESSION_FAILURE",
    "SUBGRAPH_RESPONSE_FAILURE",
    "SUBREQUEST_HTTP_ERROR",
    "SUBREQUEST_MALFORMED_RESPONSE",
];

pub(super) const NOT_ALLOWED: &[&str] = &["UNAUTHORIZED_FIELD_OR_TYPE", "UNAUTHORIZED_OPERATION"];

pub(super) const BAD_REQUEST: &[&str] = &[
    "BAD_REQUEST",
    "DECOMPRESSION_FAILED",
    "INVALID_HEADER",
    "MISSING_CONTENT_TYPE_HEADER",
    "MISSING_QUERY_PARAM",
    "PAYLOAD_READ_ERROR",
    "UNPROCESSABLE_QUERY_PARAMS",
    "UNSUPPORTED_CONTENT_ENCODING",
];

/// `Accept` contains no supported media type. `guard` checks the content type of the request.
pub(super) const NOT_ACCEPTABLE: &[&str] = &["UNSUPPORTED_CONTENT_TYPE"];

pub(super) const TOO_LARGE: &[&str] = &[
    "PAYLOAD_TOO_LARGE_BODY_STREAM",
    "PAYLOAD_TOO_LARGE_CONTENT_LENGTH",
];

pub(super) const BAD_TOKEN: &[&str] = &[
    "INVALID_JWT",
    "INVALID_JWT_HEADER",
    "JWK_ALGORITHM_NOT_SUPPORTED",
    "JWT_LOOKUP_FAILED",
    "JWT_NOT_SUPPORTED",
    "MISSING_JWT",
];

/// Errors in the document of the client: syntax, validation rules and limits.
pub(super) const OF_THE_DOCUMENT: &[&str] = &[
    "BAD_USER_INPUT",
    "FieldsOnCorrectType",
    "FragmentsOnCompositeTypes",
    "GRAPHQL_PARSE_FAILED",
    "INTROSPECTION_DISABLED",
    "KnownArgumentNames",
    "KnownDirectives",
    "KnownFragmentNames",
    "KnownTypeNames",
    "LeafFieldSelections",
    "LoneAnonymousOperation",
    "MAX_ALIASES_EXCEEDED",
    "MAX_DEPTH_EXCEEDED",
    "MAX_DIRECTIVES_EXCEEDED",
    "METHOD_NOT_ALLOWED",
    "MUTATION_NOT_ALLOWED_OVER_HTTP_GET",
    "NoFragmentsCycle",
    "NoUndefinedVariables",
    "NoUnusedFragments",
    "NoUnusedVariables",
    "OPERATION_RESOLUTION_FAILURE",
    "OverlappingFieldsCanBeMerged",
    "PERSISTED_DOCUMENT_ID_REQUIRED",
    "PERSISTED_DOCUMENT_NOT_FOUND",
    "PossibleFragmentSpreads",
    "ProvidedRequiredArguments",
    "REQUEST_HEADER_FIELDS_TOO_LARGE",
    "SUBSCRIPTIONS_NOT_SUPPORTED",
    "SUBSCRIPTIONS_TRANSPORT_NOT_SUPPORTED",
    "SingleFieldSubscriptions",
    "TOKEN_LIMIT_EXCEEDED",
    "UniqueArgumentNames",
    "UniqueDirectivesPerLocation",
    "UniqueFragmentNames",
    "UniqueInputFieldNames",
    "UniqueOperationNames",
    "UniqueVariableNames",
    "ValuesOfCorrectType",
    "VariablesAreInputTypes",
    "VariablesInAllowedPosition",
];
