"""Hand the kernel's ufw lines about this host to its syslog daemon, as imklog would.

All namespaces share one kernel log, and to read /proc/kmsg would take lines away from the machine.
/dev/kmsg gives each reader its own place. A line is this host's if it came in by this host's own
network card: `python kernel_log.py MAC`.
"""

import os
import socket
import stat
import sys
import time
from pathlib import Path

READY = "/run/kernel_log.ready"
DEVICE = os.makedev(1, 11)


def main() -> None:
    """Follow the kernel log from now on until killed."""
    if not Path("/dev/kmsg").exists():
        os.mknod("/dev/kmsg", 0o600 | stat.S_IFCHR, DEVICE)
    source = os.open("/dev/kmsg", os.O_RDONLY)
    os.lseek(source, 0, os.SEEK_END)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    Path(READY).touch()
    while True:
        try:
            record = os.read(source, 8192).decode("utf-8", "replace")
        except BrokenPipeError:  # lines were lost: read on
            continue
        head, _, text = record.partition(";")
        text = text.partition("\n")[0]
        if "[UFW " in text and f"MAC={sys.argv[1]}:" in text:
            priority, _, stamp, *_ = head.split(",")
            stamp = f"[{int(stamp) / 1e6:12.6f}]"
            line = f"<{priority}>{time.strftime('%b %e %H:%M:%S')} kernel: {stamp} {text}"
            door.sendto(line.encode(), "/dev/log")


if __name__ == "__main__":
    main()
