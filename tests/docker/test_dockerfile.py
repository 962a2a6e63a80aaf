"""The files in docker/ hold together, as far as can be said without an engine."""

import json
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

import sender.commands.send
import smsc.commands.serve
from sender.config.file import SenderConfig
from webkit.address import DEFAULT_PORT
from yamlmodel.loader import load

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"


class Instruction(NamedTuple):
    keyword: str
    rest: str
    stage: int

    @property
    def argv(self) -> list[str]:
        """The words of an exec form; a shell form fails the test that asked."""
        words = json.loads(self.rest)
        assert isinstance(words, list)
        return words


def parse(text: str) -> list[Instruction]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    instructions: list[Instruction] = []
    stage = -1
    for line in joined.splitlines():
        keyword, rest = line.split(None, 1)
        stage += keyword == "FROM"
        instructions.append(Instruction(keyword, rest.strip(), stage))
    return instructions


@pytest.fixture(scope="module")
def dockerfile() -> list[Instruction]:
    return parse((DOCKER / "Dockerfile").read_text())


def only(instructions: list[Instruction], keyword: str, stage: int | None = None) -> list[Instruction]:
    return [i for i in instructions if i.keyword == keyword and stage in (None, i.stage)]


def last_stage(instructions: list[Instruction]) -> int:
    return instructions[-1].stage


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps `path` from the build: the last pattern that matches decides."""
    verdict = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip().removeprefix("!").removeprefix("**/")
        if pattern.startswith("#") or not pattern:
            continue
        parents = [path, *(str(parent) for parent in Path(path).parents)]
        names = [Path(path).name] if "**/" in line else parents
        if any(fnmatch(name, pattern) for name in names):
            verdict = not line.startswith("!")
    return verdict


def test_every_base_image_is_pinned_and_slim(dockerfile: list[Instruction]) -> None:
    for instruction in only(dockerfile, "FROM"):
        image = instruction.rest.split()[0]
        name, _, tag = image.partition(":")
        assert "/" not in name, f"{image} names a registry"
        assert tag not in ("", "latest")
        assert tag.endswith("-slim-bookworm")


def test_the_base_is_a_python_we_support(dockerfile: list[Instruction]) -> None:
    for instruction in only(dockerfile, "FROM"):
        version = instruction.rest.split(":")[1].split("-")[0]
        assert version in {"3.11", "3.12", "3.13"}


def test_it_is_built_in_one_stage_and_run_in_another(dockerfile: list[Instruction]) -> None:
    assert len(only(dockerfile, "FROM")) == 2
    assert any("--from=build" in i.rest for i in only(dockerfile, "COPY", last_stage(dockerfile)))


def test_it_does_not_run_as_root(dockerfile: list[Instruction]) -> None:
    users = only(dockerfile, "USER", last_stage(dockerfile))
    assert users[-1].rest.split(":")[0] not in {"0", "root"}
    after = dockerfile[dockerfile.index(users[-1]) :]
    assert not only(after, "RUN"), "what follows USER needs no rights"


def test_packages_come_from_the_lock_with_hashes(dockerfile: list[Instruction]) -> None:
    installs = [i.argv for i in only(dockerfile, "RUN", 0) if "install" in i.rest]
    assert installs
    for argv in installs:
        hashed = "--require-hashes" in argv and "requirements.lock" in argv
        local = "--no-index" in argv and "--no-deps" in argv
        assert hashed or local, argv
        assert "--no-cache-dir" in argv


def test_what_is_copied_exists_and_is_not_ignored(dockerfile: list[Instruction]) -> None:
    for instruction in only(dockerfile, "COPY"):
        words = instruction.rest.split()
        if words[0].startswith("--from="):
            continue
        for source in words[:-1]:
            assert (ROOT / source).exists(), source
            assert not ignored(source), source


def test_every_package_of_the_wheel_is_copied(dockerfile: list[Instruction]) -> None:
    copied = {word for i in only(dockerfile, "COPY", 0) for word in i.rest.split()[:-1]}
    packages = {path.parent.name for path in ROOT.glob("*/py.typed")}
    assert len(packages) >= 5
    assert packages <= copied


def test_secrets_and_stores_do_not_reach_the_build() -> None:
    for path in ("sender.yaml", ".env", "campaign.sqlite", ".git", ".venv", "smsc/journal.sqlite"):
        assert ignored(path), path


def test_nothing_is_fetched_but_by_the_lock(dockerfile: list[Instruction]) -> None:
    assert not only(dockerfile, "ADD")
    for instruction in only(dockerfile, "RUN"):
        for tool in ("curl", "wget", "apt-get", "sudo", "chmod 777"):
            assert tool not in instruction.rest


def served(directory: Path, environment: dict[str, str], *arguments: str) -> list[str]:
    """The words after `smsc serve` with which docker/serve.sh calls it."""
    stub = directory / "smsc"
    stub.write_text("""#!/bin/sh\nprintf '%s\\n' "$@"\n""")
    stub.chmod(0o755)
    environment = {"PATH": f"{directory}:/usr/bin:/bin", **environment}
    command = ["sh", str(DOCKER / "serve.sh"), *arguments]
    verb, *options = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.split()
    assert verb == "serve"
    return options


def test_the_default_is_smsc_serve_with_a_journal_on_the_volume(dockerfile: list[Instruction], tmp_path: Path) -> None:
    (command,) = only(dockerfile, "CMD")
    shell, script = command.argv
    assert shell == "sh"
    assert script in copied(dockerfile)
    context = smsc.commands.serve.serve.make_context("serve", served(tmp_path, {}))
    volume = only(dockerfile, "VOLUME")[0].argv[0]
    assert str(context.params["journal"]).startswith(f"{volume}/")
    assert context.params["host"] == "0.0.0.0"  # noqa: S104 # inside a container all its interfaces are meant
    assert str(context.params["port"]) == only(dockerfile, "EXPOSE")[0].rest.split()[0]


def test_the_control_api_leaves_the_container_only_with_a_token(dockerfile: list[Instruction], tmp_path: Path) -> None:
    assert "--http" not in served(tmp_path, {})
    assert "--http" not in served(tmp_path, {"SMSC_TOKEN": ""})
    with_token = smsc.commands.serve.serve.make_context("serve", served(tmp_path, {"SMSC_TOKEN": "t"}, "--commands"))
    assert with_token.params["http"] == "0.0.0.0:" + only(dockerfile, "EXPOSE")[0].rest.split()[1]
    assert with_token.params["commands"] is True


def copied(dockerfile: list[Instruction]) -> dict[str, Path]:
    """The files of the repository in the image, by their place there."""
    places: dict[str, Path] = {}
    for instruction in only(dockerfile, "COPY", last_stage(dockerfile)):
        *sources, target = instruction.rest.split()
        places |= {target + Path(it).name if target.endswith("/") else target: ROOT / it for it in sources}
    return places


def test_health_is_checked_by_a_script_that_is_in_the_image(dockerfile: list[Instruction]) -> None:
    (check,) = only(dockerfile, "HEALTHCHECK")
    options, _, command = check.rest.partition("CMD ")
    assert "--interval=" in options
    assert "--timeout=" in options
    python, script, _host, port = json.loads(command)
    assert python == "python"
    assert copied(dockerfile)[script].is_file()
    assert port == only(dockerfile, "EXPOSE")[0].rest.split()[0]


def test_stopping_is_graceful(dockerfile: list[Instruction]) -> None:
    assert only(dockerfile, "STOPSIGNAL")[0].rest == "SIGTERM"


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, object]]:
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())["services"]


def test_compose_has_the_emulator_and_the_sender_on_request(services: dict[str, dict]) -> None:
    assert set(services) == {"smsc", "sender"}
    assert services["sender"]["profiles"] == ["sender"]
    assert "profiles" not in services["smsc"]
    assert services["sender"]["depends_on"] == {"smsc": {"condition": "service_healthy"}}


def test_compose_builds_our_dockerfile(services: dict[str, dict]) -> None:
    build = services["smsc"]["build"]
    assert (DOCKER / build["context"] / build["dockerfile"]).samefile(DOCKER / "Dockerfile")
    assert services["sender"]["image"] == services["smsc"]["image"]


def test_compose_publishes_on_the_local_interface_only(services: dict[str, dict]) -> None:
    for service in services.values():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:")


def test_compose_asks_for_a_token_and_serves_the_control_api(services: dict[str, dict]) -> None:
    environment = services["smsc"]["environment"]
    assert services["smsc"]["ports"][1] == f"127.0.0.1:{DEFAULT_PORT}:{DEFAULT_PORT}"
    assert environment["SMSC_TOKEN"].startswith("${SMSC_TOKEN:?")


def test_compose_takes_rights_away(services: dict[str, dict]) -> None:
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert "privileged" not in service


def test_compose_mounts_what_exists(services: dict[str, dict]) -> None:
    named = yaml.safe_load((DOCKER / "compose.yaml").read_text())["volumes"]
    for service in services.values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (DOCKER / source).exists(), source
            else:
                assert source in named


def test_the_example_campaign_of_compose_is_valid(services: dict[str, dict]) -> None:
    program, verb, *options = services["sender"]["command"]
    assert (program, verb) == ("sender", "send")
    volumes = [volume.split(":") for volume in services["sender"]["volumes"]]
    mounted = {inside: DOCKER / outside for outside, inside, *_ in volumes if outside.startswith(".")}
    local = [localize(option, mounted) for option in options]
    context = sender.commands.send.send.make_context("send", local)
    assert context.params
    config = load(DOCKER / "sender.yaml", SenderConfig)
    assert config.operators["emulator"].host in services


def localize(option: str, mounted: dict[str, Path]) -> str:
    """`option` with a path inside the container replaced by the file that is mounted there."""
    for inside, outside in mounted.items():
        option = option.replace(f"={inside}", f"={outside}")
    return option
