"""What is there when schemathesis starts, so that it gets further than 404 and 422: ids, cursors, tokens from mails.

`tests/rest/run` makes it, and adds it to a copy of schemathesis.toml as values that a parameter has half of the time.
"""

import json
import re
import struct
import time
import urllib.request
import zlib
from urllib.parse import urlencode

PASSWORD = "a long enough password"
# How long a mail may take, in seconds.
PATIENCE = 20
# Tokens are good once, and schemathesis needs some for requests that fail for another reason.
PEOPLE = 12


class Caller:
    """One person at the router."""

    def __init__(self, origin, email=None, password=PASSWORD):
        self.origin = origin
        self.token = None
        if email:
            login = {"email": email, "password": password, "refresh_token_delivery": "body"}
            session = self.send("POST", "/auth/login", login)
            self.token, self.refresh_token = session["access_token"], session["refresh_token"]

    def send(self, method, path, body=None, content_type="application/json"):
        headers = {"content-type": content_type} if body is not None else {}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        data = json.dumps(body).encode() if content_type == "application/json" and body is not None else body
        request = urllib.request.Request(f"{self.origin}/api{path}", data=data, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")

    def cursor(self, path, **query):
        """Where the second item of a list begins."""
        return self.send("GET", f"{path}?{urlencode({'page_size': 1} | query)}")["next_cursor"]


def png(width, height):
    """A red picture."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = (b"\0" + b"\xff\0\0" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def tokens(mails, subject, addresses):
    """The tokens in the mails with this subject to these addresses, when all of them are there."""
    found, begin = {}, time.monotonic()
    while True:
        for mail in mails.glob("*.eml"):
            text = mail.read_text(errors="replace")
            to, token = re.search(r"^To: (\S+)", text, re.MULTILINE), re.search(r"[?&]token=([\w-]+)", text)
            if f"Subject: {subject}" in text and to and token and to[1] in addresses:
                found[to[1]] = token[1]
        if len(found) == len(addresses):
            return list(found.values())
        if time.monotonic() - begin > PATIENCE:
            raise OSError(f"{len(found)} of {len(addresses)} mails '{subject}' are in {mails}")
        time.sleep(0.1)


def make(origin, caller, mails):
    """Makes people and what they do with the caller; by operation and parameter, the values that are good there."""
    anybody = Caller(origin)
    run = format(time.time_ns(), "x")[-10:]
    emails = [f"given_{run}_{number}@example.com" for number in range(PEOPLE)]
    # A new password ends all sessions: who resets it and who refreshes are different people.
    forgetful, signed_in = emails[:PEOPLE // 2], emails[PEOPLE // 2:]
    people = []
    me = caller.send("GET", "/users/me")
    for email in emails:
        account = {"email": email, "username": email.partition("@")[0], "password": PASSWORD}
        people.append(anybody.send("POST", "/auth/register", account)["id"])
        caller.send("POST", "/posts", {"text": f"To {account['username']}"})
    for email in forgetful:
        anybody.send("POST", "/auth/password-reset", {"email": email})
    conversations = []
    for email, id in zip(emails[:3], people):
        other = Caller(origin, email)
        other.send("POST", f"/users/{me['id']}/follow")
        other.send("POST", "/posts", {"text": "A post"})
        caller.send("POST", f"/users/{id}/follow")
        conversations.append(other.send("POST", "/conversations", {"recipient_id": me["id"]})["conversation_id"])
        for _ in range(2):
            other.send("POST", f"/conversations/{conversations[-1]}/messages", {"text": f"Hello @{me['username']}"})
    # A picture of somebody whom schemathesis cannot take it from.
    picture = other.send("PUT", "/users/me/avatar", png(8, 8), "image/png")["avatar_url"].rpartition("/")[2]

    of_me, of_them = f"/users/{me['id']}", f"/conversations/{conversations[0]}/messages"
    # Across a block nothing else succeeds: whom the caller may block is nobody whom the caller follows or talks to.
    others, blocked = people[:-3], people[-3:]
    caller.send("POST", f"/users/{blocked[0]}/block")
    caller.send("POST", f"/users/{blocked[1]}/block")
    good = {(operation, "path.id"): others for operation in ("readUser", "followUser", "unfollowUser")}
    good |= {(operation, "path.id"): blocked for operation in ("blockUser", "unblockUser")}
    good |= {(operation, "path.id"): [me["id"]] for operation in ("listFollowers", "listFollowees")}
    good |= {(operation, "path.id"): conversations for operation in ("sendMessage", "markConversationRead")}
    good |= {
        ("startConversation", "body.recipient_id"): others,
        ("refreshSession", "body.refresh_token"): [Caller(origin, email).refresh_token for email in signed_in],
        ("readAvatar", "path.name"): [picture],
        ("verifyEmail", "body.token"): tokens(mails, "Verify your e-mail address", emails),
        ("resetPassword", "body.token"): tokens(mails, "Reset your password", forgetful),
        ("listMessages", "path.id"): conversations[:1],
        ("listMessages", "query.cursor"): [caller.cursor(of_them)],
        ("listConversations", "query.cursor"): [caller.cursor("/conversations")],
        ("listMentions", "query.cursor"): [caller.cursor("/messages/mentions")],
        ("readFeed", "query.cursor"): [caller.cursor("/feed")],
        ("listPosts", "query.cursor"): [caller.cursor("/posts", author_id=me["id"])],
        ("listFollowers", "query.cursor"): [caller.cursor(f"{of_me}/followers")],
        ("listFollowees", "query.cursor"): [caller.cursor(f"{of_me}/followees")],
        ("listBlocks", "query.cursor"): [caller.cursor("/users/me/blocks")],
        ("endSession", "path.id"): [session["id"] for session in caller.send("GET", "/users/me/sessions")["items"]],
    }
    return good


def as_toml(good):
    """The values as a part of schemathesis.toml."""
    lines = []
    for number, ((operation, parameter), values) in enumerate(good.items()):
        lines += [
            f"\n[dictionaries.given_{number}]",
            f"values = {json.dumps(values)}",
            "[[operations]]",
            f'include-operation-id = "{operation}"',
            f'parameters."{parameter}" = {{ dictionary = "given_{number}", probability = 0.5 }}',
        ]
    return "\n".join(lines) + "\n"
