import multiprocessing
from multiprocessing.connection import Pipe

import msgspec
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from benchmarks.hosts.profiles import PROFILES
from benchmarks.hosts.world import invent
from matching.core.judging import judge, judge_each, pack, unpack
from matching.core.scoring import shipped_model
from matching.core.types import NoneReason
from matching.twins import Claims, Twin, TwinLost, doubled
from tests.matching.core.cast import book, invoice, receipt

FORK = multiprocessing.get_context("fork")
KNOWN = book(invoice("RE-2026-01042"), invoice("RE-2026-01043", 4711))
RECEIPTS = [
    receipt("RE-2026-01042", id="a", counterparty_name="Kowalska Bau GmbH"),
    receipt("nothing", 1, id="b"),
    receipt("RE-2026-01043", 4711, id="c"),
    receipt("hosting", 16611, id="d", counterparty_name="Kowalska Bau GmbH"),
]


def ask(one):
    return judge(one, KNOWN, shipped_model(), answer=None)[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    there = tmp_path_factory.mktemp("host") / "reseller"
    invent(there, PROFILES["reseller"], 11, 300, feedback=True)
    return there


def test_two_processes_decide_what_one_decides(folder, tmp_path):
    for processes in (1, 2):
        call_command("match_files", str(folder), "--out", str(tmp_path / str(processes)), processes=processes)

    one, two = ((tmp_path / str(processes)).read_bytes() for processes in (1, 2))
    assert one == two
    assert one.count(b"\n") > 100


def test_what_is_passed_on_is_what_was_judged():
    for one in map(ask, RECEIPTS):
        message = msgspec.msgpack.decode(msgspec.msgpack.encode(pack(one)), type=tuple)

        passed = unpack(message, receipt_id=one.suggestion.receipt_id)

        assert pack(passed) == pack(one)
        assert passed.suggestion.none_reason == one.suggestion.none_reason


def test_both_sides_get_every_answer_in_the_order_of_the_receipts():
    def follow(share_out):
        for _ in range(3):
            share_out(RECEIPTS, ask)

    with doubled(follow) as share_out:
        answers = [share_out(RECEIPTS, ask) for _ in range(3)]

    expected = [pack(one) for one in judge_each(RECEIPTS, ask)]
    assert [[pack(one) for one in said] for said in answers] == [expected] * 3


def test_each_receipt_of_a_round_is_taken_once_from_both_ends():
    claims = Claims(FORK)

    taken = [claims.take(0, 5, front=front) for front in (True, False, False, True, True)]

    assert taken == [0, 4, 3, 1, 2]
    assert claims.take(0, 5, front=True) is None
    assert claims.take(1, 5, front=True) == 0


def test_a_round_is_made_ready_again():
    claims = Claims(FORK)
    assert claims.take(0, 1, front=True) == 0

    claims.clear(2)

    assert claims.take(2, 1, front=False) == 0


def test_a_second_process_that_ended_is_noticed():
    with doubled(lambda _: None) as share_out, pytest.raises(TwinLost, match="ended early"):
        share_out(RECEIPTS, ask)


def test_a_second_process_that_does_something_else_is_noticed():
    here, there = Pipe()
    there.send_bytes(msgspec.msgpack.encode([("x", pack(ask(RECEIPTS[0])))]))

    with pytest.raises(TwinLost, match="went apart"):
        Twin(here, Claims(FORK), leads=True).share_out(RECEIPTS, ask)


def test_the_second_process_ends_with_the_first():
    with doubled(lambda share_out: share_out(RECEIPTS, ask)):
        [other] = multiprocessing.active_children()

    assert other.exitcode == 1
    assert multiprocessing.active_children() == []


def test_a_lost_process_is_said_and_nothing_is_written(folder, tmp_path, monkeypatch):
    start = FORK.Process.start

    def start_and_kill(process):
        start(process)
        process.kill()

    monkeypatch.setattr(FORK.Process, "start", start_and_kill)

    with pytest.raises(CommandError, match="--processes 1"):
        call_command("match_files", str(folder), "--out", str(tmp_path / "out"), processes=2)

    assert not (tmp_path / "out").exists()


def test_a_receipt_that_settles_nothing_keeps_its_reason():
    judged = ask(RECEIPTS[1])

    passed = unpack(pack(judged), receipt_id="b")

    assert (passed.best, passed.suggestion.none_reason) == (None, NoneReason.NO_CANDIDATE)
