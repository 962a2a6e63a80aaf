"""The options of ``smsc serve`` that say where the control API is, and what it asks for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from smsc.commands.refusing import UNAVAILABLE, UNUSABLE, refuse

if TYPE_CHECKING:
    from smsc.control.serving import ControlServer


def listening_on(http: str | None, token_file: Path | None) -> ControlServer:
    """What listens where `--http` says, or at the usual place; ends the program when that cannot be."""
    from smsc.commands.running import not_listening
    from smsc.control.serving import ControlError, listen, read_token
    from webkit.address import HttpAddress

    try:
        address = HttpAddress(any_if_taken=True) if http is None else HttpAddress.parse(http)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--http") from None
    try:
        return listen(address, read_token(token_file))
    except ControlError as error:
        refuse(str(error), UNUSABLE)
    except OSError as error:
        refuse(not_listening(address.host, address.port, error), UNAVAILABLE)
