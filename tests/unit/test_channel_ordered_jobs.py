"""Jobs of one key keep their order; those of others do not wait for them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from parlance.channels.core.ordered_jobs import OrderedJobs


def test_jobs_of_a_key_keep_their_order_and_keys_run_side_by_side(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def job(name: str, seconds: float) -> Callable[[], Awaitable[None]]:
        async def work() -> None:
            await asyncio.sleep(seconds)
            if name == "broken":
                raise ValueError("broken job")
            done.append(name)

        return work

    async def main() -> int:
        jobs = OrderedJobs()
        jobs.put("a", job("slow", 0.2))
        jobs.put("a", job("broken", 0))
        jobs.put("a", job("after", 0))
        jobs.put("b", job("other", 0.05))
        return await jobs.finish(5)

    assert asyncio.run(main()) == 0
    assert done == ["other", "slow", "after"]
    assert "broken job" in caplog.text


def test_a_key_that_was_done_can_be_used_again_and_what_lasts_too_long_is_cancelled() -> None:
    done: list[int] = []

    async def main() -> int:
        jobs = OrderedJobs()

        async def note() -> None:
            done.append(len(done))

        for _ in range(2):
            jobs.put("a", note)
            await jobs.finish(5)
        jobs.put("a", lambda: asyncio.sleep(60))
        return await jobs.finish(0.05)

    assert asyncio.run(main()) == 1
    assert done == [0, 1]


def test_what_a_job_puts_under_another_key_is_waited_for_too() -> None:
    done: list[str] = []

    async def main() -> int:
        jobs = OrderedJobs()

        async def further() -> None:
            await asyncio.sleep(0.1)
            done.append("further")

        async def first() -> None:
            await asyncio.sleep(0.1)
            jobs.put("b", further)

        jobs.put("a", first)
        return await jobs.finish(5)

    assert asyncio.run(main()) == 0
    assert done == ["further"]


def test_what_waits_is_counted_and_the_end_of_a_keys_jobs_is_told() -> None:
    done: list[str] = []

    async def main() -> None:
        jobs = OrderedJobs(when_done=done.append)
        go_on = asyncio.Event()

        async def work() -> None:
            await go_on.wait()

        jobs.put("a", work)
        jobs.put("a", work)
        await asyncio.sleep(0)
        assert (jobs.waiting("a"), jobs.waiting("b")) == (1, 0)
        assert (jobs.is_busy("a"), jobs.is_busy("b"), done) == (True, False, [])
        go_on.set()
        await jobs.finish(5)
        assert (jobs.waiting("a"), jobs.is_busy("a")) == (0, False)

    asyncio.run(main())
    assert done == ["a"]
