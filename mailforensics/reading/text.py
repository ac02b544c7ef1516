"""Say whether bytes are the text of a log, and what to do if they are something else."""

from typing import Final

from mailforensics.errors import EvidenceError

HEAD_BYTES: Final = 8192
_CONTROL_SHARE: Final = 0.1
_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r\x1b\x0c"))
_KNOWN: Final = {
    b"LPKSHHRH": "a binary journal; export its mail part: journalctl --file {name} -o json "
    "SYSLOG_FACILITY=2 > mail.json",
    b"__CURSOR=": "a journal in its export format; export it with -o json in place of -o export",
    b'{\n\t"__': "a journal laid out for people; export it with -o json in place of -o json-pretty",
    b"PK\x03\x04": "a zip archive; unpack it first",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    b"\x7fELF": "a program",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"SQLite format 3": "a database",
    b"\xd4\xc3\xb2\xa1": "a packet capture",
}


def refuse_binary(head: bytes, name: str) -> None:
    """Check that a file begins like text.

    Args:
        head: its first bytes, unpacked. NUL bytes at the start are what a crash leaves in a log.
        name: the file, for the message.

    Raises:
        EvidenceError: it is binary; the message says what to do.
    """
    for magic, what in _KNOWN.items():
        if head.startswith(magic):
            raise EvidenceError(f"{name}: this is {what.format(name=name)}, not a text log.")
    text = head.lstrip(b"\0")
    controls = len(text) - len(text.translate(None, _CONTROLS))
    if controls > _CONTROL_SHARE * len(text):
        raise EvidenceError(
            f"{name}: this is binary data, not a text log; name a file such as mail.log, or export "
            "the journal: journalctl -o json SYSLOG_FACILITY=2 > mail.json."
        )
