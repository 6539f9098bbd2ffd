"""What ``make run`` says about REST is what REST does."""

import pytest

from scripts.run import greet


@pytest.mark.parametrize(
    ("host", "token", "said", "unsaid"),
    [
        ("", "", "curl -s", "REST_TOKEN"),
        ("localhost", "", "curl -s", "REST_TOKEN"),
        ("0.0.0.0", "", "set REST_TOKEN", "curl -s"),
        ("0.0.0.0", "a" * 32, "Bearer $REST_TOKEN", "a" * 32),
    ],
)
def test_the_line_for_curl_is_one_that_works(
    host: str, token: str, said: str, unsaid: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOST", host)
    monkeypatch.setenv("REST_TOKEN", token)
    greet("http://127.0.0.1:5005", 3.0)
    output = capsys.readouterr().out
    assert said in output and unsaid not in output
