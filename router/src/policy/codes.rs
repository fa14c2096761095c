//! The codes of errors, by what a client is told of them (`errors.rs`).

/// Codes that the services use on purpose, with messages meant for clients.
pub(super) const OURS: &[&str] = &[
    "AVATAR_TOO_LARGE",
    "AVATAR_UNSUPPORTED_TYPE",
    "BAD_REQUEST",
    "CANNOT_FOLLOW_SELF",
    "CANNOT_MESSAGE_SELF",
    "CONVERSATION_NOT_FOUND",
    "EMAIL_ALREADY_EXISTS",
    "EMAIL_NOT_VERIFIED",
    "FORBIDDEN",
    "INTERNAL",
    "INVALID_CREDENTIALS",
    "INVALID_REFRESH_TOKEN",
    "MESSAGE_TEXT_REQUIRED",
    "MESSAGE_TEXT_TOO_LONG",
    "NOT_A_PARTICIPANT",
    "NOT_FOUND",
    "NOT_POST_AUTHOR",
    "OPERATION_TOO_LARGE",
    "PAYLOAD_TOO_LARGE",
    "POST_NOT_FOUND",
    "POST_TEXT_REQUIRED",
    "POST_TEXT_TOO_LONG",
    "RATE_LIMITED",
    "SERVICE_UNAVAILABLE",
    "TOKEN_EXPIRED",
    "UNAUTHENTICATED",
    "USERNAME_ALREADY_EXISTS",
    "USER_NOT_FOUND",
    "VALIDATION_FAILED",
];

/// No answer of a subgraph, or none that is GraphQL, which is what a balancer in front of a dead one sends.
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

/// None of the media types of an answer is in `Accept`. The content type of the request is checked by the gate.
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

/// About what the client wrote, in the words of the GraphQL specification, its rules and our limits.
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
