"""What many visitors at once may use of the web chat: streams, and room for pictures."""

import socket
import time
from pathlib import Path

import requests

from tests.web_assistant import WebAssistant
from tests.web_visitor import Visitor, photo


def test_streams_of_an_address_and_of_all_are_limited(small_model: Path, tmp_path: Path) -> None:
    assistant = WebAssistant(small_model, tmp_path, proxies=1, address_streams=3, streams=5)
    assistant.start()
    open_streams: list[requests.Response] = []

    def stream(address: str) -> requests.Response:
        visitor = Visitor(assistant.chat)
        headers = {**visitor.headers, "x-forwarded-for": address}
        answer = requests.get(f"{assistant.chat}/events", headers=headers, stream=True, timeout=20)
        open_streams.append(answer)
        return answer

    try:
        assert [stream("203.0.113.7").status_code for _ in range(4)] == [200, 200, 200, 429]
        assert stream("203.0.113.8").status_code == 200, "another address is not shut out"
        network = [stream(f"2001:db8:0:7::{number}").status_code for number in range(2)]
        assert network == [200, 429], "all streams are in use"
        assert int(open_streams[-1].headers["retry-after"]) > 0
        for answer in open_streams:
            answer.close()
        deadline = time.monotonic() + 30
        while stream("203.0.113.7").status_code != 200:
            assert time.monotonic() < deadline, "a stream that ended still counts"
            time.sleep(0.5)
    finally:
        for answer in open_streams:
            answer.close()
        assistant.stop()
        assistant.actions.stop()


def test_pictures_have_a_queue_and_a_quota(small_model: Path, tmp_path: Path) -> None:
    assistant = WebAssistant(small_model, tmp_path, upload_storage_megabytes=0.001)
    assistant.start()
    sockets = []
    try:
        visitor = Visitor(assistant.chat)
        headers = visitor.headers
        first = requests.post(f"{assistant.chat}/uploads", data=photo(), headers=headers, timeout=20)
        second = requests.post(f"{assistant.chat}/uploads", data=photo(), headers=headers, timeout=20)
        assert (first.status_code, second.status_code) == (201, 507)
        assert second.json()["code"] == "upload_failed" and "retry-after" in second.headers
        # Two that never end, from this address.
        for _ in range(2):
            opened = socket.create_connection(("127.0.0.1", assistant.port))
            sockets.append(opened)
            request = f"POST /chat/uploads HTTP/1.1\r\nhost: x\r\nauthorization: {headers['authorization']}\r\n"
            opened.sendall(f"{request}content-length: 1000\r\n\r\nabc".encode())
        deadline = time.monotonic() + 20
        while True:
            busy = requests.post(f"{assistant.chat}/uploads", data=photo(), headers=headers, timeout=20)
            if busy.status_code == 429 or time.monotonic() > deadline:
                break
        assert (busy.status_code, busy.json()["code"]) == (429, "uploads_busy") and "retry-after" in busy.headers
    finally:
        for opened in sockets:
            opened.close()
        assistant.stop()
        assistant.actions.stop()
