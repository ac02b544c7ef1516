"""The sample files: the week in both styles of stamp, the article's excerpt, the ground truth."""

import gzip
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from mailforensics.simulation.article import article_lines, wrapped_article_lines
from mailforensics.simulation.lines import LogLine, rfc3339, year_less
from mailforensics.simulation.second_case import second_case
from mailforensics.simulation.truth import ground_truth
from mailforensics.simulation.week import at, sample_week

SECOND_ROTATED: Final = datetime(2026, 10, 15, tzinfo=UTC)
ROTATIONS: Final = (at(2, "00:00"), at(4, "00:00"))
STATUS: Final = """\
Status: active
Logging: on (low)
Default: deny (incoming), allow (outgoing), disabled (routed)
New profiles: skip

To                         Action      From
--                         ------      ----
{ban}22/tcp                     LIMIT IN    Anywhere                  \n\
25/tcp                     ALLOW IN    Anywhere                  \n\
587/tcp                    ALLOW IN    Anywhere                  \n\
993/tcp                    ALLOW IN    Anywhere                  \n\
22/tcp (v6)                LIMIT IN    Anywhere (v6)             \n\
25/tcp (v6)                ALLOW IN    Anywhere (v6)             \n\
587/tcp (v6)               ALLOW IN    Anywhere (v6)             \n\
993/tcp (v6)               ALLOW IN    Anywhere (v6)             \n\

"""
BAN_ROW: Final = "Anywhere                   DENY IN     212.70.149.0/24            (log)\n"


def sample_files() -> dict[str, bytes]:
    """Return every sample file's bytes by its path below `data/samples`."""
    week = sample_week()
    oldest, middle, newest = _rotated(week.mail)
    files = {
        "week/mail.log": _text(year_less(newest)),
        "week/mail.log.1": _text(year_less(middle)),
        "week/mail.log.2.gz": _gzip(_text(year_less(oldest)), ROTATIONS[0]),
        "week/ufw.log": _text(year_less(week.firewall)),
        "week/ufw-status-before.txt": STATUS.format(ban="").encode(),
        "week/ufw-status.txt": STATUS.format(ban=BAN_ROW).encode(),
        "week-rfc3339/mail.log": _text(rfc3339(newest)),
        "week-rfc3339/mail.log.1.gz": _gzip(_text(rfc3339([*oldest, *middle])), ROTATIONS[1]),
        "week-rfc3339/ufw.log.gz": _gzip(_text(rfc3339(week.firewall)), at(6, "23:59")),
        "second-case/mail.log.gz": _gzip(_text(second_case()["line"]), SECOND_ROTATED),
        "article.log": _text(article_lines()),
        "article-wrapped.txt": _text(wrapped_article_lines()),
    }
    truth = ground_truth(week)
    truth["files"] = {name: _plain(name, body).count(b"\n") for name, body in sorted(files.items())}
    files["truth.json"] = (json.dumps(truth, indent=1) + "\n").encode()
    return files


def _rotated(lines: Iterable[LogLine]) -> tuple[list[LogLine], list[LogLine], list[LogLine]]:
    parts: tuple[list[LogLine], list[LogLine], list[LogLine]] = ([], [], [])
    for line in lines:
        parts[sum(line.time >= rotation for rotation in ROTATIONS)].append(line)
    return parts


def _text(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _gzip(body: bytes, rotated: datetime) -> bytes:
    # The header's time is logrotate's: a reader may use it to bound the year of the last stamp.
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=int(rotated.timestamp())) as packed:
        packed.write(body)
    return buffer.getvalue()


def _plain(name: str, body: bytes) -> bytes:
    return gzip.decompress(body) if name.endswith(".gz") else body
