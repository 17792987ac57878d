"""Follows live quotes with nats-py: python3 examples/python/follow_quotes.py [how many] [subject]"""
import asyncio, json, os, sys
import nats

USER = os.environ.get("NATS_USER")
ACCOUNT = {"user": USER, "password": os.environ["NATS_PASSWORD"], "inbox_prefix": f"_INBOX_{USER}"} if USER else {}


async def main(how_many="0", subject="md.v1.*.*.*.quote"):
    connection = await nats.connect(os.environ.get("NATS_URL", "nats://127.0.0.1:4222"), **ACCOUNT)
    quotes = await connection.subscribe(subject, max_msgs=int(how_many))
    async for message in quotes.messages:
        quote = json.loads(message.data)
        print(quote["venue"], quote["instrument"], quote["bid"], "/", quote["ask"], flush=True)
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
