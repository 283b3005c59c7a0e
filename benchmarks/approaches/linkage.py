"""Probabilistic linkage with Splink on DuckDB, set up and trained as its documents say: no labels, no history.

Receipts and invoices are linked in pairs; each receipt takes its likeliest invoice that no likelier receipt took.
"""

from collections.abc import Iterator
from datetime import timedelta

import duckdb
import pyarrow as pa
import splink.comparison_level_library as levels
import splink.comparison_library as comparisons
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI

from benchmarks.approaches.records import Answer, Debt, Host, Money, answer

LONGEST_WAIT = timedelta(days=180)
LEAST = 0.5


def _words(names: tuple[str, ...]) -> list[str]:
    return sorted({word for name in names for word in name.split() if len(word) > 2})


def _receipts(money: list[Money]) -> pa.Table:
    return pa.table(
        {
            "unique_id": [one.id for one in money], "numbers": [list(one.numbers) for one in money],
            "names": [[one.name] if one.name else None for one in money],
            "words": [_words((one.name,)) for one in money], "email": [one.email or None for one in money],
            "number": [max(one.numbers, key=len, default=None) for one in money],
            "word": [max(_words((one.name,)), key=len, default=None) for one in money],
            "amount": [one.amount for one in money], "currency": [one.currency for one in money],
            "day": [one.on for one in money],
        },
        schema=_SCHEMA,
    )  # fmt: skip


def _invoices(debts: list[Debt]) -> pa.Table:
    return pa.table(
        {
            "unique_id": [str(one.id) for one in debts], "numbers": [sorted(one.numbers) for one in debts],
            "names": [list(one.names) or None for one in debts], "words": [_words(one.names) for one in debts],
            "number": [max(one.numbers, key=len, default=None) for one in debts],
            "word": [max(_words(one.names), key=len, default=None) for one in debts],
            "email": [one.email or None for one in debts], "amount": [one.left for one in debts],
            "currency": [one.currency for one in debts], "day": [one.issued for one in debts],
        },
        schema=_SCHEMA,
    )  # fmt: skip


_SCHEMA = pa.schema(
    [
        ("unique_id", pa.string()), ("numbers", pa.list_(pa.string())), ("names", pa.list_(pa.string())),
        ("words", pa.list_(pa.string())), ("number", pa.string()), ("word", pa.string()),
        ("email", pa.string()), ("amount", pa.int64()), ("currency", pa.string()),
        ("day", pa.date32()),
    ]
)  # fmt: skip


def settings() -> SettingsCreator:
    """What is compared, and which pairs are looked at."""
    wait = "abs(day_l - day_r)"
    return SettingsCreator(
        link_type="link_only",
        comparisons=[
            comparisons.ArrayIntersectAtSizes("numbers", [1]),
            comparisons.PairwiseStringDistanceFunctionAtThresholds("names", "jaro_winkler", [0.99, 0.92, 0.85]),
            comparisons.ArrayIntersectAtSizes("words", [2, 1]),
            comparisons.ExactMatch("email"),
            comparisons.CustomComparison(
                output_column_name="amount",
                comparison_levels=[
                    levels.NullLevel("amount"),
                    levels.ExactMatchLevel("amount").configure(tf_adjustment_column="amount"),
                    levels.PercentageDifferenceLevel("amount", 0.05),
                    levels.ElseLevel(),
                ],
            ),
            comparisons.CustomComparison(
                output_column_name="wait",
                comparison_levels=[
                    levels.CustomLevel(f"{wait} <= 15", label_for_charts="two weeks"),
                    levels.CustomLevel(f"{wait} <= 45", label_for_charts="six weeks"),
                    levels.ElseLevel(),
                ],
            ),
        ],
        blocking_rules_to_generate_predictions=_blocks(),
        retain_matching_columns=False,
    )


def _blocks() -> list[object]:
    return [
        block_on("numbers", arrays_to_explode=["numbers"]),
        block_on("amount", "currency", "words", arrays_to_explode=["words"]),
        block_on("email", "amount"),
    ]


def link(host: Host) -> Iterator[Answer]:
    """Train, predict and give every receipt at most one invoice."""
    money = {one.id: one for one in host.undecided()}
    since = min((one.on for one in money.values()), default=None)
    debts = {
        str(one.id): one for one in host.debts.values() if one.left > 0 and since and one.issued >= since - LONGEST_WAIT
    }
    if not money or not debts:
        return
    database = duckdb.connect(":memory:")
    # Splink 5.0 writes lambdas in the syntax that DuckDB 2.0 has turned off.
    database.execute("SET lambda_syntax='ENABLE_SINGLE_ARROW'")
    api = DuckDBAPI(connection=database)
    tables = [
        api.register(_receipts(list(money.values())), dataset_display_name="receipts"),
        api.register(_invoices(list(debts.values())), dataset_display_name="invoices"),
    ]
    linker = Linker(tables, settings(), log_level="ERROR")
    # Training takes plain columns only: the longest number and the longest word stand for all.
    exact = block_on("number", "amount")
    linker.training.estimate_probability_two_random_records_match([exact], recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for rule in (block_on("number"), block_on("amount", "word")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule, max_pairs=2e6)
    pairs = linker.inference.predict(threshold_match_probability=LEAST).as_record_list()
    taken: set[str] = set()
    for row in sorted(pairs, key=lambda pair: -pair["match_probability"]):
        receipt, invoice = row["unique_id_l"], row["unique_id_r"]
        if receipt not in money:
            receipt, invoice = invoice, receipt
        debt = debts[invoice]
        if receipt in taken or debt.left <= 0 or debt.issued > money[receipt].on:
            continue
        taken.add(receipt)
        said = answer(money[receipt], [debt], float(row["match_probability"]))
        debt.left = 0
        yield said
