"""A NATS client on a plain socket, for where nothing can be installed; prints a subject and a payload a line.

python3 examples/python/plain_socket.py follow SUBJECT [HOW MANY]
python3 examples/python/plain_socket.py ask SUBJECT [PAYLOAD]
"""
import json, os, secrets, socket, sys
from urllib.parse import urlsplit

URL, USER = urlsplit(os.environ.get("NATS_URL", "nats://127.0.0.1:4222")), os.environ.get("NATS_USER")
ACCOUNT = {"user": USER, "pass": os.environ["NATS_PASSWORD"]} if USER else {}
INBOX = f"{f'_INBOX_{USER}' if USER else '_INBOX'}.{secrets.token_hex(8)}"


def messages(subject, request=None):
    wire = socket.create_connection((URL.hostname, URL.port or 4222)).makefile("rwb")
    wire.readline()  # The server introduces itself.
    ways = {"verbose": False, "headers": True, "no_responders": True, "lang": "plain"}
    wire.write(f"CONNECT {json.dumps({**ACCOUNT, **ways})}\r\nSUB {subject} 1\r\n".encode())
    if request is not None:
        wire.write(f"PUB {request[0]} {subject} {len(request[1])}\r\n{request[1]}\r\n".encode())
    wire.flush()
    while words := wire.readline().decode().split():
        if words[0] == "PING":
            wire.write(b"PONG\r\n")
            wire.flush()
        elif words[0] == "-ERR":
            sys.exit(" ".join(words))
        elif words[0] in ("MSG", "HMSG"):
            whole = wire.read(int(words[-1]) + 2)[:-2]
            yield words[1], whole[int(words[-2]) if words[0] == "HMSG" else 0 :].decode()


verb, subject, last = [*sys.argv[1:], ""][:3]
heard = messages(subject) if verb == "follow" else messages(INBOX, (subject, last))
for count, (name, payload) in enumerate(heard, 1):
    print(name, payload, flush=True)
    if verb == "ask" or str(count) == last:
        break
