"""Prepaid balances."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import FromPath
from msgspec import Meta

from sender.config.serve import Money
from sender.web.guard import GivenApi, GivenToken
from sender.web.reading import address_of, body_of, decoded
from sender.web.wording import BalanceView, balance_body
from webkit.problem import Problem


class CreditRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An amount to add to a wallet, as a decimal text; with a minus to take away."""

    amount: Annotated[str, Meta(max_length=20, examples=["1500", "-0.05"])]
    note: Annotated[str, Meta(max_length=200)] = ""


@get("/v1/balances", opt={"scope": ("send", "read")})
async def balances(api: GivenApi, token: GivenToken) -> list[BalanceView]:
    """The balance of this token's wallet; for an admin those of all."""
    if "admin" in token.scopes:
        found = await api.read(lambda store: store.access.balances())
    else:
        wallet = token.wallet
        found = [] if wallet is None else [await api.read(lambda store: store.access.balance(wallet))]
    return [balance_body(it, api.config.currency) for it in found]


@post(
    "/v1/balances/{wallet:str}/credits",
    status_code=201,
    opt={"scope": "admin", "reads": {"application/json": CreditRequest}},
)
async def credit(
    request: Request[Any, Any, Any], api: GivenApi, token: GivenToken, wallet: FromPath[str]
) -> BalanceView:
    """Add an amount to a wallet, which is made at its first credit."""
    asked = decoded(await body_of(request), CreditRequest)
    try:
        sign = -1 if asked.amount.startswith("-") else 1
        amount = sign * Money.parse(asked.amount.removeprefix("-"))
    except ValueError as error:
        raise Problem(422, f"amount: {error}", field="amount") from None
    deed = api.deed(token, address_of(request), "balances.credit", wallet[:100], asked.amount)

    def verb() -> Any:
        api.store.access.note([deed])
        return api.store.access.credit(wallet[:100], amount, note=asked.note, token=token.name, at=deed.at)

    return balance_body(await api.write(verb), api.config.currency)


HANDLERS = [balances, credit]
