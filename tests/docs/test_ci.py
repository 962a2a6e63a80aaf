"""The recipes of docs/ci.md: well-formed for the CI that they are for, and every command of ours in them is one."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import yaml

from tests.docs.blocks import ROOT, Block
from tests.docs.test_examples import PROGRAMS, parse

CI = ROOT / "docs" / "examples" / "ci"
IMAGE = "registry.example.com/qa/carrierlab:1.0"

# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
GITHUB_JOB = {
    "name", "permissions", "needs", "if", "runs-on", "environment", "concurrency", "outputs", "env", "defaults",
    "steps", "timeout-minutes", "strategy", "continue-on-error", "container", "services", "uses", "with", "secrets",
}  # fmt: skip
GITHUB_STEP = {"id", "if", "name", "uses", "run", "working-directory", "shell", "with", "env", "timeout-minutes"}
GITHUB_STEP |= {"continue-on-error"}
GITHUB_CONTAINER = {"image", "credentials", "env", "ports", "volumes", "options"}
# https://docs.gitlab.com/ci/yaml/
GITLAB_JOB = {
    "after_script", "allow_failure", "artifacts", "before_script", "cache", "coverage", "dependencies", "environment",
    "extends", "image", "interruptible", "needs", "parallel", "resource_group", "retry", "rules", "script", "secrets",
    "services", "stage", "tags", "timeout", "variables", "when",
}  # fmt: skip
GITLAB_SERVICE = {"name", "alias", "entrypoint", "command", "docker", "pull_policy", "variables"}
GITLAB_ARTIFACTS = {"paths", "exclude", "expire_in", "expose_as", "name", "public", "reports", "untracked", "when"}
# https://www.jenkins.io/doc/book/pipeline/syntax/ and the steps of pipeline, junit and core
JENKINS = {
    "pipeline", "agent", "docker", "options", "environment", "stages", "stage", "steps", "post", "always", "label",
    "image", "registryUrl", "registryCredentialsId", "reuseNode", "timeout", "buildDiscarder", "sh", "junit",
    "archiveArtifacts",
}  # fmt: skip


def github() -> dict[str, Any]:
    return yaml.safe_load((CI / "github.yml").read_text())["jobs"]


def gitlab() -> dict[str, Any]:
    recipe = yaml.safe_load((CI / "gitlab-ci.yml").read_text())
    return {name: job for name, job in recipe.items() if name not in ("stages", "default")}


def jenkinsfile() -> str:
    return (CI / "Jenkinsfile").read_text()


def github_commands() -> list[str]:
    return [step["run"] for job in github().values() for step in job["steps"] if "run" in step]


def gitlab_commands() -> list[str]:
    return [line for job in gitlab().values() for line in job["script"]]


def jenkins_commands() -> list[str]:
    quoted = re.findall(r"sh '''(.*?)'''|sh '(.*?)'$", jenkinsfile(), re.MULTILINE | re.DOTALL)
    return [(many or one).replace("\\\n", " ") for many, one in quoted]


def ours(script: str) -> list[list[str]]:
    words = [shlex.split(line) for line in script.splitlines() if re.match(r"\s*(carrierlab|smsc|sender) ", line)]
    return [[word.replace("$SCENARIO", "quickstart") for word in line] for line in words]


SCRIPTS = {"github": github_commands(), "gitlab": gitlab_commands(), "jenkins": jenkins_commands()}


@pytest.mark.parametrize("ci", SCRIPTS)
def test_every_command_of_ours_is_one(ci: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    lines = [line for script in SCRIPTS[ci] for line in ours(script)]
    assert len(lines) >= 2
    for program, *arguments in lines:
        assert program in PROGRAMS
        parse(program, arguments, Block(ROOT / "docs" / "ci.md", 0, ci, " ".join(arguments)))


@pytest.mark.parametrize("ci", SCRIPTS)
def test_every_recipe_asks_for_health_runs_tests_and_keeps_the_reports(ci: str) -> None:
    scripts = "\n".join(SCRIPTS[ci])
    assert "/healthz" in scripts
    assert "--junit-xml=reports/" in scripts
    assert "--report reports" in scripts
    text = (CI / {"github": "github.yml", "gitlab": "gitlab-ci.yml", "jenkins": "Jenkinsfile"}[ci]).read_text()
    assert IMAGE in text
    assert "SMSC_TOKEN" in text
    assert "2775" in text or "SMSC_HOST" in text


def test_github_jobs_have_keys_that_github_knows() -> None:
    for name, job in github().items():
        assert set(job) <= GITHUB_JOB, name
        assert job["runs-on"] == "ubuntu-latest"
        for step in job["steps"]:
            assert set(step) <= GITHUB_STEP, step
            assert ("uses" in step) != ("run" in step), step
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "a/b@v1"))
        for container in [job.get("container"), *job.get("services", {}).values()]:
            assert container is None or set(container) <= GITHUB_CONTAINER


def test_github_has_the_image_as_a_service_with_both_ports_and_a_secret() -> None:
    service = github()["integration"]["services"]["smsc"]
    assert service["image"] == IMAGE
    assert service["ports"] == ["2775:2775", "2780:2780"]
    assert service["env"] == {"SMSC_TOKEN": "${{ secrets.SMSC_TOKEN }}"}


def test_gitlab_jobs_have_keys_that_gitlab_knows() -> None:
    recipe = yaml.safe_load((CI / "gitlab-ci.yml").read_text())
    for name, job in gitlab().items():
        assert set(job) <= GITLAB_JOB, name
        assert job["stage"] in recipe["stages"]
        assert set(job["artifacts"]) <= GITLAB_ARTIFACTS
        assert set(job["artifacts"]["reports"]) == {"junit"}
        for service in job.get("services", []):
            assert set(service) <= GITLAB_SERVICE
    assert gitlab()["integration"]["services"][0]["name"] == IMAGE


def test_no_variable_of_gitlab_is_made_of_itself_and_the_service_has_its_token() -> None:
    """A service gets the job's own variables, not masked ones of the project; one that names itself stays empty."""
    for name, job in gitlab().items():
        services = [service for service in job.get("services", []) if isinstance(service, dict)]
        for variables in [job.get("variables", {}), *(service.get("variables", {}) for service in services)]:
            assert not [key for key, value in variables.items() if f"${key}" in str(value)], name
    assert gitlab()["integration"]["variables"]["SMSC_TOKEN"]


def test_gitlab_plays_scenarios_that_exist() -> None:
    for name in gitlab()["scenarios"]["parallel"]["matrix"][0]["SCENARIO"]:
        assert (ROOT / "scenarios" / f"{name}.yaml").exists()


def test_the_jenkinsfile_is_balanced_and_has_directives_that_jenkins_knows() -> None:
    plain = re.sub(r"'''.*?'''|'[^'\n]*'", "''", jenkinsfile(), flags=re.DOTALL)
    depth = 0
    for character in plain:
        depth += (character == "{") - (character == "}")
        assert depth >= 0
    assert depth == 0
    assert plain.count("(") == plain.count(")")
    words = re.findall(r"^\s*([a-zA-Z]+)(?=[ ({])", plain, re.MULTILINE)
    variables = {"IMAGE", "SMSC_TOKEN", "NAME"}
    assert set(words) - variables <= JENKINS
    assert plain.lstrip().startswith("pipeline {")


def test_docker_takes_the_names_that_jenkins_gives() -> None:
    """BUILD_TAG has the `%2F` of a branch with a slash, which no container or network may have."""
    assert "replaceAll('[^A-Za-z0-9]+', '-')" in jenkinsfile()
    assert "BUILD_TAG" not in "\n".join(jenkins_commands())
