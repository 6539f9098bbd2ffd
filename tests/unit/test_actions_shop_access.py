"""How long an action waits for the shop; tests/integration/test_slow_shop.py has databases that are slow."""

import logging

import pytest

from actions.shop_access import DEFAULT_LIMIT_S, LIMIT_VARIABLE, time_limit


def test_the_environment_says_how_long_a_call_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LIMIT_VARIABLE, raising=False)
    assert time_limit() == DEFAULT_LIMIT_S
    monkeypatch.setenv(LIMIT_VARIABLE, "2.5")
    assert time_limit() == 2.5


@pytest.mark.parametrize("text", ["soon", "0", "-1", "inf", "nan"])
def test_what_is_no_time_is_named_and_not_used(
    text: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, text)
    with caplog.at_level(logging.ERROR):
        assert time_limit() == DEFAULT_LIMIT_S
    assert f"{LIMIT_VARIABLE}={text} is not a number above 0" in caplog.text
