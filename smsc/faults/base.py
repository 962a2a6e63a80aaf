"""What all faults have: the keys that say when they strike, and the one function that says what happens then."""

import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, ClassVar, TypeAlias

import msgspec
from msgspec import Meta

from smsc.faults.actions import Action
from smsc.faults.chance import Draw
from smsc.faults.passing import Direction, Passing, Stage
from smsc.scenario.latency import Fixed, Latency
from smsc.scenario.patterns import AddressPattern
from yamlmodel.scalars import Duration, Percent, Rate

Problems: TypeAlias = Iterable[tuple[tuple[str | int, ...], str]]
AtStage = Annotated[Stage, Meta(description="Where it strikes")]

# The way a fault looks at each stage when nothing else is said: where the PDU is that gives the stage its name.
OUTWARD: Mapping[Stage, Direction] = {
    Stage.BIND: Direction.OUT,
    Stage.SUBMIT: Direction.IN,
    Stage.RESPONSE: Direction.OUT,
    Stage.RECEIPT: Direction.OUT,
    Stage.ANY: Direction.OUT,
}
_NOTHING_PASSES = {(Stage.SUBMIT, Direction.OUT): "in", (Stage.RESPONSE, Direction.IN): "out"}


class Fault(msgspec.Struct, frozen=True, kw_only=True, tag_field="fault", tag=""):
    """A fault of whatever kind: what documentation and reports ask of it."""

    example: ClassVar[str] = ""
    """An entry of a timeline, as YAML."""
    standing: ClassVar[bool] = False
    """Declared for an operator, not in a timeline."""

    @property
    def tag(self) -> str:
        """The word for it in a scenario."""
        return str(self.__struct_config__.tag)

    def words(self) -> str:
        """The fault with what it says of itself, for logs and reports: "slice (size 1)"."""
        said = []
        for field in msgspec.structs.fields(self):
            value = getattr(self, field.name)
            if field.name not in _UNSAID and value != field.default:
                said.append(f"{field.encode_name} {_written(value)}")
        return f"{self.tag} ({', '.join(said)})" if said else self.tag

    def problems(self) -> Problems:
        """What the types of its keys cannot say."""
        return ()


# Said elsewhere, or not for logs.
_UNSAID = frozenset({"at", "after", "every", "when", "name", "for_", "operator", "from_", "until", "password"})


def _written(value: object) -> str:
    """A value about as it stands in a scenario."""
    match value:
        case Percent():
            return f"{value * 100:g}%"
        case Duration() | Fixed():
            return f"{value.seconds if isinstance(value, Fixed) else float(value):g}s"
        case Rate():
            return f"{float(value):g}/s"
        case Latency():
            parts = (f"{field} {getattr(value, field):g}" for field in value.__struct_fields__)
            return f"{type(value).__name__.lower()} {' '.join(parts)}"
        case enum.Enum():
            return str(value.value)
    return str(value)


class WireFault(Fault, frozen=True, kw_only=True, tag=""):
    """A fault of connections."""

    stages: ClassVar[Mapping[Stage, Direction]] = OUTWARD
    """Where it may strike, and which way what it looks at goes there."""
    shapes: ClassVar[bool] = False
    """It changes when and in what portions octets leave, not what they say: it works on top of the others."""

    stage: AtStage = Stage.ANY
    probability: Annotated[Percent, Meta(description="How often it strikes")] = Percent(1.0)
    account: (
        Annotated[AddressPattern, Meta(description="Only connections of these accounts", examples=["shop*"])] | None
    ) = None
    skip: Annotated[int, Meta(description="How many PDUs of a connection it lets pass first", ge=0)] = 0
    times: (
        Annotated[int, Meta(description="How often it strikes a connection at most; any number when omitted", ge=1)]
        | None
    ) = None

    def act(self, passing: Passing, draw: Draw) -> Sequence[Action] | None:
        """What happens to this instead of passing; None lets it pass, and counts as no strike."""
        raise NotImplementedError

    def watches(self) -> Direction:
        """Which way the octets go that it looks at."""
        return self.stages.get(self.stage, Direction.OUT)

    @property
    def looks_inbound(self) -> bool:
        """Whether it looks at what comes from the ESME."""
        return self.watches() is not Direction.OUT

    def meant_for(self, stage: Stage | None, direction: Direction) -> bool:
        """Whether this may be struck."""
        wanted = self.stage
        if wanted not in self.stages:
            return False
        if wanted is not stage and (wanted is not Stage.ANY or stage in (Stage.ACCEPT, Stage.CLOSE)):
            return False
        way = self.watches()
        return way is direction or way is Direction.BOTH

    def problems(self) -> Problems:
        """A fault strikes where it can."""
        if self.stage not in self.stages:
            known = ", ".join(stage.value for stage in self.stages)
            yield ("stage",), f'found "{self.stage.value}"; {self.tag} strikes at one of {known}'


class Directed(WireFault, frozen=True, kw_only=True, tag=""):
    """A fault that works in both directions alike."""

    direction: (
        Annotated[Direction, Meta(description="From the ESME, to it, or both; that of the stage when omitted")] | None
    ) = None

    def watches(self) -> Direction:
        """Which way the octets go that it looks at."""
        return self.direction or super().watches()

    def problems(self) -> Problems:
        """Where it strikes, something passes."""
        yield from super().problems()
        other = _NOTHING_PASSES.get((self.stage, self.direction)) if self.direction is not None else None
        if other is not None:
            yield ("direction",), f"at {self.stage.value} everything goes the other way; expected {other}, or no key"


def kind_of(fault: type[Fault]) -> str:
    """The word for a kind of fault."""
    return str(fault.__struct_config__.tag)
