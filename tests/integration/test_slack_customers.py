"""Who writes in Slack, and what: customers, pictures, and messages that are empty, too long or too many."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.integration.slack_workspace import Workspace
from tests.slack_people import User
from tests.slack_server import SlackServer


def png() -> bytes:
    written = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(written, "PNG")
    return written.getvalue()


PNG = png()


def test_the_customer_behind_a_direct_message_is_recognised(
    workspace: Workspace, slack: SlackServer, ada: User
) -> None:
    for _ in range(2):
        assert workspace.answers(ada, "do who_am_i")[0]["text"] == "Ada, ada@example.com"

    asked = [call for call in slack.calls if call.method == "users.info" and call.arguments["user"] == ada.id]
    assert len(asked) == 1


@pytest.mark.parametrize("details", [{"is_email_confirmed": False}, {"team": "T0OTHER"}, {"email": ""}], ids=str)
def test_an_address_that_this_workspace_has_not_confirmed_is_nobodys(
    workspace: Workspace, slack: SlackServer, details: dict[str, Any]
) -> None:
    mallory = slack.user("Mallory", **{"email": "ada@example.com", **details})

    assert workspace.answers(mallory, "do who_am_i")[0]["text"] == "nobody I know"


def test_nobody_is_recognised_where_others_read_along(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    channel = slack.channel()
    slack.deliver(workspace.url, slack.mention_event(ada, channel, "do who_am_i"))

    assert workspace.new_posts(channel, 0)[0]["text"] == "nobody I know"


def test_a_picture_is_stored_and_given_to_the_conversation(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    file = slack.file(PNG, "../../broken vase.png", mimetype="image/png")
    said, photo = workspace.answers(ada, "it is broken", 2, subtype="file_share", files=[file])

    assert said["text"] == "You said: it is broken"
    _, upload, kind, name = photo["text"].split(" ", 3)
    assert (kind, name) == ("image/png", "broken vase.png")
    stored = workspace.uploads / upload
    with Image.open(stored) as picture:
        assert (picture.format, picture.size) == ("PNG", (8, 8))
    (user,) = [
        event for event in workspace.events(f"slack-{slack.direct(ada)}") if "send_photo" in str(event.get("text"))
    ]
    assert user["metadata"]["attachment"] == {"id": upload, "name": name, "type": kind, "size": stored.stat().st_size}
    assert user["metadata"]["client"] == f"slack {ada.id}"


def test_a_picture_without_details_is_looked_up(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    known = slack.file(PNG, "vase.png")
    shared = {"id": known["id"], "file_access": "check_file_info"}
    (answer,) = workspace.answers(ada, "", subtype="file_share", files=[shared])

    assert "image/png" in answer["text"]


@pytest.mark.parametrize(
    ("data", "details", "expected"),
    [
        (b"MZ\x90\x00 a program", {"name": "photo.png", "mimetype": "image/png"}, "JPEG, PNG, GIF or WebP"),
        (b"<svg onload='alert(1)'/>", {"name": "photo.svg"}, "JPEG, PNG, GIF or WebP"),
        (b"", {"name": "empty.png"}, "JPEG, PNG, GIF or WebP"),
        (PNG + bytes(11_000_000), {"name": "big.png"}, "under 10 MB"),
        (PNG + bytes(11_000_000), {"name": "big.png", "size": 100}, "under 10 MB"),
        (PNG, {"name": "huge.png", "size": 10**12}, "under 10 MB"),
        (PNG, {"name": "x.png", "url_private_download": "https://drive.example/x.png"}, "could not open"),
        (PNG, {"name": "x.png", "url_private_download": "http://127.0.0.1.evil.example/x.png"}, "could not open"),
    ],
    ids=["program", "SVG", "empty", "too large", "larger than said", "said to be huge", "external", "another host"],
)
def test_a_file_that_is_no_small_picture_is_refused_kindly(
    workspace: Workspace, slack: SlackServer, ada: User, data: bytes, details: dict[str, Any], expected: str
) -> None:
    before = set(workspace.uploads.glob("*"))
    file = slack.file(data, **details)
    (answer,) = workspace.answers(ada, "", subtype="file_share", files=[file])

    assert expected in answer["text"]
    assert set(workspace.uploads.glob("*")) == before


def test_more_pictures_than_one_message_may_have_are_put_off(
    workspace: Workspace, slack: SlackServer, ada: User
) -> None:
    files = [slack.file(PNG, f"{number}.png") for number in range(7)]
    answers = workspace.answers(ada, "", 6, subtype="file_share", files=files)

    assert ["image/png" in answer["text"] for answer in answers] == [True] * 5 + [False]


@pytest.mark.parametrize(("text", "expected"), [("", "What can I do for you?"), ("x" * 4001, "under 4,000 characters")])
def test_an_empty_or_overlong_message_is_answered_kindly(
    workspace: Workspace, ada: User, text: str, expected: str
) -> None:
    assert expected in workspace.answers(ada, text)[0]["text"]


def test_a_bare_mention_is_answered_kindly(workspace: Workspace, slack: SlackServer, ada: User) -> None:
    channel = slack.channel()
    slack.deliver(workspace.url, slack.mention_event(ada, channel, ""))

    assert "What can I do for you?" in workspace.new_posts(channel, 0)[0]["text"]


def test_whoever_sends_too_much_is_asked_once_to_wait(
    workspace: Workspace, slack: SlackServer, ada: User, bob: User
) -> None:
    channel = slack.direct(ada)
    for number in range(25):
        assert workspace.write(ada, channel, f"number {number}").status == 200
    posts = workspace.new_posts(channel, 0, 21)
    workspace.settle(bob)

    assert [post["text"] for post in posts[:20]] == [f"You said: number {number}" for number in range(20)]
    assert "That was a lot of messages" in posts[20]["text"]
    assert len(slack.posted(channel)) == 21
