"""Messages as a test has them: a list that says what is in it."""

from __future__ import annotations

from carrierlab.api.values import Message


class Messages(list[Message]):
    """The messages that a test has seen, in the order they came."""

    @property
    def texts(self) -> list[str]:
        """Their texts."""
        return [message.text for message in self]

    @property
    def numbers(self) -> list[str]:
        """Whom they are for."""
        return [message.to for message in self]
