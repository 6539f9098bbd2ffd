"""What ``credentials.yml`` may say about the Slack channel."""

from dataclasses import dataclass, field, fields
from string import Formatter
from typing import ClassVar

from parlance.channels.core.feedback import FEEDBACK_DATABASE
from parlance.channels.core.options import ChannelOptions, one_of, secret
from parlance.errors import ParlanceError

NEEDED = {"socket": ("bot_token", "app_token"), "http": ("bot_token", "signing_secret")}


@dataclass(frozen=True)
class SlackTexts(ChannelOptions):
    """What the channel says itself. ``{...}`` is filled in."""

    channel: ClassVar[str] = "The Slack channel"
    kind: ClassVar[str] = "text"

    apology: str = "Sorry, something went wrong on my side. Please try again in a moment."
    set_aside: str = (
        "I'm sorry, something in your last message keeps going wrong on my side, so I have set it aside. "
        "Please say it in other words."
    )
    too_many: str = "That was a lot of messages at once. Please give me {seconds} seconds, then write again."
    too_long: str = "That message is too long for me: please keep it under {limit} characters."
    empty: str = "I'm here. What can I do for you?"
    not_a_picture: str = "I can only look at pictures: JPEG, PNG, GIF or WebP."
    too_large: str = "That picture is too large for me: please keep it under {limit} MB."
    too_many_files: str = "I look at {limit} pictures at a time; please send the others after these."
    file_unavailable: str = "I could not open that file. Please upload it here once more."
    not_yours: str = "These buttons are for somebody else. Mention me, and I'll help you, too."
    thanks: str = "Thank you for telling me."
    answered_privately: str = "I've answered you in <#{channel}>, where only you can see it."
    command_usage: str = "Write what it is about after the command, for example: {command} where is my order?"
    asked: str = "You asked: {text}"
    home: str = "Hello! Write to me under *Messages*."

    def check(self) -> None:
        """What else has to hold: each text can be filled in."""
        for name, text in ((option.name, getattr(self, option.name)) for option in fields(self)):
            blanks = {blank: "" for _, blank, _, _ in Formatter().parse(getattr(SlackTexts, name)) if blank}
            try:
                text.format(**blanks)
            except (LookupError, ValueError) as error:
                allowed = " and ".join(f"{{{blank}}}" for blank in blanks)
                raise ParlanceError(
                    f"The Slack channel's text '{name}' cannot be filled in: {text!r}.",
                    f"Write a text{f' with {allowed} where that belongs' if blanks else ' without braces'}.",
                ) from error


@dataclass(frozen=True)
class SlackOptions(ChannelOptions):
    """Options of the channel.

    Attributes:
        mode: ``socket`` (Slack is called, so that no public address is needed) or ``http`` (Slack calls).
        bot_token: ``xoxb-...``; ``SLACK_BOT_TOKEN`` where it is not given.
        app_token: ``xapp-...``, for Socket Mode; ``SLACK_APP_TOKEN`` where it is not given.
        signing_secret: For HTTP; ``SLACK_SIGNING_SECRET`` where it is not given.
        deliveries: SQLAlchemy URL of the database that each delivery is stored in until it is answered.
        messages_per_minute: What one person may send.
        message_limit: Characters of one message.
        answer_seconds: How long an answer may take; then there is an apology, and the next message has its turn.
        uploads: Folder for pictures.
        upload_days: How long a picture is kept.
        upload_limit_mb: Megabytes of one picture.
        feedback: Whether answers carry thumbs up and down.
        feedback_database: SQLAlchemy URL of the database that thumbs are kept in.
        home_response: The response of the domain that greets in the app's home tab.
        identity: ``module.function`` that signs who somebody is; see ``users.Mint``. None: nobody is recognised.
        api_url: Where Slack's Web API is.
        proxy: HTTP proxy for calls to Slack.
        texts: What the channel says itself; see ``SlackTexts``.
    """

    channel: ClassVar[str] = "The Slack channel"

    mode: str = one_of(*NEEDED, default="socket")
    bot_token: str = secret("SLACK_BOT_TOKEN")
    app_token: str = secret("SLACK_APP_TOKEN")
    signing_secret: str = secret("SLACK_SIGNING_SECRET")
    deliveries: str = "sqlite:///.rasa/slack-deliveries.db"
    messages_per_minute: int = 20
    message_limit: int = 4000
    answer_seconds: float = 60.0
    uploads: str = "uploads"
    upload_days: float = 365.0
    upload_limit_mb: float = 10.0
    feedback: bool = True
    feedback_database: str = FEEDBACK_DATABASE
    home_response: str = "utter_greet"
    identity: str | None = None
    api_url: str = "https://slack.com/api/"
    proxy: str | None = None
    texts: SlackTexts = field(default_factory=SlackTexts)

    @property
    def is_active(self) -> bool:
        """Whether there is a workspace to talk to."""
        return bool(self.bot_token)

    def check(self) -> None:
        """What else has to hold: the mode has its secrets."""
        variables = {option.name: option.metadata.get("variable") for option in fields(self)}
        missing = [str(variables[name]) for name in NEEDED[self.mode] if not getattr(self, name)]
        if self.is_active and missing:
            remedy = f"Set {' and '.join(missing)}; docs/slack.md says where Slack shows it."
            raise ParlanceError(f"The Slack channel in mode '{self.mode}' lacks a secret.", remedy)
