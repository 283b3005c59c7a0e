import json
import signal
import subprocess
import sys
import threading
import time
from io import StringIO
from xml.etree import ElementTree

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils.translation import override

from banking.models import BankTransaction
from matching.core.scoring import shipped_model
from matching.models import AutoApprovalPolicy, Decision, EngineModel, Proposal
from matching.services import engine_models, proposing, training
from matching.tasks import train_when_due
from tenants import context
from tenants.jobs import exclusive
from tests.factories import past, rows
from tests.factories.past import NOW


def in_use():
    return list(EngineModel.objects.filter(state="IN_USE").values_list("number", flat=True))


def test_a_habit_of_the_tenant_is_learned_proved_and_used(in_acme):
    past.decided_past()
    trained = training.train(now=NOW)

    assert trained.outcome == "taken", trained.reason
    candidate, present = trained.evaluation["candidate"], trained.evaluation["present"]
    assert candidate["receipts"] == present["receipts"] >= 50
    assert candidate["right"] > present["right"]
    assert present["version"] == shipped_model().version
    assert in_use() == [1]
    assert trained.row.version == f"{shipped_model().version}+1"
    assert all(isinstance(weight, float) for weight in EngineModel.objects.get().added.values())


def test_what_was_learned_decides_the_next_proposal_and_is_named_on_it(in_acme):
    past.decided_past()
    training.train(now=NOW)
    owner = rows.client("Nordlicht Medien")
    rows.invoice("7001", "80.00", of=owner, issue_date=past.START)
    newest = rows.invoice("7002", "80.00", of=owner, issue_date=NOW.date().replace(day=15))
    payment = rows.transfer("hosting", "80.00", name="Nordlicht Medien", booking_date=NOW.date())

    proposing.propose(receipts=[payment], now=NOW)

    best = Proposal.objects.get(rank=1, bank_transaction=payment)
    assert [line.invoice for line in best.lines.all()] == [newest]
    assert best.engine_version == f"{shipped_model().version}+1"


def test_a_version_that_is_worse_on_what_was_held_back_is_refused_and_recorded(in_acme):
    past.decided_past(newest_first_until=9)

    trained = training.train(now=NOW)

    assert trained.outcome == "refused"
    assert "its probabilities fit the held-back payments less well" in trained.reason
    row = EngineModel.objects.get()
    assert (row.state, row.reason, row.used_since) == ("REFUSED", trained.reason, None)
    with override("de"):
        assert row.reason_in_words.startswith("ihre Wahrscheinlichkeiten passen schlechter zu den zurückgehaltenen")
    assert engine_models.model_in_use() is shipped_model()


def test_a_dry_run_measures_and_writes_nothing(in_acme):
    past.decided_past()

    trained = training.train(now=NOW, dry_run=True)

    assert (trained.outcome, trained.row) == ("would_take", None)
    assert EngineModel.objects.count() == 0


def test_too_few_decisions_teach_nothing(in_acme):
    past.decided_past(months=2)

    trained = training.train(now=NOW)

    assert (trained.outcome, EngineModel.objects.count()) == ("too_few", 0)
    assert "42 payments" in trained.reason
    assert "200 are needed" in trained.reason


def test_decisions_that_were_undone_teach_nothing(in_acme):
    past.decided_past(months=10)
    past.undo_all()

    assert training.train(now=NOW).outcome == "too_few"
    assert training.decisions_by_people() == 0


@pytest.mark.parametrize("probability", [0.9999, None], ids=["approved alone", "linked to WHMCS"])
def test_what_happened_without_a_person_teaches_nothing(in_acme, probability):
    past.decided_past(months=10, source="policy", probability=probability)

    assert training.train(now=NOW).outcome == "too_few"


def test_the_same_past_gives_the_same_version(in_acme):
    past.decided_past()

    one, two = (training.train(now=NOW, dry_run=True).evaluation for _ in range(2))

    assert one == two


def test_a_second_training_on_the_same_decisions_is_not_worse_than_the_first(in_acme):
    past.decided_past()
    training.train(now=NOW)

    again = training.train(now=NOW)

    assert again.outcome == "taken", again.reason
    assert in_use() == [2]
    assert EngineModel.objects.get(number=1).state == "KEPT"


def test_a_tenant_learns_nothing_from_another(in_acme, globex):
    past.decided_past()
    training.train(now=NOW)

    with context.inside(globex):
        assert training.train(now=NOW).outcome == "too_few"
        assert engine_models.model_in_use() is shipped_model()
        assert EngineModel.objects.count() == 0


def test_a_person_goes_back_to_an_earlier_version_and_training_leaves_it(in_acme, owner):
    past.decided_past()
    training.train(now=NOW)
    training.train(now=NOW)
    BankTransaction.objects.update(state="UNRECONCILED", proposed_at=NOW)

    engine_models.use(number=1, by=owner, now=NOW)

    assert in_use() == [1]
    assert engine_models.model_in_use().version.endswith("+1")
    assert not BankTransaction.objects.exclude(proposed_at=None).exists()
    refused = training.train(now=NOW)
    assert (refused.outcome, in_use()) == ("refused", [1])
    assert "Owner chose version 1" in refused.reason
    engine_models.let_learn(now=NOW)
    assert training.train(now=NOW).outcome == "taken"


def test_a_person_goes_back_to_the_shipped_weights(in_acme, owner):
    past.decided_past()
    training.train(now=NOW)

    row = engine_models.use_shipped(by=owner, now=NOW)

    assert (row.number, in_use()) == (2, [2])
    assert engine_models.model_in_use().weights == shipped_model().weights


def test_a_refused_version_and_one_of_other_shipped_weights_cannot_be_used(in_acme, owner):
    values = {"trained_at": NOW, "decisions": 0}
    EngineModel.objects.create(
        number=1, version="x+1", base_version=shipped_model().version, state="REFUSED", reason="worse", **values
    )
    EngineModel.objects.create(number=2, version="old+2", base_version="old", state="KEPT", **values)

    for number in (1, 2):
        with pytest.raises(engine_models.NotUsable):
            engine_models.use(number=number, by=owner, now=NOW)
    with pytest.raises(EngineModel.DoesNotExist):
        engine_models.use(number=3, by=owner, now=NOW)
    assert in_use() == []


def test_after_an_upgrade_of_the_shipped_weights_they_hold_until_the_next_training(in_acme):
    EngineModel.objects.create(
        number=1, version="old+1", base_version="old", state="IN_USE", added={"foreign": 9.0}, trained_at=NOW
    )

    assert engine_models.model_in_use() is shipped_model()


def proof(seen, wrong, least, threshold=0.98):
    own = {"threshold": threshold, "seen": seen, "wrong": wrong, "other_seen": 10_000, "other_wrong": 3}
    return {"candidate": {"bounds": {"bank": [{**own, "borrows": False, "least": least}]}}}


def version_with(evaluation):
    return EngineModel.objects.create(
        number=1, version="x", base_version=shipped_model().version, state="IN_USE", trained_at=NOW,
        evaluation=evaluation,
    )  # fmt: skip


@pytest.mark.parametrize(("asked", "proven"), [(0.998, {"bank": 0.98}), (0.999, {})])
def test_what_may_happen_alone_depends_on_what_the_policy_asks_for(in_acme, asked, proven):
    version_with(proof(5000, 1, 0.9985))
    AutoApprovalPolicy.objects.create(is_on=True, least_probability=asked)

    assert engine_models.proven_here() == proven
    assert engine_models.model_in_use().automatic == {**shipped_model().automatic, **proven}


def test_too_little_evidence_leaves_what_is_shipped_and_ones_own_errors_take_it_away(in_acme):
    shipped = shipped_model().automatic
    row = version_with(proof(40, 0, 0.0, threshold=shipped["bank"]))
    assert engine_models.model_in_use().automatic == shipped

    row.evaluation = proof(400, 8, 0.95, threshold=shipped["bank"])
    row.save()

    assert engine_models.model_in_use().automatic == {key: shipped[key] for key in shipped if key != "bank"}
    assert engine_models.proven_here() == {}


def test_of_two_trainings_at_once_one_is_told_to_wait(committed_acme):
    told = []

    def second():
        try:
            with context.inside(committed_acme):
                training.train(now=NOW)
        except training.TrainingRuns as error:
            told.append(error.code)
        finally:
            connection.close()

    with exclusive("train"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(timeout=120)

    assert told == ["training_runs"]
    assert training.train(now=NOW).outcome == "too_few"


def test_a_killed_training_leaves_the_version_in_use_and_holds_nobody_up(committed_acme, process_env):
    past.decided_past()
    training.train(now=NOW)
    command = [sys.executable, "manage.py", "train_matcher", "--tenant", "acme"]
    with subprocess.Popen(command, env=process_env, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert any(line.strip() == "learning" for line in process.stderr)
        finally:
            process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL

    assert (in_use(), EngineModel.objects.count()) == ([1], 1)
    assert _trains_within(seconds=30) == "would_take"


def _trains_within(*, seconds):
    """The server lets go of a killed session's lock as soon as it notices."""
    until = time.monotonic() + seconds
    while True:
        try:
            return training.train(now=NOW, dry_run=True).outcome
        except training.TrainingRuns:
            if time.monotonic() > until:
                raise


def test_a_training_that_ends_early_leaves_the_version_in_use(in_acme):
    past.decided_past()
    training.train(now=NOW)

    def interrupt(step):
        if step == "judging what was held back":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.train(now=NOW, progress=interrupt)

    assert (in_use(), EngineModel.objects.count()) == ([1], 1)
    assert training.train(now=NOW, dry_run=True).outcome == "would_take"


def test_a_version_that_a_person_chose_meanwhile_is_not_replaced(in_acme, owner):
    past.decided_past()

    def choose(step):
        if step == "judging what was held back":
            engine_models.use_shipped(by=owner, now=NOW)

    trained = training.train(now=NOW, progress=choose)

    assert (trained.outcome, trained.row.number, in_use()) == ("refused", 2, [1])
    assert "changed while it was trained" in trained.reason


def test_the_command_says_what_came_of_it(in_acme, time_machine):
    # The command looks back from the present day.
    time_machine.move_to(NOW)
    past.decided_past()
    out, said = StringIO(), StringIO()

    call_command("train_matcher", tenant="acme", stdout=out, stderr=StringIO())
    call_command("train_matcher", tenant="acme", json=True, dry_run=True, stdout=said)

    assert out.getvalue() == f"Version {shipped_model().version}+1 is in use from now on.\n"
    result = json.loads(said.getvalue())
    assert (result["outcome"], result["version"], result["decisions"]) == ("would_take", None, 252)
    assert result["evaluation"]["candidate"]["receipts"] > 0


def test_the_command_writes_the_report_as_files(in_acme, tmp_path, time_machine):
    # The command looks back from the present day.
    time_machine.move_to(NOW)
    past.decided_past()

    call_command("train_matcher", tenant="acme", dry_run=True, report=tmp_path / "new", stdout=StringIO())

    found = {path.name: path.read_text() for path in (tmp_path / "new").iterdir()}
    assert sorted(found) == ["coverage.svg", "reliability.svg", "report.html", "report.json"]
    figures = json.loads(found["report.json"])["candidate"]
    root = ElementTree.fromstring(found["reliability.svg"])
    assert len(list(root.iter("{http://www.w3.org/2000/svg}circle"))) == len(figures["bins"]) > 0
    assert f"{figures['right']} / {figures['receipts']}" in found["report.html"]
    assert found["report.html"].count("<svg") == 2
    assert "would be taken" in found["report.html"]


def test_a_report_that_cannot_be_written_is_said(in_acme, tmp_path):
    past.decided_past()
    (tmp_path / "file").write_text("")

    with pytest.raises(CommandError, match="file") as error:
        call_command("train_matcher", tenant="acme", dry_run=True, report=tmp_path / "file", stdout=StringIO())

    assert error.value.returncode == 2


def test_the_command_refuses_an_unknown_tenant(db):
    with pytest.raises(CommandError) as error:
        call_command("train_matcher", tenant="nobody")

    assert error.value.returncode == 2


def test_training_is_due_weekly_and_only_with_enough_new_decisions(in_acme):
    assert not training.is_due(now=NOW)
    past.decided_past()
    assert training.is_due(now=NOW)
    training.train(now=NOW)

    assert not training.is_due(now=NOW + training.EVERY)
    EngineModel.objects.update(decisions=Decision.objects.count() - training.LEAST_NEW)
    assert not training.is_due(now=NOW + training.EVERY / 2)
    assert training.is_due(now=NOW + training.EVERY)


def test_the_hourly_task_trains_what_is_due_once(acme, time_machine):
    # The task looks back from the present day.
    time_machine.move_to(NOW)
    with context.inside(acme):
        past.decided_past()

    train_when_due(tenant_id=str(acme.public_id))
    train_when_due(tenant_id=str(acme.public_id))

    with context.inside(acme):
        assert EngineModel.objects.count() == 1
