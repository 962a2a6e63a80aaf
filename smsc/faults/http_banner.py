"""Another server on the port."""

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar, Final

from msgspec import Meta

from smsc.faults.actions import Action, Close, Write
from smsc.faults.base import AtStage, WireFault
from smsc.faults.chance import Draw
from smsc.faults.passing import Direction, Passing, Stage

_PAGE: Final = "<html><body><h1>{status}</h1></body></html>\n"
_ANSWER: Final = (
    "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{page}"
)


class HttpBanner(WireFault, frozen=True, kw_only=True, tag="http-banner"):
    """A web server or a proxy is on the port: the bind is answered in HTTP, and the connection closed."""

    example: ClassVar[str] = '{at: 30s, for: 10s, fault: http-banner, says: "503 Service Unavailable"}'
    stages: ClassVar[Mapping[Stage, Direction]] = {Stage.ACCEPT: Direction.OUT, Stage.BIND: Direction.IN}

    stage: AtStage = Stage.BIND
    says: Annotated[str, Meta(description="Status line", min_length=1, max_length=200)] = "400 Bad Request"

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """Answer and hang up; the bind is not understood."""
        page = _PAGE.format(status=self.says)
        answer = _ANSWER.format(status=self.says, length=len(page.encode()), page=page)
        return [Write(answer.encode(), to=Direction.OUT), Close()]
