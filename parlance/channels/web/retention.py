"""What the web chat forgets."""

import time

from parlance.channels.web.store import ConversationStore
from parlance.rasa.retention import Erased, Keeper


class WebChatKeeper(Keeper):
    """Forgets the web chat's side of conversations.

    Args:
        store: Of the server's thread, so that its calls, which are short, are made there.
        days: How long a conversation that nobody uses is kept.
    """

    def __init__(self, store: ConversationStore, days: float) -> None:
        self._store = store
        self._days = days

    async def find(self, erased: Erased) -> Erased:
        """The conversations of signed-in customers, and the pictures of conversations."""
        conversations = frozenset(self._store.of_owners(erased.emails))
        pictures = self._store.uploads_of(erased.conversations | conversations)
        return Erased(conversations=conversations, pictures=frozenset(pictures))

    async def of_others(self, erased: Erased) -> frozenset[str]:
        """Those that were sent in other conversations of the web chat."""
        return frozenset(self._store.uploads_elsewhere(erased.pictures, erased.conversations))

    async def forget(self, erased: Erased) -> None:
        """Remove conversations; whoever has one of them open gets a new one."""
        if erased.conversations:
            self._store.forget(erased.conversations)

    async def forget_old(self) -> None:
        """Remove those that nobody uses any more."""
        self._store.forget_unused(time.time() - self._days * 86_400)
