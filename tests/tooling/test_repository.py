"""Promises of the layout that no linter checks."""

import ast
import re
import stat
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("smppkit", "yamlmodel", "clikit", "webkit", "smsc", "sender", "carrierlab")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Every module or name that `path` imports, dotted."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_reactor_is_imported_where_each_program_begins(path: Path) -> None:
    if path.name not in ("cli.py", "reactor.py", "loop.py"):
        assert not {name for name in imports(path) if re.match(r"twisted\.internet\.(reactor|asyncioreactor)", name)}


def test_package_files_hold_a_docstring_only() -> None:
    for path in SOURCES:
        if path.name == "__init__.py":
            body = ast.parse(path.read_text()).body
            assert len(body) <= 1, path
            assert all(isinstance(node, ast.Expr) for node in body), path


def test_every_package_is_typed_and_in_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(PACKAGES)
    assert set(project["tool"]["importlinter"]["root_packages"]) == set(PACKAGES)
    for package in PACKAGES:
        assert (ROOT / package / "py.typed").is_file()


def test_scripts_are_executable() -> None:
    for path in (ROOT / ".ci" / "run", *(p for p in (ROOT / "scripts").iterdir() if p.suffix == "" and p.is_file())):
        assert path.stat().st_mode & stat.S_IXUSR, path
        assert path.read_text().startswith("#!"), path


def test_the_makefile_calls_scripts_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for script in re.findall(r"\b((?:scripts|loadtests)/[\w.]+)", makefile):
        assert (ROOT / script).is_file(), script
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony is not None
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert set(phony[1].split()) == targets


def test_ci_runs_what_the_readme_says() -> None:
    assert re.search(r"^make test\b", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert re.search(r"^make test$", (ROOT / "README.md").read_text(), re.MULTILINE)


def test_the_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_changelog_has_the_version_of_the_project() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## \[({re.escape(version)}|Unreleased)\]", changelog, re.MULTILINE)
