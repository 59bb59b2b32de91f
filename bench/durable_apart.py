"""Apart is in a process of its own: it leaves no memory behind, and may be killed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")

_SPAWN: Final = get_context("spawn")
_SQLITE: Final = Path(__file__).parent / "durable_peers" / "raw_sqlite.py"


def apart(run: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what a function returns, from a new process."""
    with ProcessPoolExecutor(1, mp_context=_SPAWN) as pool:
        return pool.submit(run, *args, **kwargs).result()


def killed(run: Callable[..., None], *args: Any) -> None:
    """Run a function that ends by killing its process, in a new one."""
    process = _SPAWN.Process(target=run, args=args)
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL, f"it ended with {process.exitcode}"


def sqlite(*args: Any) -> dict[str, Any]:
    """Return what the peer ``raw_sqlite.py`` answers."""
    run = [sys.executable, str(_SQLITE), *map(str, args)]
    answer = subprocess.run(run, check=True, stdout=subprocess.PIPE).stdout
    found: dict[str, Any] = json.loads(answer)
    return found
