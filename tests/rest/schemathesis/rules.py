"""What every answer has to keep besides the document: schemathesis loads it (`hooks` in schemathesis.toml)."""

import json
import math
import re
from urllib.parse import parse_qsl, urlsplit

import schemathesis

# What a request may break although its schema permits it, by operation: codes in `error.details`.
# Each is a rule that no schema can state; schemathesis.toml says why.
REFUSALS = {
    "listConversations": {"INVALID_CURSOR", "OUT_OF_RANGE"},
    "listMessages": {"INVALID_CURSOR", "OUT_OF_RANGE"},
    "listMentions": {"INVALID_CURSOR", "OUT_OF_RANGE"},
    "readFeed": {"INVALID_CURSOR", "OUT_OF_RANGE"},
    "listPosts": {"INVALID_CURSOR", "OUT_OF_RANGE"},
    "listFollowers": {"INVALID_CURSOR", "OUT_OF_RANGE"},
    "listFollowees": {"INVALID_CURSOR", "OUT_OF_RANGE"},
    "listBlocks": {"INVALID_CURSOR", "OUT_OF_RANGE"},
    "findUsers": {"NOT_ONE_PARAMETER"},
    "followUser": {"CANNOT_FOLLOW_SELF"},
    "blockUser": {"CANNOT_BLOCK_SELF"},
    "startConversation": {"CANNOT_MESSAGE_SELF"},
    "markConversationRead": {"NOT_IN_CONVERSATION"},
    "sendMessage": {"ALREADY_USED"},
    "verifyEmail": {"UNKNOWN_TOKEN"},
    "resetPassword": {"UNKNOWN_TOKEN"},
    "putAvatar": {"AVATAR_UNSUPPORTED_TYPE", "AVATAR_TOO_LARGE"},
}
LISTS = {operation for operation, codes in REFUSALS.items() if "INVALID_CURSOR" in codes}
# The most characters of a text after trimming, and what is trimmed: the characters with the Unicode property White_Space.
TEXTS = {"createPost": 280, "editPost": 280, "sendMessage": 4_000}
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
KEY = re.compile(r"[!-~]{1,255}")
# Items that a counted page may leave out before it, and how many a page has that says nothing of it.
MAX_OFFSET = 10_000
PAGE_SIZES = {"listMessages": 50}

# No answer may carry any of this, whatever the request was.
LEAK = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE)\b.+\b(FROM|INTO|SET|WHERE)\b|sqlx|panicked at|stack backtrace|\.rs:\d+"
    r"|/root/|/home/|\.cargo/|users_svc|posts_svc|messaging_svc"
)


@schemathesis.check
def refusal_has_a_reason(ctx, response, case):
    """A request that its schema permits is refused by a rule that no schema can state, or not at all."""
    if response.status_code != 422 or not case.meta or not case.meta.generation.mode.is_positive:
        return
    operation = case.operation.definition.raw.get("operationId")
    codes = {detail["code"] for detail in response.json()["error"].get("details", [])}
    unknown = codes - REFUSALS.get(operation, set())
    if "OUT_OF_RANGE" in codes and not is_too_far(operation, case.query or {}):
        unknown.add("OUT_OF_RANGE")
    assert codes and not unknown, f"{operation} refused a request that its schema permits: {sorted(unknown) or 'no details'}"


def is_too_far(operation, query):
    """Whether a page begins further into a list than numbers go; a schema cannot multiply. A cursor has no such end."""
    if "cursor" in query:
        return False
    page, size = int(query.get("page", 1)), int(query.get("page_size", PAGE_SIZES.get(operation, 20)))
    return (page - 1) * size > MAX_OFFSET


@schemathesis.check
def only_good_pages_are_read(ctx, response, case):
    """What was sent, not what was meant: a page that is read has good numbers, and is not too far into its list."""
    operation = case.operation.definition.raw.get("operationId")
    if response.status_code != 200 or operation not in LISTS:
        return
    query = dict(parse_qsl(urlsplit(response.request.url).query, keep_blank_values=True))
    for name, largest in (("page", MAX_OFFSET + 1), ("page_size", 100)):
        if name in query and not (name == "page" and "cursor" in query):
            number = query[name]
            assert re.fullmatch("[0-9]+", number, re.ASCII) and 1 <= int(number) <= largest, f"{name} is {number!r}"
    assert not is_too_far(operation, query), f"{operation} went on counting: {query}"


@schemathesis.check
def json_is_read(ctx, response, case):
    """What is JSON, and says so, is never refused as if it were not: what is wrong with it is 422."""
    headers = {name.lower(): value for name, value in response.request.headers.items()}
    if response.status_code == 400 and headers.get("content-type", "").split(";")[0] == "application/json":
        assert not is_json(response.request.body or b""), response.json()["error"]["message"]


def is_json(body):
    """Whether every parser takes it; not every one takes half of a surrogate pair, or numbers that have no end."""

    def number(text):
        if not math.isfinite(float(text)):
            raise ValueError(text)

    try:
        text = body if isinstance(body, str) else body.decode()
        value = json.loads(text, parse_constant=number, parse_float=number, parse_int=number)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return False
    return True


@schemathesis.check
def only_good_texts_are_taken(ctx, response, case):
    """What the length in a schema cannot say: it counts without the white space around a text."""
    limit = TEXTS.get(case.operation.definition.raw.get("operationId"))
    if limit is None or response.status_code >= 300:
        return
    assert set(case.body) == {"text"}, case.body
    text = case.body["text"].strip(WHITE_SPACE)
    assert 1 <= len(text) <= limit and "\0" not in text, f"{len(text)} characters"
    key = response.request.headers.get("Idempotency-Key")
    if key is not None:
        key = key if isinstance(key, str) else key.decode("latin-1")
        assert KEY.fullmatch(key.strip(" \t")), f"the key is {key!r}"


@schemathesis.check
def error_has_the_envelope(ctx, response, case):
    """Every refusal is JSON of one shape, its trace id can be looked up, and only 422 has details."""
    if response.status_code < 400:
        return
    error = response.json()["error"]
    assert re.fullmatch(r"[A-Z][A-Z_]+", error["code"]), error
    assert error["message"], error
    assert re.fullmatch(r"[0-9a-f]{32}", error["trace_id"]), error
    assert ("details" in error) == (response.status_code == 422), error


@schemathesis.check
def nothing_leaks(ctx, response, case):
    """No SQL, path, backtrace or name of a database role in a refusal. (Answers of 2xx repeat what clients wrote.)"""
    if response.status_code >= 400:
        found = LEAK.search(response.text)
        assert not found, f"the answer says {found[0]!r}"
