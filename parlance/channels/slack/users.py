"""Who somebody in Slack is to the shop: the e-mail address that their workspace has confirmed."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from parlance.channels.slack.web_api import SlackWeb
from parlance.errors import ParlanceError

PROFILE_SECONDS = 600.0
PROFILES = 1000
TOKEN_SECONDS = 300.0

Mint = Callable[[str, str, str, float], str | None]
"""From e-mail address, name, channel and lifetime in seconds to a signed token, or None where none can be made."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Profile:
    """What is known of somebody; ``email`` is empty unless it is confirmed and of this workspace."""

    name: str = ""
    email: str = ""


class SlackUsers:
    """Profiles, kept for ten minutes, and the tokens made of them."""

    def __init__(self, web: SlackWeb, mint: Mint | None) -> None:
        self._web = web
        self._mint = mint
        self._profiles: OrderedDict[str, tuple[float, Profile]] = OrderedDict()

    async def profile(self, user: str) -> Profile:
        """Somebody's profile; an empty one where Slack does not tell."""
        now = time.monotonic()
        known = self._profiles.get(user)
        if known and now < known[0]:
            return known[1]
        try:
            profile = await self._look_up(user)
        except ParlanceError as error:
            logger.warning("%s", error)
            return Profile()
        self._profiles[user] = (now + PROFILE_SECONDS, profile)
        self._profiles.move_to_end(user)
        if len(self._profiles) > PROFILES:
            self._profiles.popitem(last=False)
        return profile

    async def _look_up(self, user: str) -> Profile:
        details = (await self._web.call("users.info", user=user))["user"]
        profile = details.get("profile") or {}
        name = profile.get("display_name") or profile.get("real_name") or details.get("real_name") or ""
        team = (await self._web.me()).get("team_id")
        # Guests from another workspace carry an address that this one has not confirmed.
        is_known = details.get("team_id") == team and details.get("is_email_confirmed") and not details.get("is_bot")
        return Profile(name, profile.get("email") or "" if is_known else "")

    async def token(self, user: str) -> str | None:
        """A signed identity token for five minutes; None where somebody is not recognised."""
        if self._mint is None:
            return None
        profile = await self.profile(user)
        return self._mint(profile.email, profile.name, "slack", TOKEN_SECONDS) if profile.email else None
