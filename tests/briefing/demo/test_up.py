"""What `manage.py up` refuses; tests/journeys has it at work."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings


def test_up_refuses_to_be_anything_but_a_demo(tmp_path: Path) -> None:
    with (
        override_settings(LOCAL_DIR=tmp_path),
        pytest.raises(CommandError, match="up is for demo copies, and this is MODE=test"),
    ):
        call_command("up")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("argument", ["--readers=0", "--readers=many", "--port=x", "--port=65536"])
def test_a_number_that_makes_no_sense_is_not_understood(argument: str) -> None:
    with pytest.raises(CommandError, match="a whole number from 1 to"):
        call_command("up", argument)
