"""Two small programs that the hosts run: one knocks at many ports, one answers on them."""

from typing import Final

# Starts all connections at once, so that a hundred dropped packets cost one wait.
PROBE: Final = r"""
import errno, json, selectors, socket, sys, time

WORDS = {0: "open", errno.ECONNREFUSED: "refused", errno.EAGAIN: "timeout"}
KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}

def start(protocol, address, port, source):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    probe = socket.socket(family, KINDS[protocol])
    probe.setblocking(False)
    if source:
        probe.bind((source, 0))
    code = probe.connect_ex((address, port))
    if protocol == "udp" and code == 0:
        probe.send(b"hello")
    return probe, code

def finish(probe):
    code = probe.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return WORDS.get(code, errno.errorcode.get(code, code))

waiting, results = selectors.DefaultSelector(), {}
wait, targets = json.load(sys.stdin)
for place, (protocol, *target) in enumerate(targets):
    probe, code = start(protocol, *target)
    if code in (0, errno.EINPROGRESS):
        event = selectors.EVENT_READ if protocol == "udp" else selectors.EVENT_WRITE
        waiting.register(probe, event, place)
    else:
        results[place] = WORDS.get(code, errno.errorcode[code])
end = time.monotonic() + wait
while waiting.get_map() and time.monotonic() < end:
    ready = waiting.select(0.4)
    if not ready:  # the kernel repeats a TCP packet by itself
        for key in list(waiting.get_map().values()):
            if key.events == selectors.EVENT_READ:
                key.fileobj.send(b"hello")
    for key, _ in ready:
        results[key.data] = finish(key.fileobj)
        waiting.unregister(key.fileobj)
        key.fileobj.close()
print(json.dumps([results.get(place, "timeout") for place in range(len(targets))]))
"""

# Answers on every address by itself: a reply from another address would be no answer.
LISTENER: Final = r"""
import selectors, socket, sys
waiting = selectors.DefaultSelector()
ports = list(map(int, sys.argv[1].split(",")))
for port in ports:
    door = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True,
                                backlog=512)
    waiting.register(door, selectors.EVENT_READ, "tcp")
    for address in sys.argv[2:]:
        door = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET,
                             socket.SOCK_DGRAM)
        door.bind((address, port))
        waiting.register(door, selectors.EVENT_READ, "udp")
while True:
    for key, _ in waiting.select():
        if key.data == "tcp":
            key.fileobj.accept()[0].close()
        else:
            key.fileobj.sendto(*key.fileobj.recvfrom(2048))
"""
