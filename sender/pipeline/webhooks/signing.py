"""Signatures as Standard Webhooks has them: HMAC-SHA256 over id, timestamp and body.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence


def signature(secrets: Sequence[bytes], ident: str, timestamp: int, body: bytes) -> str:
    """The header ``webhook-signature``: one ``v1,`` entry for each secret, so that a secret can be changed in peace."""
    signed = f"{ident}.{timestamp}.".encode() + body
    digests = (hmac.new(secret, signed, hashlib.sha256).digest() for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def headers(secrets: Sequence[bytes], ident: str, now: float, body: bytes) -> dict[str, str]:
    """The headers of a request. The id stays the same however often an event is sent; the timestamp does not."""
    timestamp = int(now)
    return {
        "content-type": "application/json",
        "webhook-id": ident,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secrets, ident, timestamp, body),
    }
