"""A file much larger than a batch is loaded in little memory, whatever is wrong with it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MEASURE = """
import json, resource, sys
from bitseg.loading import load_contacts
from tests.engine.intake.recording import RecordingTenant
from types import SimpleNamespace

class Nobody(RecordingTenant):
    def upsert(self, change):
        return SimpleNamespace(created=len(change.ids), updated=0)

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

load_contacts(Nobody(), sys.argv[2])
before = peak()
report = load_contacts(Nobody(), sys.argv[1])
print(json.dumps([report.created, report.rejected_count, peak() - before]))
"""
ROWS = 1_200_000
MIB = 2**20


def _measured(large: Path, small: Path) -> tuple[int, int, int]:
    """Return contacts, rejects, and the MiB that a large file took beyond a small one."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(large), str(small)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    contacts, rejected, mib = json.loads(done.stdout)
    return contacts, rejected, mib


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["csv", "ndjson"])
def test_a_file_of_100_mib_takes_less_than_half_of_that(tmp_path: Path, suffix: str) -> None:
    large, small = tmp_path / f"large.{suffix}", tmp_path / f"small.{suffix}"
    lines = {
        "csv": '{0:07},user{0}@example.com,"a note with, a comma and some more words",{0},x;y\n',
        "ndjson": '{{"id":"{0:07}","email":"user{0}@example.com","note":"some words","n":{0}}}\n',
    }[suffix]
    header = "id,email,note,n,tags\n" if suffix == "csv" else ""
    for path, rows in ((small, 1_000), (large, ROWS)):
        with path.open("w") as file:
            file.write(header)
            file.writelines(lines.format(i) for i in range(rows))
            file.write("bad\n")
    assert large.stat().st_size > 80 * MIB
    contacts, rejected, mib = _measured(large, small)
    assert (contacts, rejected) == (ROWS, 1)
    assert mib < 60
