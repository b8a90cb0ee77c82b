"""The image's steps, carried out: a hash-locked install, no pip left, nobody on a read-only root, its health check."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.supply.test_locks import TREE
from tests.world.gatehouse import free_port

RECIPE = re.sub(r"\\\n\s*", " ", (TREE / "Dockerfile").read_text())
STEPS = [line.split(" ", 1) for line in RECIPE.splitlines() if line and not line.startswith("#")]


def said(instruction: str) -> list[str]:
    return [rest for word, rest in STEPS if word == instruction]


def test_it_is_built_in_one_stage_and_runs_in_another_as_nobody() -> None:
    stages = [rest for word, rest in STEPS if word == "FROM"]
    assert len(stages) == 2
    last = STEPS[max(place for place, (word, _) in enumerate(STEPS) if word == "FROM") :]
    assert [rest for word, rest in last if word == "COPY"] == ["--from=build /opt/wicketgate /opt/wicketgate"]
    assert ["USER", "65534:65534"] in last
    assert json.loads(said("VOLUME")[0]) == ["/data", "/keys"]
    assert "apt" not in RECIPE, "no compilers, no tools: nothing is installed but the lock"
    assert any("--require-hashes -r requirements.txt" in step for step in said("RUN"))


@pytest.mark.network
def test_its_steps_make_a_gate_that_runs_as_nobody_on_a_read_only_root(tmp_path: Path) -> None:
    if os.geteuid() or not shutil.which("unshare"):
        pytest.skip("it takes root and unshare")
    context, port = tmp_path / "context", free_port()
    context.mkdir()
    for line in said("COPY"):
        *names, _ = line.split()
        for name in [] if names[0].startswith("--from") else names:
            copy = shutil.copytree if (TREE / name).is_dir() else shutil.copy
            copy(TREE / name, context / name)
    (tmp_path / "root").mkdir()
    variables = dict(pair.split("=", 1) for line in said("ENV") for pair in line.split())
    variables |= {
        "PATH": f"{variables['PATH'].replace('$PATH', '')}/usr/bin:/bin",
        "HOME": "/",
        "WICKETGATE_PORT": str(port),
        "WICKETGATE_UPSTREAM": "http://127.0.0.1:9/simple/",
        "WICKETGATE_ADVISORIES": "off",
    }
    check = json.loads(said("HEALTHCHECK")[0].partition(" CMD ")[2])
    told = {
        "ENVIRONMENT": " ".join(f"{name}={value}" for name, value in variables.items()),
        "HEALTH": shlex.join(word.replace("8080", str(port)) for word in check),
    }
    script = [str(Path(__file__).with_name("image.sh")), str(tmp_path / "root"), str(context), sys.base_prefix]
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", *script],
        input="\n".join(said("RUN")) + "\n",
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={**os.environ, **told},
    )
    assert done.stdout.endswith("ended well\n"), done.stdout + done.stderr
    assert done.returncode == 0
    assert "\n65534\n" in done.stdout
