"""What routes are given, by the names of their arguments: `control: GivenControl`, `asked: GivenQuery`."""

from __future__ import annotations

from litestar.di import NamedDependency

from smsc.control.control import Control
from smsc.control.query import Query
from smsc.control.security import Policy

GivenControl = NamedDependency[Control]
GivenQuery = NamedDependency[Query]
GivenPolicy = NamedDependency[Policy]
