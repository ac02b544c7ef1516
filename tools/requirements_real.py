"""Say what `make test-real` needs and this machine lacks: root, and real programs."""

import os
import shutil
import sys
from typing import Final

# Debian and Ubuntu name a package after its job, not after its program.
PACKAGE_OF: Final = {
    "ufw": "ufw",
    "iptables": "iptables",
    "ip6tables": "iptables",
    "ipset": "ipset",
    "nft": "nftables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "ss": "iproute2",
    "postfix": "postfix",
    "postconf": "postfix",
    "dovecot": "dovecot-core",
    "doveadm": "dovecot-core",
    "rsyslogd": "rsyslog",
    "sshd": "openssh-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
    "chromium": "chromium",
    "shellcheck": "shellcheck",
    "rg": "ripgrep",
    "pflogsumm": "pflogsumm",
    "fail2ban-regex": "fail2ban",
    "smtp-sink": "postfix",
    "swaks": "swaks",
    "dnsmasq": "dnsmasq-base",
    "modprobe": "kmod",
    "sysctl": "procps",
    "nc": "netcat-openbsd",
    "openssl": "openssl",
    "logger": "bsdutils",
    "unshare": "util-linux",
    "nsenter": "util-linux",
}
# An ordinary user's PATH lacks the folders of root's programs.
SEARCH: Final = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin:/usr/lib/dovecot"


def missing(*programs: str) -> list[str]:
    """Return one sentence for each thing that is missing: root, or a program with its package.

    Without names, every program of the real tests is looked for.
    """
    lacks = [] if os.geteuid() == 0 else ["root: run `sudo make test-real`"]
    absent = [p for p in programs or PACKAGE_OF if shutil.which(p, path=SEARCH) is None]
    return lacks + [f"{name}: apt install {PACKAGE_OF.get(name, name)}" for name in absent]


def main() -> int:
    """Print what is missing, one line each, and return 1 if anything is."""
    lacks = missing()
    for line in lacks:
        sys.stderr.write(f"make test-real needs {line}\n")
    return 1 if lacks else 0


if __name__ == "__main__":
    sys.exit(main())
