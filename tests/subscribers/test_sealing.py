"""The ledger is sealed into a chain; whoever alters a record or a seal is named."""

import hashlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from subscribers import consent, merkle, sealing, triggers
from subscribers.models import (
    ConsentContext,
    ConsentLeaf,
    ConsentNotice,
    ConsentRecord,
    ConsentSeal,
)
from tests.subscribers import making

pytestmark = pytest.mark.django_db


def _record(count: int = 1) -> list[ConsentRecord]:
    origin = consent.Origin(notice=making.notice(), ip="192.0.2.0", user_agent="UA")
    return [
        consent.record(
            consent.Entry(uuid.uuid4(), ConsentRecord.Act.CONFIRMED, making.NOW, 1, origin)
        )
        for _ in range(count)
    ]


def test_the_program_in_the_documents_checks_a_receipt() -> None:
    text = (Path(__file__).parents[2] / "docs" / "consent.md").read_text("utf-8")
    told: dict[str, Any] = {}
    exec(text.partition("```python")[2].partition("```")[0], told)  # noqa: S102  it is our own page
    rows = _record(5)
    sealing.seal(now=making.NOW)
    for row in rows:
        act = json.loads(json.dumps(sealing.receipt(ConsentRecord.objects.get(pk=row.pk))))
        assert told["leads_to_root"](act)
        act["seal"]["root"] = "00" * 32
        assert not told["leads_to_root"](act)


@contextmanager
def _triggers_lifted() -> Iterator[None]:
    """What somebody with the database's own password can do."""
    triggers.remove(connection)
    yield
    triggers.install(connection)


def _ledger() -> list[ConsentRecord]:
    rows = []
    for size in (3, 1, 4):
        rows += _record(size)
        assert sealing.seal(now=making.NOW + timedelta(seconds=len(rows))) == size
    return rows


def test_a_whole_ledger_verifies_and_tells_its_unsealed_tail() -> None:
    _ledger()
    _record(2)

    found = sealing.verify()

    assert (found.seals, found.records, found.unsealed, found.broken) == (3, 8, 2, "")
    assert found.head == bytes(ConsentSeal.objects.latest("pk").sha256).hex()


def test_nothing_new_makes_no_seal() -> None:
    _ledger()

    assert sealing.seal(now=making.NOW) == 0
    assert ConsentSeal.objects.count() == 3


def test_a_record_that_commits_late_is_sealed_by_the_next_seal() -> None:
    rows = _record(3)
    late = rows[0].pk
    with _triggers_lifted():
        hidden = ConsentRecord.objects.filter(pk=late).values().get()
        ConsentContext.objects.filter(record_id=late).delete()
        ConsentRecord.objects.filter(pk=late)._raw_delete("default")  # noqa: SLF001  past the cascade
    assert sealing.seal(now=making.NOW) == 2

    ConsentRecord(**hidden).save(force_insert=True)

    assert sealing.seal(now=making.NOW + timedelta(seconds=5)) == 1
    assert sealing.verify().broken == ""


def test_seal_all_finds_what_lies_too_far_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_LOOK_BACK", 0)
    rows = _record(2)
    with _triggers_lifted():
        hidden = ConsentRecord.objects.filter(pk=rows[0].pk).values().get()
        ConsentContext.objects.filter(record_id=hidden["id"]).delete()
        ConsentRecord.objects.filter(pk=hidden["id"])._raw_delete("default")  # noqa: SLF001  past the cascade
    sealing.seal(now=making.NOW)
    ConsentRecord(**hidden).save(force_insert=True)

    assert sealing.seal(now=making.NOW) == 0
    assert sealing.seal_all(now=making.NOW) == 1
    assert sealing.verify().broken == ""


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (
            lambda pk: ConsentRecord.objects.filter(pk=pk).update(act="imported"),
            "Record {0} was altered",
        ),
        (
            lambda pk: ConsentRecord.objects.filter(pk=pk).update(person=uuid.uuid4()),
            "Record {0} was",
        ),
        (
            lambda pk: ConsentRecord.objects.filter(pk=pk).update(notice=None),
            "Record {0} was altered",
        ),
        (lambda pk: ConsentRecord.objects.filter(pk=pk).update(sha256=b"x" * 32), "Record {0} was"),
        (
            lambda pk: ConsentContext.objects.filter(pk=pk).update(ip="1.2.3.0"),
            "Record {0} has a context",
        ),
        (lambda pk: ConsentLeaf.objects.filter(pk=pk).delete(), "Seal {1} covers 4 records, 3"),
        (lambda _: ConsentSeal.objects.order_by("pk")[1:2].get().delete(), None),
        (lambda _: ConsentNotice.objects.update(text="Other words."), "whose text was altered"),
    ],
)
def test_the_first_misfit_is_named(tamper: Any, named: str | None) -> None:
    rows = _ledger()
    target, last_seal = rows[5].pk, ConsentSeal.objects.latest("pk")
    with _triggers_lifted():
        if named is None:
            ConsentLeaf.objects.filter(seal=ConsentSeal.objects.order_by("pk")[1]).delete()
            named = "Seal {1} does not follow the seal before it"
        tamper(target)

    assert named.format(target, last_seal.pk) in sealing.verify().broken


@pytest.mark.parametrize("field", ["root", "sha256", "previous"])
def test_an_altered_seal_is_named(field: str) -> None:
    _ledger()
    middle = ConsentSeal.objects.order_by("pk")[1]
    with _triggers_lifted():
        ConsentSeal.objects.filter(pk=middle.pk).update(**{field: b"y" * 32})

    assert sealing.verify().broken.startswith(f"Seal {middle.pk} ")


def test_a_record_rewritten_with_its_hash_still_breaks_its_seal() -> None:
    rows = _ledger()
    row = ConsentRecord.objects.get(pk=rows[0].pk)
    row.act = "imported"
    with _triggers_lifted():
        ConsentRecord.objects.filter(pk=row.pk).update(
            act="imported", sha256=consent.record_hash(row)
        )

    assert "does not fit its records" in sealing.verify().broken


def test_a_chain_cut_off_and_sealed_anew_lacks_the_published_head() -> None:
    _ledger()
    published = sealing.verify().head
    last = ConsentSeal.objects.latest("pk")
    with _triggers_lifted():
        ConsentLeaf.objects.filter(seal=last).delete()
        last.delete()
    sealing.seal(now=making.NOW + timedelta(days=1))

    assert sealing.verify().broken == ""
    assert published in sealing.verify(published_head=published).broken


def test_contexts_deleted_after_their_time_leave_the_chain_whole() -> None:
    _ledger()

    ConsentContext.objects.all().delete()

    assert sealing.verify().broken == ""


def test_two_sealers_at_once_make_one_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    _record(2)
    real_root = merkle.root

    def race(values: list[bytes]) -> bytes:
        monkeypatch.setattr(merkle, "root", real_root)
        assert sealing.seal(now=making.NOW) == 2
        return real_root(values)

    monkeypatch.setattr(merkle, "root", race)

    assert sealing.seal(now=making.NOW + timedelta(seconds=1)) == 0
    assert ConsentSeal.objects.count() == 1


def test_a_receipt_can_be_checked_by_anybody() -> None:
    row = _ledger()[6]

    told = sealing.receipt(next(consent.history(row.person)))

    statement = json.dumps(
        told["statement"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    node = hashlib.sha256(statement.encode()).digest()
    assert node.hex() == told["sha256"]
    node = hashlib.sha256(b"\x00" + node).digest()
    for step in told["proof"]:
        sibling = bytes.fromhex(step["sibling"])
        pair = sibling + node if step["side"] == "left" else node + sibling
        node = hashlib.sha256(b"\x01" + pair).digest()
    assert node.hex() == told["seal"]["root"]


def test_a_receipt_says_when_it_is_not_sealed_yet() -> None:
    (row,) = _record()

    assert sealing.receipt(next(consent.history(row.person)))["seal"] is None


@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40), st.data())
def test_every_proof_leads_to_the_root_and_no_other_value_does(
    values: list[bytes], data: st.DataObject
) -> None:
    position = data.draw(st.integers(0, len(values) - 1))
    steps = merkle.proof(values, position)

    assert merkle.climb(values[position], steps) == merkle.root(values)
    assert merkle.climb(b"\xff" * 31, steps) != merkle.root(values)


def test_the_command_tells_the_state_or_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    rows = _ledger()
    call_command("verify_consent")
    assert "8 records under 3 seals are whole; 0 wait" in capsys.readouterr().out

    with _triggers_lifted():
        ConsentRecord.objects.filter(pk=rows[4].pk).update(act="imported")

    with pytest.raises(CommandError, match=f"Record {rows[4].pk} was altered"):
        call_command("verify_consent")
