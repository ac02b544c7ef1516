"""The words of `explain`: a sentence for each kind of event, and what codes and ports mean."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# {who} is the peer; a sentence without it is about the server or a message.
SENTENCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "connect": "{who} connected.",
        "disconnect": "{who} left.",
        "auth_failed": "A login from {who} was refused.",
        "auth_ok": "A login from {who} worked.",
        "lost_connection": "{who} vanished in the middle of the conversation.",
        "timeout": "{who} kept silent for too long, and the server hung up.",
        "too_many_errors": "{who} made too many errors, and the server hung up.",
        "reject": "The server refused what {who} wanted.",
        "tls_failed": "Encryption with {who} could not be set up.",
        "tls_ok": "Encryption with {who} was set up.",
        "rdns_mismatch": "The name that {who} claims in DNS does not lead back to its address.",
        "pipelining": "{who} sent commands before it was allowed to, as spam programs do.",
        "bad_command": "{who} sent something that is not proper SMTP.",
        "rate": "The server counted how often {who} came, or turned it away for coming too often.",
        "pregreet": "{who} spoke before the server's greeting, as spam programs do.",
        "dnsbl": "A DNS block list knows {who}.",
        "hangup": "{who} hung up in the middle of a test.",
        "screen_connect": "{who} connected, and postscreen looks at it first.",
        "screen_pass": "{who} passed postscreen's tests and may speak to the mail server.",
        "screen_disconnect": "postscreen ended the conversation with {who}.",
        "accepted": "The server takes a message from {who}.",
        "message_id": "A message was given its Message-ID.",
        "queued": "A message is ready to be delivered.",
        "delivered": "A message was delivered.",
        "deferred": "A message could not be delivered for now; the server will try again.",
        "bounced": "A message cannot be delivered; its sender is told.",
        "expired": "A message waited too long and goes back to its sender.",
        "removed": "A message is done with and left the queue.",
        "outbound_auth_failed": "This server's own login at another server failed. No attack.",
        "auth_unavailable": "This server's own login service failed. No attack.",
        "server": "A note of the server's own: nothing is counted for it.",
        "other": "A line of no known kind.",
        "unparsed": "This has no head as a log line has: no time, host and program.",
        "blocked": "The firewall dropped a packet.",
        "allowed": "The firewall let a packet through.",
        "audited": "The firewall noted a packet; another rule decides on it.",
        "limited": "The firewall dropped a packet: its sender knocks too often.",
    }
)

# What a reply's first digit says. Source: RFC 5321, section 4.2.1.
REPLIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "2": "accepted",
        "4": "refused for now, the client may try again later",
        "5": "refused for good",
    }
)

# What a reason that contains a text means, the most telling first.
REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Relay access denied": "It wanted this server to carry mail to somebody elsewhere.",
        "relay not permitted": "It wanted this server to carry mail to somebody elsewhere.",
        "User unknown": "There is no such mailbox here.",
        "unknown user": "There is no such account here.",
        "blocked using": "A DNS block list knows the client.",
        "Greylist": "A stranger is asked to come back later; spam programs seldom do.",
        "cannot find your hostname": "The client's address has no proper name in DNS.",
        "need fully-qualified hostname": "The client does not call itself by a full name.",
        "Sender address rejected": "The sender's address is not to this server's liking.",
        "Password mismatch?": "The password may have been wrong, or there is no such account.",
        "Password mismatch": "The account exists; the password was wrong.",
        "invalid credentials": "The account or the password was wrong.",
        "(reason unavailable)": "The login service gave Postfix no reason.",
        "nvalid authentication mechanism": "The server does not offer that login method.",
        "unsupported auth mechanism": "The server does not offer that login method.",
        "tried to use dis": "The password would have crossed the net in clear: not allowed here.",
        "no auth attempts": "It did not try to log in.",
        "after CONNECT": "It came and went without a word, as scanners and health checks do.",
        "after EHLO": "It asked what the server can do, and left.",
        "after STARTTLS": "It left while encryption was being set up.",
        "after AUTH": "It left during a login or right after one.",
        "after RCPT": "It left after naming a recipient.",
        "after DATA": "It left in the middle of a message.",
    }
)

# Ports that attackers of mail servers knock at. Source: IANA service name registry.
PORTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "21": "FTP",
        "22": "SSH",
        "23": "telnet",
        "25": "SMTP, mail from other servers",
        "80": "HTTP",
        "110": "POP3",
        "143": "IMAP",
        "443": "HTTPS",
        "445": "Windows file sharing",
        "465": "SMTP submission over TLS",
        "587": "SMTP submission",
        "993": "IMAP over TLS",
        "995": "POP3 over TLS",
        "3306": "MySQL",
        "3389": "Windows remote desktop",
        "4190": "ManageSieve",
    }
)

# What a rule did with a message that it did not refuse.
ACTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "warn": "A rule only noted it.",
        "warning": "A rule only noted it.",
        "info": "A rule only noted it.",
        "hold": "A rule put the message on hold; a person decides.",
        "milter-hold": "A filter put the message on hold; a person decides.",
        "filter": "A rule sends the message through a filter.",
        "redirect": "A rule sends the message to another address.",
        "bcc": "A rule sends a copy to another address.",
        "prepend": "A rule adds a header.",
        "replace": "A rule rewrote a line.",
        "strip": "A rule removed a line.",
        "delay": "A rule delays the message.",
        "permit": "A rule let it pass.",
        "pass": "A rule let it pass.",
        "discard": "The message was taken and thrown away; its sender is not told.",
        "greylist": "A stranger is asked to come back later; spam programs seldom do.",
    }
)
