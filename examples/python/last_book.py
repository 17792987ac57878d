"""Fetches the last book of a market with nats-py: python3 examples/python/last_book.py [venue.market.base-quote]"""
import asyncio, datetime, json, os, sys
import nats
from nats.js.errors import KeyNotFoundError

USER = os.environ.get("NATS_USER")
ACCOUNT = {"user": USER, "password": os.environ["NATS_PASSWORD"], "inbox_prefix": f"_INBOX_{USER}"} if USER else {}


async def main(market="kraken.spot.BTC-USDT"):
    connection = await nats.connect(os.environ.get("NATS_URL", "nats://127.0.0.1:4222"), **ACCOUNT)
    stream = connection.jetstream(domain="arbedge") if USER else connection.jetstream()
    try:
        entry = json.loads((await (await stream.key_value("market_data")).get(f"{market}.book")).value)
        book = entry["ticks"][0]
        told_at = datetime.datetime.fromtimestamp(book["ingestTime"] / 1000, datetime.timezone.utc)
        print(book["venue"], book["instrument"], "of", told_at.isoformat(timespec="milliseconds"))
        for side in ("bids", "asks"):
            print(" ", side, ", ".join(f"{size} at {price}" for price, size in book[side][:3]))
    except KeyNotFoundError:
        print(f"no book of {market} is kept: are books followed there?")
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
