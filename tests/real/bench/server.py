"""The mail server of the bench: real Postfix, Dovecot, rsyslog, ufw and sshd in one host."""

import json
import shutil
import sys
from pathlib import Path
from typing import Final

from hosts import Host, require

from bench.places import MAIL_PORTS, NAME_SERVER, PASSWORDS

FOLDER: Final = Path(__file__).parent
STYLES: Final = ("traditional", "rfc3339")
PROGRAMS: Final = (
    *("postfix", "dovecot", "rsyslogd", "ufw", "ip6tables", "ipset", "sshd", "ssh", "ssh-keygen"),
    *("openssl", "ss", "smtp-sink", "sysctl"),
)
# Everybody's configuration is the bench's own; the machine's files are seen, never written.
FILES: Final = {
    "main.cf": "etc/postfix/main.cf",
    "master.cf": "etc/postfix/master.cf",
    "dovecot.conf": "etc/dovecot/dovecot.conf",
    "rsyslog.conf": "etc/rsyslog.conf",
    "sshd_config": "etc/ssh/sshd_config",
}
PREPARE: Final = """
hostname mail
rm -rf /var/log/* /var/spool/postfix/{deferred,active,incoming,maildrop,defer,bounce,corrupt} \
    /var/lib/postfix/*
mkdir -p /var/log/traditional /var/log/rfc3339 /var/spool/rsyslog /etc/ssl/bench /run/sshd
mkdir -p /var/mail/users /root/.ssh
groupadd -g 5000 vmail; useradd -u 5000 -g 5000 -M -s /usr/sbin/nologin vmail
chown vmail:vmail /var/mail/users
chmod 700 /root /root/.ssh
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=mail.example.org \
    -keyout /etc/ssl/bench/key.pem -out /etc/ssl/bench/cert.pem 2>&1
cat /etc/ssl/bench/key.pem /etc/ssl/bench/cert.pem > /etc/ssl/bench/both.pem
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/bench_host_key
"""
START: Final = """
rsyslogd -f /etc/rsyslog.conf -i /run/rsyslogd.pid
dovecot -c /etc/dovecot/dovecot.conf
postfix start
/usr/sbin/sshd -E /var/log/sshd.log
ufw allow 22/tcp
"""
READY_SECONDS: Final = 60
LOGS: Final = (
    *("/var/log/rfc3339/mail.log", "/var/log/rfc3339/ufw.log", "/var/log/sshd.log"),
    "/run/kernel_log.out",
)


def start_server(host: Host) -> None:
    """Set the server up and return when every port answers.

    Raises:
        AssertionError: a program is missing or does not start; the message has its words.
    """
    require(*PROGRAMS)
    host.run(PREPARE, timeout=120)
    for name, place in FILES.items():
        shutil.copy(FOLDER / "etc" / name, host.root / place)
    boxes = "".join(f"{user} example.org/{user.split('@')[0]}/\n" for user in PASSWORDS)
    _write(host, "etc/postfix/mailboxes", boxes)
    _write(host, "etc/postfix/server_names", "other.example.org /etc/ssl/bench/both.pem\n")
    accounts = "".join(f"{user}:{{PLAIN}}{word}\n" for user, word in PASSWORDS.items())
    _write(host, "etc/dovecot/users", accounts)
    host.run("chgrp dovecot /etc/dovecot/users; chmod 640 /etc/dovecot/users")
    _write(host, "etc/resolv.conf", f"nameserver {NAME_SERVER}\noptions timeout:2 attempts:3\n")
    host.run(START + "".join(f"ufw allow {port}/tcp\n" for port in MAIL_PORTS), timeout=120)
    host.run("ufw --force enable", timeout=60)
    _follow_kernel(host)
    try:
        _wait_for_ports(host)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{words(host)}") from error


def _wait_for_ports(host: Host) -> None:
    for port in (22, *MAIL_PORTS):
        host.wait_for(f"ss -Hltn 'sport = :{port}' | grep -q .", seconds=READY_SECONDS)


def words(host: Host) -> str:
    """Return the last that each daemon of the server wrote."""
    return host.run(f"tail -n 40 {' '.join(LOGS)} 2>&1", check=False).stdout


def _write(host: Host, place: str, text: str) -> None:
    path = host.root / place
    path.unlink(missing_ok=True)  # resolv.conf may be a link to elsewhere
    path.write_text(text)


def _follow_kernel(host: Host) -> None:
    link = json.loads(host.run("ip -json link show eth0").stdout)[0]
    program = str(FOLDER / "kernel_log.py")
    host.start([sys.executable, program, link["address"]], log="/run/kernel_log.out")
    host.wait_for("test -e /run/kernel_log.ready")
