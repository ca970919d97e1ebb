"""Listening: ports, greetings, and a polite end, in a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

from luthier.engines.scripted import ScriptedEngine
from luthier.errors import LuthierError, UsageError
from luthier.serve import Deployment, ServedModel
from luthier.serve.run import Background, greeting, serve

SERVER = """
from luthier.engines.scripted import ScriptedEngine
from luthier.serve import Deployment, ServedModel
from luthier.serve.run import serve
engine = ScriptedEngine(lambda r: "one two three four five six seven eight nine ten", seconds_per_token=0.1)
serve(Deployment((ServedModel("slow", engine),)), port=0, announce=lambda line: print(line, flush=True))
print("ended", flush=True)
"""


def deployment() -> Deployment:
    return Deployment((ServedModel("m", ScriptedEngine({"hi": "ho"})),))


def test_a_port_in_use_is_told_in_four_lines() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(LuthierError, match=f"port {port} is in use") as refused:
            serve(deployment(), port=port)
    assert len(refused.value.render().splitlines()) == 4
    assert f"--port {port + 1}" in refused.value.fix


def test_a_host_that_is_not_ours_is_told() -> None:
    with pytest.raises(LuthierError, match=r"cannot listen on 203\.0\.113\.1"):
        serve(deployment(), host="203.0.113.1", port=8000)


def test_the_greeting_can_be_pasted() -> None:
    with Background(deployment()) as server:
        lines = greeting(deployment(), server.url, open_to_all=False)
        command = next(line.split("try", 1)[1].strip() for line in lines if line.strip().startswith("try"))
        command = command.replace('"Hello"', '"hi"')
        done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, timeout=20)
    if done.returncode == 127:
        pytest.skip("curl is not installed")
    assert '"content":"ho"' in done.stdout
    assert any("anyone" in line for line in greeting(deployment(), "http://x", open_to_all=True))


def test_answers_in_flight_are_finished_before_the_end() -> None:
    process = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True, env={**os.environ})
    assert process.stdout is not None
    try:
        url = ""
        while "/v1" not in url:
            url = next(
                word for word in [*process.stdout.readline().split(), ""] if word.startswith("http") or word == ""
            )
        body = {"model": "slow", "messages": [{"role": "user", "content": "x"}], "stream": True}
        with httpx.stream("POST", f"{url}/chat/completions", json=body, timeout=20) as answer:
            text = ""
            for line in answer.iter_lines():
                text += line
                if "two" in line:
                    process.send_signal(signal.SIGTERM)
                    time.sleep(0.05)
        assert "ten" in text
        assert text.endswith("[DONE]")
        assert process.wait(20) == 0
        assert "ended" in process.stdout.read()
    finally:
        process.kill()


def test_a_deployment_must_make_sense() -> None:
    with pytest.raises(UsageError, match="no model"):
        Deployment(())
    one = ServedModel("m", ScriptedEngine({}))
    with pytest.raises(UsageError, match="two models would be served as m"):
        Deployment((one, one))
