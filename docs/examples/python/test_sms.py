# Python: pip install testcontainers pytest, and pytest. The image is the one that docker/Dockerfile builds.
import json
import os
import urllib.request

import pytest
from shop.sms import send  # your program
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy

IMAGE = os.environ.get("SMSC_IMAGE", "registry.example.com/qa/carrierlab:1.0")
TOKEN = "only-for-this-run"


@pytest.fixture(scope="session")
def smsc():
    container = DockerContainer(IMAGE).with_env("SMSC_TOKEN", TOKEN).with_exposed_ports(2775, 2780)
    with container.waiting_for(HttpWaitStrategy(2780, "/healthz")) as running:
        yield running


def ask(smsc, path, body):
    url = f"http://{smsc.get_container_host_ip()}:{smsc.get_exposed_port(2780)}{path}"
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def test_an_order_is_confirmed(smsc):
    send(smsc.get_container_host_ip(), int(smsc.get_exposed_port(2775)), "77011234567", "Your order 17 is ready")
    found = ask(smsc, "/api/messages/wait", {"filters": {"to": "77011234567", "text": "order 17"}, "timeout": 10})
    assert found["items"][0]["text"] == "Your order 17 is ready"
