"""Signatures of Standard Webhooks."""

import base64
import hashlib
import hmac

from sender.pipeline.webhooks.signing import headers, signature

# The example of the specification's reference libraries.
SECRET = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
IDENT, TIMESTAMP, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'


def test_the_signature_of_the_reference_libraries() -> None:
    assert signature([SECRET], IDENT, TIMESTAMP, BODY) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_is_changed_both_sign() -> None:
    first, second = signature([SECRET, b"x" * 24], IDENT, TIMESTAMP, BODY).split(" ")
    assert first == signature([SECRET], IDENT, TIMESTAMP, BODY)
    expected = hmac.new(b"x" * 24, f"{IDENT}.{TIMESTAMP}.".encode() + BODY, hashlib.sha256).digest()
    assert second == f"v1,{base64.b64encode(expected).decode()}"


def test_the_headers_of_a_request() -> None:
    made = headers([SECRET], IDENT, TIMESTAMP + 0.9, BODY)
    assert made["webhook-id"] == IDENT
    assert made["webhook-timestamp"] == str(TIMESTAMP)
    assert made["webhook-signature"] == signature([SECRET], IDENT, TIMESTAMP, BODY)
    assert made["content-type"] == "application/json"
