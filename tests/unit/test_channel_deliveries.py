"""What is said where deliveries cannot be written down; tests/integration has what becomes of them where they can."""

import pytest

from parlance.channels.core.deliveries import DeliveryLog
from parlance.errors import ParlanceError


@pytest.mark.parametrize("url", ["no url", "sqlite:////proc/nowhere/deliveries.db", "nosuchdatabase://host/name"])
def test_a_database_that_cannot_be_used_says_what_to_do(url: str) -> None:
    with pytest.raises(ParlanceError, match="database") as raised:
        DeliveryLog(url).open()
    assert raised.value.remedy


def test_a_password_is_not_shown() -> None:
    with pytest.raises(ParlanceError) as raised:
        DeliveryLog("postgresql://fern:hunter2@127.0.0.1:9/fern").open()
    assert "hunter2" not in str(raised.value)
