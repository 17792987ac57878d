"""Follows scored opportunities with nats-py: python3 examples/python/follow_opportunities.py [how many] [subject]"""
import asyncio, json, os, sys
import nats

USER = os.environ.get("NATS_USER")
ACCOUNT = {"user": USER, "password": os.environ["NATS_PASSWORD"], "inbox_prefix": f"_INBOX_{USER}"} if USER else {}


async def main(how_many="0", subject="opp.v1.>"):
    connection = await nats.connect(os.environ.get("NATS_URL", "nats://127.0.0.1:4222"), **ACCOUNT)
    opportunities = await connection.subscribe(subject, max_msgs=int(how_many))
    async for message in opportunities.messages:
        told = json.loads(message.data)
        plan = [f"{leg['side']} {leg['size']} {leg['instrument']} on {leg['venue']} at {leg['price']}" for leg in told["legs"]]
        print(f"{told['state']} {told['type']} {told['id']} revision {told['revision']}: {', '.join(plan)}")
        print(f"  net {told['netProfit']} {told['currency']}, {told['netBps']} bps, score {told['score']}", flush=True)
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
