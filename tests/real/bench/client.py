"""Talk to a mail server as told, and say what it answered: the ground truth of the bench.

Runs inside a host, with the standard library alone. Each line on stdin is an order, each line on
stdout its result, in the order in which they end:

    {"id": 7, "chain": [TALK, TALK], "seconds": 0}      talks one after the other
    {"id": 7, "talks": [RESULT, RESULT]}

    TALK    {"source": "198.18.0.9", "to": "203.0.113.10", "port": 25, "wait": 20, "steps": [STEP]}
    STEP    ["say", text]  ["send", text]  ["raw", text]  ["read"]  ["drain"]  ["abort"]
            ["login", user, password]  ["plain", user, password]
            ["tls", {"sni": …, "max": …, "cert": …, "verify": …}]
    RESULT  {"source", "port", "start", "end", "met": "open" | "refused" | "timeout" | …,
             "said": [[what, reply], …]}

With `seconds` above 0 the chain is repeated until that much time is over.
"""

import base64
import contextlib
import errno
import json
import socket
import ssl
import struct
import sys
import threading
import time
from typing import Any, NoReturn

Order = dict[str, Any]
SMTP_PORTS, IMAP_PORTS = {25, 465, 587}, {143, 993}
VERSIONS = {"1.0": ssl.TLSVersion.TLSv1, "1.2": ssl.TLSVersion.TLSv1_2}
WORKERS = 256
REPLY_SECONDS = 90
ENDED = ""


class Talk:
    """One connection: sends what each step says and keeps what the server answered."""

    def __init__(self, order: Order) -> None:
        """Take the TALK as it came."""
        self.order, self.said, self.rest = order, [], b""
        self.port = order["port"]
        self.tag = 0

    def run(self) -> Order:
        """Return the RESULT."""
        start = time.time()
        met = self._connect()
        if met == "open":
            with contextlib.suppress(OSError, EOFError):
                self._steps()
            with contextlib.suppress(OSError):
                self.socket.close()
        keys = ("source", "to", "port")
        facts = {key: self.order[key] for key in keys}
        return {**facts, "start": start, "end": time.time(), "met": met, "said": self.said}

    def _connect(self) -> str:
        source, wait = (self.order["source"], 0), self.order.get("wait", 20)
        try:
            target = (self.order["to"], self.port)
            self.socket = socket.create_connection(target, timeout=wait, source_address=source)
        except OSError as error:
            names = {errno.ECONNREFUSED: "refused", None: "timeout", errno.ETIMEDOUT: "timeout"}
            return names.get(error.errno, errno.errorcode.get(error.errno, "?"))
        self.socket.settimeout(REPLY_SECONDS)
        return "open"

    def _steps(self) -> None:
        for name, *words in self.order["steps"]:
            getattr(self, f"_{name}")(*words)

    def _note(self, what: str, reply: str) -> None:
        self.said.append([what, reply])
        if reply == ENDED:
            raise EOFError

    def _say(self, text: str) -> None:
        """Send a line, with the tag that IMAP wants, and note the reply."""
        self._send(text)
        self._note(text, self._reply())

    def _send(self, text: str) -> None:
        if self.port in IMAP_PORTS:
            self.tag += 1
            text = f"a{self.tag} {text}"
        self._raw(text + "\r\n")

    def _raw(self, text: str) -> None:
        try:
            self.socket.sendall(text.encode("utf-8", "surrogateescape"))
        except OSError:
            self._note(text[:60], ENDED)

    def _read(self) -> None:
        self._note("", self._reply(greeting=True))

    def _drain(self) -> None:
        """Note all that comes until the server hangs up."""
        while True:
            self._note("", self._line())

    def _abort(self) -> NoReturn:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise EOFError

    def _tls(self, wanted: Order) -> None:
        """Set up TLS, trusting any certificate unless `verify` is asked for; note how it went."""
        context = ssl.create_default_context()
        if not wanted.get("verify"):
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if "cert" in wanted:
            context.load_cert_chain(wanted["cert"])
        if "max" in wanted:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = VERSIONS[wanted["max"]]
        try:
            self.socket = context.wrap_socket(
                self.socket, server_hostname=wanted.get("sni", "mail.example.org")
            )
        except (OSError, ValueError) as error:
            self.said.append(["TLS", f"failed: {error}"])
            raise EOFError from error
        self.said.append(["TLS", self.socket.version()])

    def _login(self, user: str, password: str) -> None:
        """Log in by SASL LOGIN, IMAP LOGIN or POP3 USER and PASS; note only the verdict."""
        what = f"login {user}"
        if self.port in IMAP_PORTS:
            self._send(f"LOGIN {quoted(user)} {quoted(password)}")
            self._note(what, self._reply())
        elif self.port in SMTP_PORTS:
            for text in ("AUTH LOGIN", coded(user), coded(password)):
                self._send(text)
                reply = self._reply()
                if not reply.startswith("334"):
                    break
            self._note(what, reply)
        else:
            self._say(f"USER {user}")
            self._send(f"PASS {password}")
            self._note(what, self._reply())

    def _plain(self, user: str, password: str) -> None:
        """Log in by SASL PLAIN in one line."""
        self._send(f"AUTH PLAIN {coded(f'{chr(0)}{user}{chr(0)}{password}')}")
        self._note(f"login {user}", self._reply())

    def _reply(self, *, greeting: bool = False) -> str:
        """Return one whole reply, its lines joined by a newline, or ENDED."""
        lines = []
        while True:
            line = self._line()
            if line == ENDED:
                return ENDED
            lines.append(line)
            if greeting and self.port not in SMTP_PORTS:
                return line
            if self.port in SMTP_PORTS and line[3:4] != "-":
                return "\n".join(lines)
            if self.port in IMAP_PORTS and line.startswith(f"a{self.tag} "):
                return line
            if self.port not in SMTP_PORTS | IMAP_PORTS:
                return line

    def _line(self) -> str:
        while b"\n" not in self.rest:
            try:
                more = self.socket.recv(65536)
            except OSError:
                more = b""
            if not more:
                return ENDED
            self.rest += more
        line, _, self.rest = self.rest.partition(b"\n")
        return line.decode("utf-8", "replace").rstrip("\r") or " "


def coded(text: str) -> str:
    """Return text in base64."""
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()


def quoted(text: str) -> str:
    """Return text as an IMAP string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def chain(order: Order) -> list[Order]:
    """Return the results of an order's talks, one after the other, for as long as it says."""
    end = time.time() + order.get("seconds", 0)
    results = [Talk(talk).run() for talk in order["chain"]]
    while time.time() < end:
        results += [Talk(talk).run() for talk in order["chain"]]
    return results


def main() -> None:
    """Carry out each order in a thread of its own until stdin ends."""
    voice, room = threading.Lock(), threading.Semaphore(WORKERS)

    def carry_out(order: Order) -> None:
        with room:
            text = json.dumps({"id": order["id"], "talks": chain(order)})
        with voice:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    for line in sys.stdin:
        threading.Thread(target=carry_out, args=(json.loads(line),), daemon=True).start()


if __name__ == "__main__":
    main()
