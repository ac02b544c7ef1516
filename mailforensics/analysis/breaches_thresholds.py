"""Every threshold of the signs that somebody got in, in one place, with where it comes from."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on something is a sign; change one with `dataclasses.replace`.

    The figures are conservative for a small server: a person who mistypes twice and then gets in
    is no sign at all, and nothing is `critical` unless an account that is at home elsewhere, or an
    address that guessed at strangers' accounts, is part of it.

    Attributes:
        failures: failures from one address before a login. Source: people rarely need more than
            three tries (NIST SP 800-63B allows 100 before a lock; fail2ban bans after 5).
        failure_hours: hours before the login in which they count.
        slow_days: days before an account's first login in a place in which failures on it count.
        many_failures: failures that no person types in that time.
        strange_accounts: accounts tried from an address that never worked from its network.
        spray_failures: failures on one account, from any address. Source: MITRE ATT&CK T1110.003.
        spray_addresses: addresses that they come from.
        spray_days: days before the login in which they count.
        hostile_failures: failures from a network, without those of its users, to call it hostile.
        hostile_addresses: addresses that they come from.
        history_logins: logins of an account before a new place is news.
        history_days: days on which they happened.
        habit_days: days with the same jump between countries, or with as many networks in an
            hour, from which on it is a habit: a mail service that fetches mail, a VPN.
        history_networks: networks in use beyond which a new one is no news: a mobile device.
        travel_hours: hours between logins from two countries that no journey explains.
        networks_an_hour: networks that use one account within an hour; a phone that moves
            between home, street and office shows two or three.
        burst_messages: messages of one account within an hour from a new network.
        burst_deliveries: deliveries of such an hour; one message may go to hundreds.
        burst_factor: times the account's busiest hour before.
        bounces: deliveries that bounce within an hour; lists of strangers bounce much.
        bounce_share: share of all deliveries of that hour.
        dormant_days: days without a login after which an account sleeps.
        relay_domains: recipient domains that make an accepted relay more than a forward.
        home_v4: prefix length that counts as one place for IPv4.
        home_v6: prefix length that counts as one place for IPv6; a site gets a /48.
    """

    failures: int = 3
    failure_hours: float = 24.0
    slow_days: float = 30.0
    many_failures: int = 10
    strange_accounts: int = 3
    spray_failures: int = 20
    spray_addresses: int = 5
    spray_days: float = 7.0
    hostile_failures: int = 20
    hostile_addresses: int = 2
    history_logins: int = 10
    history_days: int = 3
    habit_days: int = 4
    history_networks: int = 3
    travel_hours: float = 2.0
    networks_an_hour: int = 4
    burst_messages: int = 20
    burst_deliveries: int = 100
    burst_factor: float = 5.0
    bounces: int = 10
    bounce_share: float = 0.2
    dormant_days: float = 30.0
    relay_domains: int = 3
    home_v4: int = 24
    home_v6: int = 48


DEFAULT_THRESHOLDS: Final = Thresholds()

# Mailboxes that belong to a role or to nobody, which attackers try first. Source: RFC 2142, and
# the names that public honeypots see most.
ROLE_ACCOUNTS: Final = frozenset(
    [
        *("abuse", "admin", "administrator", "backup", "billing", "contact"),
        *("demo", "fax", "guest", "help", "hostmaster", "hr"),
        *("info", "kontakt", "mail", "mailer", "marketing", "news"),
        *("newsletter", "nobody", "noreply", "office", "operator", "order"),
        *("orders", "postmaster", "printer", "root", "sales", "scan"),
        *("scanner", "security", "service", "shop", "spam", "student"),
        *("support", "sysadmin", "test", "test1", "testuser", "user"),
        *("web", "webmail", "webmaster", "www"),
    ]
)
