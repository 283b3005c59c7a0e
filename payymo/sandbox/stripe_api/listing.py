"""Reading objects of one account: one by id, or a list newest first, with filters, paging and expansion."""

import json
import sqlite3
from typing import Any

from payymo.sandbox.rows import body
from payymo.sandbox.stripe_api.errors import invalid, missing

# Resource -> (object, filters that compare a field).
RESOURCES: dict[str, tuple[str, set[str]]] = {
    "charges": ("charge", {"customer", "payment_intent", "transfer_group"}),
    "payment_intents": ("payment_intent", {"customer"}),
    "refunds": ("refund", {"charge", "payment_intent"}),
    "disputes": ("dispute", {"charge", "payment_intent"}),
    "payouts": ("payout", {"destination", "status"}),
    "balance_transactions": ("balance_transaction", {"source", "type", "currency"}),
    "events": ("event", {"type"}),
}
RANGES = {"payouts": {"created", "arrival_date"}}
COMPARE = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
PAGING = {"limit", "starting_after", "ending_before", "expand"}
EXPANDABLE = {
    "balance_transaction", "source", "charge", "payment_intent", "latest_charge", "dispute", "destination",
    "failure_balance_transaction",
}  # fmt: skip
DEPTH = 4


def one(connection: sqlite3.Connection, account: str, kind: str, id: str) -> dict[str, Any]:
    """Return one object.

    Raises: StripeRefusal (404), also for an object of another account.
    """
    row = connection.execute(
        "SELECT body FROM stripe_object WHERE account = ? AND id = ? AND kind = ?", (account, id, kind)
    ).fetchone()
    if row is None:
        raise missing(kind, id)
    return body(row)


def _limit(params: dict[str, Any]) -> int:
    text = str(params.get("limit", "10"))
    if not text.isdigit():
        raise invalid(f"Invalid integer: {text}", param="limit", code="parameter_invalid_integer")
    if not 1 <= int(text) <= 100:
        side = "greater than or equal to 1" if int(text) < 1 else "less than or equal to 100"
        raise invalid(f"This value must be {side} (it currently is '{text}').", param="limit")
    return int(text)


def _range(name: str, asked: Any) -> tuple[list[str], list[Any]]:
    column = "created" if name == "created" else f"json_extract(body, '$.{name}')"
    bounds = asked if isinstance(asked, dict) else {"": asked}
    clauses, values = [], []
    for operator, text in bounds.items():
        sign = COMPARE.get(operator, "=" if operator == "" else "")
        if not sign:
            raise invalid(
                f"Received unknown parameter: {name}[{operator}]", param=f"{name}[{operator}]", code="parameter_unknown"
            )
        if not str(text).lstrip("-").isdigit():
            raise invalid(f"Invalid integer: {text}", param=name, code="parameter_invalid_integer")
        clauses.append(f"{column} {sign} ?")
        values.append(int(text))
    return clauses, values


def _filters(
    connection: sqlite3.Connection, account: str, resource: str, params: dict[str, Any]
) -> tuple[list[str], list[Any]]:
    _kind, equal = RESOURCES[resource]
    ranges = RANGES.get(resource, {"created"})
    clauses: list[str] = []
    values: list[Any] = []
    for name, asked in params.items():
        if name in PAGING:
            continue
        if name in ranges:
            more, bound = _range(name, asked)
        elif name in equal:
            more, bound = [f"json_extract(body, '$.{name}') = ?"], [asked]
        elif resource == "events" and name == "types" and isinstance(asked, list) and len(asked) <= 20:
            more, bound = [f"json_extract(body, '$.type') IN ({','.join('?' * len(asked))})"], asked
        elif resource == "balance_transactions" and name == "payout":
            one(connection, account, "payout", str(asked))
            more, bound = ["payout = ?"], [asked]
        else:
            raise invalid(f"Received unknown parameter: {name}", param=name, code="parameter_unknown")
        clauses += more
        values += bound
    return clauses, values


def _cursor(
    connection: sqlite3.Connection, account: str, kind: str, params: dict[str, Any]
) -> tuple[str, list[Any], bool]:
    """Return the clause that cuts the list at the cursor, its values, and whether the list is read backwards."""
    for name, sign in (("starting_after", "<"), ("ending_before", ">")):
        if name in params:
            row = connection.execute(
                "SELECT created, seq FROM stripe_object WHERE account = ? AND id = ? AND kind = ?",
                (account, params[name], kind),
            ).fetchone()
            if row is None:
                raise missing(kind, str(params[name]), name)
            return f"(created, seq) {sign} (?, ?)", [row["created"], row["seq"]], sign == ">"
    return "1", [], False


def page(connection: sqlite3.Connection, account: str, resource: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return one page of a list, newest first.

    Raises: StripeRefusal for an unknown parameter, a bad number or an unknown cursor.
    """
    kind, _equal = RESOURCES[resource]
    limit = _limit(params)
    clauses, values = _filters(connection, account, resource, params)
    cut, bound, backwards = _cursor(connection, account, kind, params)
    direction = "ASC" if backwards else "DESC"
    where = " AND ".join(["account = ?", "kind = ?", cut, *clauses])
    rows = connection.execute(
        f"SELECT body FROM stripe_object WHERE {where} ORDER BY created {direction}, seq {direction} LIMIT ?",
        [account, kind, *bound, *values, limit + 1],
    ).fetchall()
    more, found = len(rows) > limit, [body(row) for row in rows[:limit]]
    data = found[::-1] if backwards else found
    for path in _paths(params):
        if not path.startswith("data."):
            raise invalid(f"This property cannot be expanded ({path}).", param="expand")
        for item in data:
            expand(connection, account, item, path.removeprefix("data."), path)
    return {"object": "list", "data": data, "has_more": more, "url": f"/v1/{resource}"}


def _paths(params: dict[str, Any]) -> list[str]:
    asked = params.get("expand", [])
    paths = [str(path) for path in (asked if isinstance(asked, list) else [asked])]
    for path in paths:
        if path.count(".") >= DEPTH:
            raise invalid(f"You cannot expand more than {DEPTH} levels of a property.", param="expand")
    return paths


def single(connection: sqlite3.Connection, account: str, kind: str, id: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return one object with what was asked to be expanded.

    Raises: StripeRefusal.
    """
    unknown = set(params) - {"expand"}
    if unknown:
        name = sorted(unknown)[0]
        raise invalid(f"Received unknown parameter: {name}", param=name, code="parameter_unknown")
    found = one(connection, account, kind, id)
    for path in _paths(params):
        expand(connection, account, found, path)
    return found


def expand(connection: sqlite3.Connection, account: str, item: dict[str, Any], path: str, asked: str = "") -> None:
    """Replace the id at `path` by the object; null stays null. `asked` is how the caller wrote it.

    Raises: StripeRefusal when the property holds no object.
    """
    name, _dot, rest = path.partition(".")
    if name == "refunds" and item["object"] == "charge":
        item["refunds"] = page(connection, account, "refunds", {"charge": item["id"]})
        item["refunds"]["url"] = f"/v1/charges/{item['id']}/refunds"
        return
    if name not in EXPANDABLE or name not in item:
        raise invalid(f"This property cannot be expanded ({asked or path}).", param="expand")
    value = item[name]
    if isinstance(value, str):
        item[name] = value = _bank_account(item) if name == "destination" else _any(connection, account, value)
    if rest and isinstance(value, dict):
        expand(connection, account, value, rest, asked or path)


def _any(connection: sqlite3.Connection, account: str, id: str) -> Any:
    row = connection.execute("SELECT body FROM stripe_object WHERE account = ? AND id = ?", (account, id)).fetchone()
    return body(row) if row else id


def _bank_account(payout: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": payout["destination"], "object": "bank_account", "account_holder_type": "company",
        "bank_name": "TEST BANK",
        "country": "DE" if payout["currency"] == "eur" else "GB", "currency": payout["currency"], "last4": "2301",
        "status": "verified",
    }  # fmt: skip


def save(connection: sqlite3.Connection, account: str, item: dict[str, Any]) -> None:
    """Keep a new or changed object; a new one is the newest of its second."""
    stored = connection.execute(
        "UPDATE stripe_object SET body = ? WHERE account = ? AND id = ?", (json.dumps(item), account, item["id"])
    ).rowcount
    if not stored:
        seq = connection.execute(
            "SELECT COALESCE(MAX(seq), 0) + 1 FROM stripe_object WHERE account = ?", (account,)
        ).fetchone()[0]
        connection.execute(
            "INSERT INTO stripe_object VALUES (?, ?, ?, ?, ?, '', ?)",
            (account, item["id"], item["object"], item["created"], seq, json.dumps(item)),
        )
