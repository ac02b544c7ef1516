"""Logs that nobody would write, read in every way: a few by default, as many as you like.

`MAILFORENSICS_FUZZ=5000 pytest tests/reading/test_fuzz.py` tries so many, other ones each time.
"""

import gzip
import hashlib
import io
import lzma
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mailforensics as mf
from tests.reading.test_hostile_text import LINES, PEER, WORDS

ASKED = os.environ.get("MAILFORENSICS_FUZZ", "")
FUZZ = settings(
    max_examples=int(ASKED or 15),
    derandomize=not ASKED,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
HEADS = (
    "2026-09-04T16:59:45Z mail {tag}[7]: ",
    "2026-09-04T18:59:46.123456+02:00 mail {tag}[7]: ",
    "<22>2026-09-04T16:59:47.5Z mx2 {tag}[8]: ",
    "<22>1 2026-09-04T16:59:48Z mail {tag} 7 - - ",
    "2026-09-04T16:59:49Z mail {tag}[7]: message repeated 3 times: [ ",
)
PACKET = "IN=eth0 OUT= MAC= SRC={peer} DST=192.0.2.10 LEN=60 TTL=5 PROTO=TCP SPT=1 DPT=25 URGP=0"
TRUE_PACKET = f"2026-09-04T16:59:50Z mail kernel: [1.5] [UFW BLOCK] {PACKET.format(peer=PEER)}"
FALSE_PACKET = f"[UFW BLOCK] {PACKET.format(peer='203.0.113.9')}"
# What no text of a log should hold, and what could be taken for a line of its own.
BYTES = st.sampled_from(
    (b"\0", b"\xff\xfe", b"\xe2\x80\xae", b"\r", b"\x1b[2J", b"#012", b"\\n", b"\xc3", b"\xf0\x9f")
)
TEXT = st.lists(WORDS.map("".join).map(str.encode) | BYTES, max_size=6).map(b"".join)


@st.composite
def entries(draw: st.DrawFn) -> bytes:
    """Return one line as a daemon writes it, with hostile text wherever a client has a say."""
    kind = draw(st.integers(0, 9))
    text = draw(TEXT | st.just(FALSE_PACKET.encode()))
    if kind == 0:
        return b"x" + text
    if kind == 1:
        return TRUE_PACKET.encode()
    tag, _, message = draw(st.sampled_from(LINES)).partition(": ")
    head = draw(st.sampled_from(HEADS)).format(tag=tag)
    return head.encode() + message.encode().replace(b"{x}", text)


LOGS = st.lists(entries(), min_size=1, max_size=20)
READERS = (mf.read_mail_log, mf.read_ufw_log)


def told(events: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return what the events say, wherever they stand, in a fixed order."""
    apart = events.drop(columns=["file", "line", "duplicate"])
    texts = apart.astype("str").fillna("")
    return sorted(texts.itertuples(index=False, name=None))


@FUZZ
@given(LOGS)
def test_every_line_is_a_row_and_no_text_is_a_source(lines: list[bytes]) -> None:
    """Rows are lines for both readers, and whatever a client writes, the peer is the source."""
    log = b"\n".join(lines) + b"\n"
    for read in READERS:
        events = read(io.BytesIO(log))
        (fact,) = events.attrs["evidence"]
        assert len(events) == fact["lines"] == len(lines)
        assert set(events["source_ip"].dropna()) <= {PEER}
    packets = events[events["source_ip"].notna()]
    assert set(packets["message"].str.contains(FALSE_PACKET, regex=False)) <= {False}


@FUZZ
@given(LOGS, st.data())
def test_files_and_their_packing_change_nothing(lines: list[bytes], data: st.DataObject) -> None:
    """One file or two, named in any order, plain or packed: the same events."""
    cut = data.draw(st.integers(0, len(lines)))
    whole = told(mf.read_mail_log(io.BytesIO(b"\n".join(lines) + b"\n")))
    tables = []
    with TemporaryDirectory() as folder:
        for pack, ending in ((bytes, ""), (gzip.compress, ".gz"), (lzma.compress, ".xz")):
            paths = [Path(folder) / f"mail.log{name}{ending}" for name in (".1", "")]
            for path, part in zip(paths, (lines[:cut], lines[cut:]), strict=True):
                path.write_bytes(pack(b"".join(line + b"\n" for line in part)))
            tables += [mf.read_mail_log(order) for order in (paths, paths[::-1])]
    assert all(told(table) == whole for table in tables)
    assert all(one.equals(other) for one, other in zip(tables[::2], tables[1::2], strict=True))


READ = """
import os, sys
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[1])])
import mailforensics as mf
for read in (mf.read_mail_log, mf.read_ufw_log):
    sys.stdout.write(read(sys.argv[2]).to_csv())
"""


@pytest.mark.parametrize("folder", ["week", "week-rfc3339"])
def test_the_number_of_cores_changes_nothing(folder: str) -> None:
    """One core gives the same bytes as all of them."""
    digests = set()
    for cores in (1, 2):
        told_so = subprocess.run(
            [sys.executable, "-c", READ, str(cores), f"data/samples/{folder}"],
            check=True,
            capture_output=True,
            env={**os.environ, "POLARS_MAX_THREADS": str(cores)},
        ).stdout
        assert len(told_so) > 100_000
        digests.add(hashlib.sha256(told_so).hexdigest())
    assert len(digests) == 1
