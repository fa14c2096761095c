#!/usr/bin/env python3
"""Starts the built system and uses it from outside, as a client would: register, follow, post, timeline, message.

Usage: .ci/drive.py PROGRAM DATA_DIR. Every answer is checked; the first wrong one ends the run with exit code 1. At the
end the system gets a SIGINT, as from Ctrl-C, and must leave no process. Python's standard library only.
"""

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The services in the order of their ports. The subgraph `nodes`, which is part of the router, has no port.
SERVICES = re.findall(r"^  (\w+):\n    routing_url: http://127\.0\.0\.1:", (ROOT / "supergraph.yaml").read_text(), re.M)
# Ports of a system: the router's and those of the services.
PORTS = 1 + len(SERVICES)
START_SECONDS = 180
STOP_SECONDS = 30


class Wrong(Exception):
    """An answer that is not what the contract says."""


def expect(what, actual, expected):
    if actual != expected:
        raise Wrong(f"{what}: expected {expected!r}, got {actual!r}")


def http(url, body=None, headers=None):
    """Status, headers and text of an answer; an error status is an answer like any other."""
    request = urllib.request.Request(url, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


class Client:
    """One person at the router, signed in or not."""

    def __init__(self, origin, token=None):
        self.origin = origin
        self.token = token

    def post(self, query, **variables):
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        body = json.dumps({"query": query, "variables": variables}).encode()
        status, _, text = http(f"{self.origin}/graphql", body, headers)
        return status, json.loads(text)

    def data(self, query, **variables):
        """The data of an answer without errors, and without userErrors in any payload."""
        status, answer = self.post(query, **variables)
        if status != 200 or answer.get("errors"):
            raise Wrong(f"{query}: {status} {json.dumps(answer)[:600]}")
        for name, payload in answer["data"].items():
            if isinstance(payload, dict) and payload.get("userErrors"):
                raise Wrong(f"{name}: {payload['userErrors']}")
        return answer["data"]

    def refused(self, query, code, **variables):
        """The first code of a refusal, in `errors` or in `userErrors`."""
        _, answer = self.post(query, **variables)
        codes = [error.get("extensions", {}).get("code") for error in answer.get("errors") or []]
        for payload in (answer.get("data") or {}).values():
            codes += [error["code"] for error in (payload or {}).get("userErrors") or []]
        expect(query, codes[:1], [code])


REGISTER = "mutation($input: RegisterInput!) { register(input: $input) { user { id username email } userErrors { code message } } }"
LOGIN = "mutation($input: LoginInput!) { login(input: $input) { accessToken tokenType expiresIn refreshToken userErrors { code message } } }"
POST = "mutation($text: String!) { createPost(input: {text: $text}) { post { id text author { username } } userErrors { code message } } }"
TIMELINE = """query($first: Int, $after: String) { timeline(first: $first, after: $after) {
    edges { cursor node { id text likeCount viewerHasLiked author { username displayName } } }
    pageInfo { hasNextPage endCursor } } }"""
SEND = """mutation($to: ID!, $text: String!, $key: String!) {
    sendMessage(input: {recipientId: $to, text: $text, idempotencyKey: $key}) {
        message { id text conversation { id } sender { username } mentions { username } } userErrors { code message } } }"""
INBOX = """{ conversations { nodes { id unreadCount participants { username } latestMessage { id text sender { username } } } } }"""
PASSWORD = "a long enough password"


def join(origin, name):
    """Registers and logs in; the signed-in client and the user's id."""
    anyone = Client(origin)
    account = {"email": f"{name}@example.com", "username": name, "password": PASSWORD, "displayName": name.title()}
    user = anyone.data(REGISTER, input=account)["register"]["user"]
    expect("the registered user", (user["username"]), name)
    session = anyone.data(LOGIN, input={"email": account["email"], "password": PASSWORD})["login"]
    expect("the session", (session["tokenType"].lower(), session["expiresIn"]), ("bearer", 900))
    return Client(origin, session["accessToken"]), user["id"]


def accounts(origin):
    anyone = Client(origin)
    expect("the viewer without a token", anyone.data("{ viewer { id } }"), {"viewer": None})
    anyone.refused(TIMELINE, "UNAUTHENTICATED", first=1)
    status, answer = Client(origin, "not.a.token").post("{ viewer { id } }")
    expect("a bad token", (status, answer["errors"][0]["extensions"]["code"]), (401, "UNAUTHENTICATED"))
    reader, reader_id = join(origin, "reader")
    author, author_id = join(origin, "author")
    anyone.refused(REGISTER, "EMAIL_ALREADY_EXISTS", input={
        "email": "reader@example.com", "username": "another", "password": PASSWORD})
    anyone.refused(LOGIN, "INVALID_CREDENTIALS", input={"email": "reader@example.com", "password": "wrong password"})
    viewer = reader.data("{ viewer { id username email } }")["viewer"]
    expect("the viewer", viewer, {"id": reader_id, "username": "reader", "email": "reader@example.com"})
    return reader, author, author_id


def timeline(reader, author, author_id):
    expect("the timeline before", reader.data(TIMELINE, first=2)["timeline"]["edges"], [])
    followed = reader.data(
        "mutation($id: ID!) { followUser(input: {userId: $id}) "
        "{ user { username viewerIsFollowing followerCount } userErrors { code } } }", id=author_id)
    expect("the followed user", followed["followUser"]["user"],
           {"username": "author", "viewerIsFollowing": True, "followerCount": 1})
    posts = [author.data(POST, text=text)["createPost"]["post"] for text in ("first", "second", "third")]
    expect("the author of a new post", posts[0]["author"], {"username": "author"})
    author.refused(POST, "POST_TEXT_REQUIRED", text="  ")
    liked = reader.data(
        "mutation($id: ID!) { likePost(input: {postId: $id}) { post { likeCount viewerHasLiked } userErrors { code } } }",
        id=posts[2]["id"])
    expect("the liked post", liked["likePost"]["post"], {"likeCount": 1, "viewerHasLiked": True})

    page = reader.data(TIMELINE, first=2)["timeline"]
    seen = [(edge["node"]["text"], edge["node"]["likeCount"], edge["node"]["author"]) for edge in page["edges"]]
    by = {"username": "author", "displayName": "Author"}
    expect("the first page", seen, [("third", 1, by), ("second", 0, by)])
    expect("its end", page["pageInfo"], {"hasNextPage": True, "endCursor": page["edges"][-1]["cursor"]})
    rest = reader.data(TIMELINE, first=2, after=page["pageInfo"]["endCursor"])["timeline"]
    expect("the second page", [edge["node"]["text"] for edge in rest["edges"]], ["first"])
    expect("the end of all", rest["pageInfo"]["hasNextPage"], False)
    everything = reader.data(TIMELINE)["timeline"]["edges"]
    expect("a page of the default size, its variables left out", len(everything), 3)
    reader.refused(TIMELINE, "VALIDATION_FAILED", first=101)
    reader.refused("mutation($id: ID!) { deletePost(input: {postId: $id}) { deletedPostId } }",
                   "NOT_POST_AUTHOR", id=posts[0]["id"])


def messages(origin, reader, author, author_id):
    sent = [reader.data(SEND, to=author_id, text="Hello @author", key="k1")["sendMessage"]["message"] for _ in range(2)]
    expect("a retry with the same key", sent[1], sent[0])
    expect("who is mentioned", sent[0]["mentions"], [{"username": "author"}])
    conversation = sent[0]["conversation"]["id"]
    inbox = author.data(INBOX)["conversations"]["nodes"]
    expect("the inbox", [(c["id"], c["unreadCount"], c["latestMessage"]["text"], c["latestMessage"]["sender"]) for c in inbox],
           [(conversation, 1, "Hello @author", {"username": "reader"})])
    read = author.data(
        "mutation($c: ID!, $m: ID!) { markConversationRead(input: {conversationId: $c, messageId: $m}) "
        "{ conversation { unreadCount } userErrors { code } } }", c=conversation, m=sent[0]["id"])
    expect("what is unread after reading", read["markConversationRead"]["conversation"]["unreadCount"], 0)
    mentions = author.data("{ mentions { nodes { message { text } } } }")["mentions"]["nodes"]
    expect("the mentions", mentions, [{"message": {"text": "Hello @author"}}])
    stranger, _ = join(origin, "stranger")
    _, answer = stranger.post("query($id: ID!) { conversation(id: $id) { messages { nodes { text } } } }", id=conversation)
    expect("what a stranger sees", (answer.get("data") or {}).get("conversation"), None)


def edges_of_the_origin(origin):
    for path in ("/nowhere", "/internal/followee-ids", "/internal/followee-versions", "/internal/users/lookup"):
        expect(path, http(f"{origin}{path}")[0], 404)
    expect("/health", http(f"{origin}/health")[0], 200)
    # Whoever uses the system as it is stays within the limits that it has by itself.
    for path in ("/graphql?query={__typename}", "/api/posts?author_id=0"):
        expect(path, http(f"{origin}{path}")[1]["RateLimit-Policy"], '"anonymous";q=100;w=60')


def demo(origin):
    login = {"email": "ada@example.com", "password": "correct horse battery"}
    ada = Client(origin, Client(origin).data(LOGIN, input=login)["login"]["accessToken"])
    page = ada.data(TIMELINE, first=20)["timeline"]["edges"]
    authors = {edge["node"]["author"]["username"] for edge in page}
    if not page or not authors <= {"grace", "linus"}:
        raise Wrong(f"ada's timeline has posts by {authors or 'nobody'}")
    if not ada.data(INBOX)["conversations"]["nodes"]:
        raise Wrong("ada has no conversation")


def readme_walk(origin):
    """Runs the commands of the README as they stand there; only the port is another one."""
    text = (ROOT / "README.md").read_text()
    walk = re.search(r"<!-- walk -->\n```sh\n(.*?)```", text, re.S)
    if not walk:
        raise Wrong("README.md has no block of commands after <!-- walk -->")
    script = walk[1].replace("http://127.0.0.1:4000", origin)
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=60)
    answers = [line for line in done.stdout.splitlines() if line.startswith("{")]
    bad = [line for line in answers if '"errors"' in line or re.search(r'"userErrors":\[\{', line)]
    if done.returncode or done.stderr or bad or len(answers) < 5:
        raise Wrong(f"the README's walk: exit {done.returncode}\n{done.stderr}\n" + "\n".join(bad or answers))
    for wanted in ('"timeline":{"', '"author":{"', '"sendMessage":{"message":{"', '"items":[{"'):
        if not any(wanted in line for line in answers):
            raise Wrong(f"the README's walk never answers {wanted}\n" + "\n".join(answers))


def free_ports():
    """The first of as many free ports in a row as a system needs."""
    while True:
        first = random.randrange(20000, 32000)
        taken = []
        try:
            for port in range(first, first + PORTS):
                listener = socket.socket()
                taken.append(listener)
                listener.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for listener in taken:
                listener.close()


def environment():
    """What a person's shell has; no variable that configures the system."""
    return {name: os.environ[name] for name in ("HOME", "PATH", "PG_BIN") if name in os.environ}


def processes():
    """Every process that is no zombie: (pid, start time) to parent and command line."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if stat[0] != "Z":
                found[int(entry.name), stat[19]] = (int(stat[1]), command)
    return found


def belonging(pid, data):
    """The processes below `pid`, and whatever has the data folder in its command line."""
    everything = processes()
    wanted = {pid}
    while True:
        more = {key[0] for key, (parent, _) in everything.items() if parent in wanted} - wanted
        if not more:
            break
        wanted |= more
    return {key: command for key, (_, command) in everything.items()
            if key[0] != os.getpid() and (key[0] in wanted or str(data) in command)}


def wait_until_ready(system, origin, log):
    """Seconds until the system says where its graph is, and answers there."""
    begin = time.monotonic()
    while f"{origin}/graphql" not in log.read_text(errors="replace"):
        if system.poll() is not None:
            raise Wrong(f"the system ended at once with {system.returncode}")
        if time.monotonic() - begin > START_SECONDS:
            raise Wrong(f"not ready after {START_SECONDS} s")
        time.sleep(0.05)
    Client(origin).data("{ viewer { id } }")
    return time.monotonic() - begin


def stop(system, data, port):
    before = belonging(system.pid, data)
    system.send_signal(signal.SIGINT)
    try:
        expect("the exit code after SIGINT", system.wait(STOP_SECONDS), 0)
    except subprocess.TimeoutExpired as late:
        raise Wrong(f"still running {STOP_SECONDS} s after SIGINT") from late
    left = {key: command for key, command in before.items() if key in processes()}
    left |= belonging(system.pid, data)
    if left:
        raise Wrong(f"processes left behind: {left}")
    for number in range(port, port + PORTS):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", number)) == 0:
                raise Wrong(f"something still listens on {number}")
    return len(before)


def main():
    program, data = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    port = free_ports()
    origin = f"http://127.0.0.1:{port}"
    log = data.with_suffix(".log")
    with log.open("wb") as out:
        system = subprocess.Popen([program, "--port", str(port), "--data-dir", data], stdin=subprocess.DEVNULL,
                                  stdout=out, stderr=subprocess.STDOUT, cwd=ROOT, env=environment())
    try:
        print(f"first answer after {wait_until_ready(system, origin, log):.1f} s")
        edges_of_the_origin(origin)
        reader, author, author_id = accounts(origin)
        timeline(reader, author, author_id)
        messages(origin, reader, author, author_id)
        demo(origin)
        readme_walk(origin)
        print(f"stopped with {stop(system, data, port)} processes, none left")
    except (Wrong, OSError, KeyError, TypeError, ValueError) as wrong:
        print(f"wrong: {wrong!r}" if not isinstance(wrong, Wrong) else f"wrong: {wrong}", file=sys.stderr)
        print(f"--- the log of the system\n{log.read_text(errors='replace')[-6000:]}", file=sys.stderr)
        return 1
    finally:
        if system.poll() is None:
            system.kill()
            system.wait()
        # A killed system leaves its PostgreSQL to the guard process; wait until that is done.
        begin = time.monotonic()
        while belonging(system.pid, data) and time.monotonic() - begin < STOP_SECONDS:
            time.sleep(0.1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
