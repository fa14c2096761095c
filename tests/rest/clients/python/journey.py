"""What a script does, through the client that openapi-python-client generates: `journey.py ORIGIN`.

PYTHONPATH names the folder with the generated package `rookery`.
"""

import io
import json
import struct
import sys
import time
import urllib.error
import urllib.request
import zlib
from http import HTTPStatus

from rookery import AuthenticatedClient, Client
from rookery.api.auth import log_in, log_out, refresh_session, register
from rookery.api.conversations import list_conversations, mark_conversation_read, start_conversation
from rookery.api.feed import read_feed
from rookery.api.messages import list_mentions, list_messages, send_message
from rookery.api.posts import create_post, delete_post
from rookery.api.users import delete_avatar, find_users, follow_user, put_avatar, read_me, update_me
from rookery.models import (
    Delivery,
    LoginInput,
    MessageInput,
    PictureForm,
    PostInput,
    ProfileChanges,
    ReadInput,
    RegisterInput,
    SessionInput,
    StartInput,
)
from rookery.types import File

ORIGIN = sys.argv[1]
RUN = format(time.time_ns(), "x")
PASSWORD = "a long enough password"
ANYBODY = Client(base_url=ORIGIN)


def expect(what, actual, expected):
    if actual != expected:
        sys.exit(f"{what}: expected {expected!r}, got {actual!r}")


def ok(response, status):
    """The parsed body of an answer with this status."""
    if response.status_code != status:
        sys.exit(f"expected {status}, got {response.status_code}: {response.content.decode()}")
    return response.parsed


def refused(response, status):
    """The code of an error with this status."""
    return ok(response, status).error.code


class Person:
    def __init__(self, name):
        self.username = f"{name}_{RUN}"
        email = f"{self.username}@example.com"
        account = RegisterInput(email=email, username=self.username, password=PASSWORD)
        self.id = ok(register.sync_detailed(client=ANYBODY, body=account), HTTPStatus.CREATED).id
        login = LoginInput(email=email, password=PASSWORD, refresh_token_delivery=Delivery.BODY)
        session = ok(log_in.sync_detailed(client=ANYBODY, body=login), HTTPStatus.OK)
        self.refresh_token = session.refresh_token
        self.client = AuthenticatedClient(base_url=ORIGIN, token=session.access_token)


def png(width, height):
    """A red picture."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = (b"\0" + b"\xff\0\0" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def feed_and_pages(reader, author):
    ok(follow_user.sync_detailed(author.id, client=reader.client), HTTPStatus.CREATED)
    texts = ["first", "second", "third"]
    posts = [
        ok(create_post.sync_detailed(client=author.client, body=PostInput(text=text)), HTTPStatus.CREATED)
        for text in texts
    ]
    feed = ok(read_feed.sync_detailed(client=reader.client), HTTPStatus.OK)
    expect("the feed", [post.text for post in feed.items], texts[::-1])
    expect("its authors", {post.author.username for post in feed.items}, {author.username})
    first = ok(read_feed.sync_detailed(client=reader.client, page=1, page_size=2), HTTPStatus.OK)
    counted = ok(read_feed.sync_detailed(client=reader.client, page=2, page_size=2), HTTPStatus.OK)
    cursor = first.next_cursor
    continued = ok(read_feed.sync_detailed(client=reader.client, cursor=cursor, page_size=2), HTTPStatus.OK)
    expect("the second page", counted.items, continued.items)
    denied = delete_post.sync_detailed(posts[0].id, client=reader.client)
    expect("deleting somebody else's post", refused(denied, HTTPStatus.FORBIDDEN), "NOT_POST_AUTHOR")
    blank = create_post.sync_detailed(client=author.client, body=PostInput(text=" "))
    expect("a blank post", refused(blank, HTTPStatus.UNPROCESSABLE_ENTITY), "POST_TEXT_REQUIRED")


def messages(reader, author):
    body = StartInput(recipient_id=author.id)
    started = ok(start_conversation.sync_detailed(client=reader.client, body=body), HTTPStatus.CREATED)
    conversation = started.conversation_id
    body = MessageInput(text=f"Hello @{author.username}")
    sent = [
        ok(
            send_message.sync_detailed(conversation, client=reader.client, body=body, idempotency_key="k"),
            HTTPStatus.CREATED,
        )
        for _ in range(2)
    ]
    expect("the same message again", sent[0], sent[1])
    expect("who is mentioned", sent[0].mentions, [author.id])
    read = ok(list_messages.sync_detailed(conversation, client=author.client), HTTPStatus.OK)
    expect("the messages", read.items, sent[:1])
    body = ReadInput(message_id=sent[0].id)
    marked = mark_conversation_read.sync_detailed(conversation, client=author.client, body=body)
    expect("marking as read", marked.status_code, HTTPStatus.NO_CONTENT)
    inbox = ok(list_conversations.sync_detailed(client=author.client), HTTPStatus.OK)
    expect("the inbox", [(c.unread_count, c.other_participant.id) for c in inbox.items], [(0, reader.id)])
    mentions = ok(list_mentions.sync_detailed(client=author.client), HTTPStatus.OK)
    expect("the mentions", [mention.message for mention in mentions.items], sent[:1])


def profile_and_picture(person):
    changes = ProfileChanges(display_name="Reader", bio=None)
    me = ok(update_me.sync_detailed(client=person.client, body=changes), HTTPStatus.OK)
    expect("the profile", (me.display_name, me.bio, me.username), ("Reader", None, person.username))
    picture = png(600, 300)
    form = PictureForm(file=File(payload=io.BytesIO(picture), file_name="me.png", mime_type="image/png"))
    url = ok(put_avatar.sync_detailed(client=person.client, body=form), HTTPStatus.OK).avatar_url
    # The generator leaves out bodies that are pictures as they are.
    headers = {"authorization": f"Bearer {person.client.token}", "content-type": "image/png"}
    raw = urllib.request.Request(f"{ORIGIN}/api/users/me/avatar", data=picture, headers=headers, method="PUT")
    with urllib.request.urlopen(raw, timeout=30) as answer:
        first, url = url, json.load(answer)["avatar_url"]
    expect("whether an address is used again", first == url, False)
    expect("the address in the profile", ok(read_me.sync_detailed(client=person.client), HTTPStatus.OK).avatar_url, url)
    with urllib.request.urlopen(url, timeout=30) as answer:
        expect("the picture", answer.headers["content-type"], "image/jpeg")
        expect("how long it may be kept", answer.headers["cache-control"], "public, max-age=31536000, immutable")
        expect("how it begins", answer.read(3), b"\xff\xd8\xff")
        tag = answer.headers["etag"]
    again = urllib.request.Request(url, headers={"if-none-match": tag})
    try:
        with urllib.request.urlopen(again, timeout=30) as answer:
            sys.exit(f"the same picture again: {answer.status}")
    except urllib.error.HTTPError as answer:
        expect("the same picture again", answer.code, HTTPStatus.NOT_MODIFIED)
    gone = delete_avatar.sync_detailed(client=person.client)
    expect("taking it away", gone.status_code, HTTPStatus.NO_CONTENT)


def sessions(person):
    def refresh(token):
        return refresh_session.sync_detailed(client=ANYBODY, body=SessionInput(refresh_token=token))

    next_token = ok(refresh(person.refresh_token), HTTPStatus.OK).refresh_token
    ended = log_out.sync_detailed(client=ANYBODY, body=SessionInput(refresh_token=next_token))
    expect("logging out", ended.status_code, HTTPStatus.NO_CONTENT)
    expect("refreshing after that", refused(refresh(next_token), HTTPStatus.UNAUTHORIZED), "INVALID_REFRESH_TOKEN")


def main():
    reader, author = Person("reader"), Person("author")
    feed_and_pages(reader, author)
    messages(reader, author)
    profile_and_picture(reader)
    both = find_users.sync_detailed(client=ANYBODY, ids=[author.id, reader.id])
    expect("people by their ids", [user.id for user in ok(both, HTTPStatus.OK).items], [author.id, reader.id])
    sessions(reader)
    print("register, follow, post, feed, pages, messages, profile, picture, people, sessions")


main()
