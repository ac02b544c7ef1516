"""Application profiles: the ports behind names like `Postfix` or `Nginx Full`.

`ufw status` and `ufw show added` print the name alone. The table below holds what Debian's and
Ubuntu's packages ship; files of `/etc/ufw/applications.d`, when given, go before it.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

# One profile's reach: pairs of a port list as ufw writes it and a protocol (`any`: tcp and udp).
Reach = tuple[tuple[str, str], ...]

# Source: applications.d of the Debian 12 and Ubuntu 24.04 packages ufw, openssh-server, postfix,
# dovecot, nginx, apache2, samba, cups, bind9, squid, lighttpd, mosh, exim4.
_SHIPPED: Final = """
AIM = 5190/tcp
Apache = 80/tcp
Apache Full = 80,443/tcp
Apache Secure = 443/tcp
Bind9 = 53
Bonjour = 5353/udp|5298
CIFS = 137,138/udp|139,445/tcp
CUPS = 631
DNS = 53
Deluge = 6881:6891/tcp
Dovecot IMAP = 143/tcp
Dovecot POP3 = 110/tcp
Dovecot Secure IMAP = 993/tcp
Dovecot Secure POP3 = 995/tcp
Exim SMTP = 25/tcp
Exim SMTP Virtual-Host = 25/tcp
IMAP = 143/tcp
IMAPS = 993/tcp
IPP = 631
KTorrent = 6881/tcp|4444/udp
Kerberos Admin = 749/tcp
Kerberos Full = 88,749/tcp|464/udp
Kerberos KDC = 88
Kerberos Password = 464/udp
LDAP = 389/tcp
LDAPS = 636/tcp
LPD = 515/tcp
Lighttpd Full = 80,443/tcp
Lighttpd HTTP = 80/tcp
Lighttpd HTTPS = 443/tcp
MSN = 1863|6891:6900/tcp|6901
MSN SSL = 443/tcp
Mail submission = 587/tcp
NFS = 2049,111/tcp|2049,111/udp
Nginx Full = 80,443/tcp
Nginx HTTP = 80/tcp
Nginx HTTPS = 443/tcp
Nginx QUIC = 443/udp
OpenSSH = 22/tcp
POP3 = 110/tcp
POP3S = 995/tcp
PeopleNearby = 5353/udp|5298
Postfix = 25/tcp
Postfix SMTPS = 465/tcp
Postfix Submission = 587/tcp
SMTP = 25/tcp
SSH = 22/tcp
Samba = 137,138/udp|139,445/tcp
Socks = 1080/tcp
Squid = 3128/tcp
Telnet = 23/tcp
Transmission = 51413
Transparent Proxy = 8081/tcp
VNC = 5900/tcp
WWW = 80/tcp
WWW Cache = 8080/tcp
WWW Full = 80,443/tcp
WWW Secure = 443/tcp
XMPP = 5222/tcp|5269/tcp
Yahoo = 5050
mosh = 60000:61000/udp
qBittorrent = 6881/tcp
svnserve = 3690/tcp
"""
_SECTION: Final = re.compile(r"\[([A-Za-z0-9][A-Za-z0-9 _.+-]{0,63})\]\s*")
_PORTS: Final = re.compile(r"ports\s*[=:]\s*(\S{1,1024})\s*", re.IGNORECASE)
_SPECIFICATION: Final = re.compile(r"([0-9]{1,5}(?:[,:][0-9]{1,5}){0,14})(?:/(tcp|udp))?")


def parse_reach(ports: str) -> Reach:
    """Return the pairs of ports and protocol in a profile's `ports` value; empty if malformed.

    Source: ufw's manual, APPLICATION INTEGRATION: `80,443/tcp|53`.
    """
    found = [_SPECIFICATION.fullmatch(part) for part in ports.split("|")]
    return tuple((m[1], m[2] or "any") for m in found if m) if all(found) else ()


def parse_profiles(lines: Iterable[str]) -> dict[str, Reach]:
    """Return the profiles that lines of an `applications.d` file define."""
    profiles: dict[str, Reach] = {}
    name = ""
    for line in lines:
        if section := _SECTION.fullmatch(line):
            name = section[1]
        elif name and (ports := _PORTS.fullmatch(line)) and (reach := parse_reach(ports[1])):
            profiles[name] = reach
    return profiles


def _shipped() -> Mapping[str, Reach]:
    rows = (row.split(" = ") for row in _SHIPPED.strip().splitlines())
    return MappingProxyType({name: parse_reach(ports) for name, ports in rows})


SHIPPED: Final = _shipped()
