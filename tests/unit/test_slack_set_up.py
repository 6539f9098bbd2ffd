"""Options, manifest and documentation of the Slack channel agree with its code."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from rasa.shared.exceptions import InvalidConfigException

from parlance.channels.slack import SlackChannel
from parlance.channels.slack.incoming import Place, read_command, read_event, read_interaction
from parlance.channels.slack.options import SlackOptions, SlackTexts
from tests.slack_rules import EVENT_SCOPES, MANIFEST, SCOPES

ROOT = Path(__file__).resolve().parents[2]
CODE = "\n".join(path.read_text() for path in (ROOT / "parlance/channels/slack").glob("*.py"))
PAGE = (ROOT / "docs" / "slack.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"):
        monkeypatch.delenv(variable, raising=False)


# --- manifest ---------------------------------------------------------------------------------------------------------


def test_the_manifest_asks_for_the_scopes_that_the_code_needs_and_no_others() -> None:
    methods = set(re.findall(r'"((?:auth|chat|conversations|files|users|views)\.\w+)"', CODE))
    assert methods == SCOPES.keys()

    needed = {scope for scope in (*SCOPES.values(), *EVENT_SCOPES.values()) if scope}
    needed |= {"commands", "users:read.email"}
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == needed


def test_the_manifest_subscribes_to_the_events_that_the_code_reads() -> None:
    settings = MANIFEST["settings"]
    assert set(settings["event_subscriptions"]["bot_events"]) == EVENT_SCOPES.keys()
    assert settings["interactivity"]["is_enabled"] and settings["socket_mode_enabled"]

    message = {"user": "U1", "ts": "1.0", "text": "hi"}
    delivered = {
        "app_home_opened": {"type": "app_home_opened", "user": "U1", "tab": "home"},
        "app_mention": {"type": "app_mention", "channel": "C1", **message},
        "message.channels": {"type": "message", "channel": "C1", "thread_ts": "0.9", **message},
        "message.groups": {"type": "message", "channel": "G1", "thread_ts": "0.9", **message},
        "message.im": {"type": "message", "channel": "D1", "channel_type": "im", **message},
    }
    assert delivered.keys() == EVENT_SCOPES.keys()
    for name, event in delivered.items():
        assert read_event({"event_id": "Ev1", "event": event}) is not None, name


def test_the_manifest_has_the_command_and_the_tabs_of_the_apps_home() -> None:
    features = MANIFEST["features"]
    (command,) = features["slash_commands"]
    form = {"command": command["command"], "user_id": "U1", "trigger_id": "1.1", "text": command["usage_hint"]}

    assert read_command(form) is not None
    assert f"`{command['command']}" in PAGE
    assert features["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }


def test_the_manifest_becomes_one_for_http_by_its_comments() -> None:
    text = (ROOT / "deploy/slack/manifest.yml").read_text()

    assert len(re.findall(r"# (?:request_)?url: https://example.com/webhooks/slack/webhook$", text, re.MULTILINE)) == 3
    assert SlackChannel.name() == "slack"


# --- options ----------------------------------------------------------------------------------------------------------


def test_every_option_is_documented_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", PAGE, re.MULTILINE))
    assert rows.keys() == {option.name for kind in (SlackOptions, SlackTexts) for option in fields(kind)}

    for option in fields(SlackOptions):
        default, stated = getattr(SlackOptions(), option.name), rows[option.name].strip("`")
        if isinstance(default, (bool, int, float, str)) and default != "":
            assert stated == (f"{default:g}" if isinstance(default, float) else str(default).lower()), option.name


def test_the_shipped_credentials_hold_the_channel_and_no_secret() -> None:
    from rasa.core.run import create_http_input_channels

    channels = create_http_input_channels(None, str(ROOT / "credentials.yml"))
    (slack,) = [channel for channel in channels if isinstance(channel, SlackChannel)]

    assert not slack.options.is_active


def test_secrets_come_from_the_environment_unless_the_file_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-environment")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-environment")

    options = SlackOptions.from_credentials({"app_token": "xapp-file"})
    assert (options.bot_token, options.app_token) == ("xoxb-environment", "xapp-file")


@pytest.mark.parametrize(
    ("credentials", "problem"),
    [
        ({"mode": "carrier pigeon"}, "mode: socket"),
        ({"slack_token": "x"}, "bot_token"),
        ({"texts": {"sorry": "x"}}, "apology"),
        ({"texts": {"too_many": "Wait for {second} seconds."}}, "too_many.*{seconds}"),
        ({"texts": {"apology": "Sorry {"}}, "apology.*without braces"),
        ({"texts": {"thanks": 3}}, "thanks"),
        ({"bot_token": "xoxb-1"}, "SLACK_APP_TOKEN"),
        ({"bot_token": "xoxb-1", "mode": "http"}, "SLACK_SIGNING_SECRET"),
        ({"messages_per_minute": 0}, "above 0"),
        ({"upload_limit_mb": "ten"}, "above 0"),
        ({"deliveries": "nowhere"}, "database URL"),
        ({"identity": "shop.identity.unmint"}, "package.module.function"),
        ({"identity": "mint"}, "package.module.function"),
    ],
    ids=str,
)
def test_a_mistake_in_the_credentials_says_what_to_do(credentials: dict[str, object], problem: str) -> None:
    with pytest.raises(InvalidConfigException, match=problem):
        SlackChannel.from_credentials(credentials)


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [Place("D1"), Place("C1", "1700000000.000100", "U1")], ids=str)
def test_a_conversations_id_says_where_it_is_held(place: Place) -> None:
    assert Place.of_conversation(place.conversation_id) == place


@pytest.mark.parametrize("name", ["default", "slack", "slack-C1-1.0", "web-D1"])
def test_other_conversations_are_not_taken_for_slacks(name: str) -> None:
    with pytest.raises(ValueError, match="no conversation in Slack"):
        Place.of_conversation(name)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"type": "view_submission", "user": {"id": "U1"}},
        {"type": "block_actions", "user": {"id": "U1"}, "actions": []},
        {
            "type": "block_actions",
            "user": {"id": "U1"},
            "channel": {"id": "D1"},
            "actions": [{"type": "button", "block_id": "somebody_elses", "value": "x"}],
        },
        {
            "type": "block_actions",
            "user": {"id": "U1"},
            "channel": {"id": "D1"},
            "actions": [{"type": "button", "block_id": "reply..0", "value": "x", "url": "https://shop.example"}],
        },
    ],
)
def test_interactions_that_ask_for_nothing_are_left(payload: dict[str, object]) -> None:
    assert read_interaction(payload) is None
