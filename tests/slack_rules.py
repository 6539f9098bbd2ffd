"""What Slack holds an app to: the scopes and events of ``deploy/slack/manifest.yml``, and the limits of its blocks."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

MANIFEST = YAML(typ="safe").load(Path(__file__).resolve().parents[1] / "deploy" / "slack" / "manifest.yml")

SCOPES = {
    "auth.test": None,
    "chat.postMessage": "chat:write",
    "chat.postEphemeral": "chat:write",
    "chat.update": "chat:write",
    "conversations.open": "im:write",
    "files.info": "files:read",
    "users.info": "users:read",
    "views.publish": None,
}
EVENT_SCOPES = {
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
}


class BadBlocks(Exception):
    pass


def granted(scope: str) -> bool:
    return scope in MANIFEST["oauth_config"]["scopes"]["bot"]


def is_subscribed(payload: dict[str, Any]) -> bool:
    """Whether an event is one that the manifest subscribes to; what is no event needs no subscription."""
    event = payload.get("event")
    if event is None:
        return True
    kinds = {"im": "message.im", "channel": "message.channels", "group": "message.groups"}
    name = kinds[event["channel_type"]] if event["type"] == "message" else event["type"]
    scope = EVENT_SCOPES[name]
    return name in MANIFEST["settings"]["event_subscriptions"]["bot_events"] and (scope is None or granted(scope))


def check_message(message: dict[str, Any]) -> None:
    if len(message.get("text") or "") > 40_000:
        raise BadBlocks("msg_too_long")
    check_blocks(message.get("blocks") or [])


def check_blocks(blocks: list[dict[str, Any]]) -> None:
    """Slack's own limits, from https://docs.slack.dev/reference/block-kit."""
    require(len(blocks) <= 50, "over 50 blocks")
    names = [block["block_id"] for block in blocks if "block_id" in block]
    require(len(names) == len(set(names)), f"block_id twice: {names}")
    require(all(len(name) <= 255 for name in names), "block_id too long")
    for block in blocks:
        kind = block["type"]
        if kind == "section":
            require(0 < len(block["text"]["text"]) <= 3000, f"section of {len(block['text']['text'])} characters")
        elif kind == "actions":
            require(0 < len(block["elements"]) <= 25, "actions")
            ids = [element["action_id"] for element in block["elements"]]
            require(len(ids) == len(set(ids)), "action_id twice")
        elif kind == "image":
            require(bool(block["image_url"] and block["alt_text"]), "image")
        else:
            require(kind in ("context", "context_actions", "divider", "header"), f"unknown block {kind}")
    for action in buttons_of(blocks):
        require(0 < len(action["text"]["text"]) <= 75, "button title")
        require(len(action.get("value", "")) <= 2000, "button value")


def require(condition: bool, problem: str) -> None:
    if not condition:
        raise BadBlocks(problem)


def buttons_of(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**element, "block_id": block.get("block_id")}
        for block in blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]
