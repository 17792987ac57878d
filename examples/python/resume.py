"""Reads every opportunity from a sequence on, with nats-py: python3 examples/python/resume.py [sequence] [how many]"""
import asyncio, json, os, sys
import nats
from nats.js.errors import NotFoundError

USER = os.environ.get("NATS_USER")
ACCOUNT = {"user": USER, "password": os.environ["NATS_PASSWORD"], "inbox_prefix": f"_INBOX_{USER}"} if USER else {}


async def main(sequence="1", how_many="inf"):
    connection = await nats.connect(os.environ.get("NATS_URL", "nats://127.0.0.1:4222"), **ACCOUNT)
    stream = connection.jetstream(domain="arbedge") if USER else connection.jetstream()
    following, left = int(sequence), float(how_many)
    while left > 0:
        try:
            told = json.loads((await stream.get_msg("OPP", seq=following)).data)
        except NotFoundError:  # Not there yet, or no longer.
            following = max(following, (await stream.stream_info("OPP")).state.first_seq)
            await asyncio.sleep(0.25)
            continue
        print(following, told["state"], told["id"], "revision", told["revision"], flush=True)
        following, left = following + 1, left - 1
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
