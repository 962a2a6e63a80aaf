"""Passwords: where they are kept, and what fits the field of a bind request."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol

# Longest values of the bind request's C-strings, terminator excluded (SMPP 3.4 §4.1.1).
LIMITS: Final = {"system_id": 15, "password": 8, "system_type": 12}


class HasPassword(Protocol):
    """Exactly one of the three is given."""

    @property
    def password(self) -> str | None:
        """The password itself."""
        ...

    @property
    def password_env(self) -> str | None:
        """Environment variable with it."""
        ...

    @property
    def password_file(self) -> Path | None:
        """File with it."""
        ...


def secret_problems(owner: HasPassword) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Whether exactly one of the three is given, as `problems` of a model tells it."""
    given = [key for key in ("password", "password_env", "password_file") if getattr(owner, key) is not None]
    if not given:
        yield (), "no password; expected one of password, password_env, password_file"
    for key in given[1:]:
        yield (key,), f"{given[0]} is given too; expected exactly one of password, password_env, password_file"


class PasswordError(Exception):
    """A password that cannot be read; `key` says from where."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


def read_password(operator: HasPassword, environ: Mapping[str, str]) -> str:
    """The password, from wherever it is kept; PasswordError."""
    if operator.password is not None:
        return operator.password
    if operator.password_env is not None:
        key, password = "password_env", environ.get(operator.password_env)
        if password is None:
            raise PasswordError(key, f"the environment variable {operator.password_env} is not set")
    else:
        key, password = "password_file", _read_secret(operator.password_file or Path())
    problem = field_problem("password", password)
    if problem:
        raise PasswordError(key, problem)
    return password


def _read_secret(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise PasswordError("password_file", f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PasswordError("password_file", f"{path} is not text") from None


def field_problem(field: str, value: str | None) -> str | None:
    """What keeps a value out of its field of the bind request, without repeating the value (it may be a secret)."""
    limit = LIMITS[field]
    if value is None:
        return None
    if len(value) > limit:
        return f"the {field} has {len(value)} characters; SMPP allows {limit}"
    if not value.isascii() or not value.isprintable():
        return f"the {field} has characters that SMPP does not allow; expected printable ASCII"
    return None
