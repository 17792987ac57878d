"""Recomputes a cross-exchange opportunity from its levels and fees: python3 examples/python/recompute.py [sequence]

net = B(1 - fs) - A(1 + fb), in decimals; without a sequence, of the last one stored.
"""
import asyncio, json, os, sys
from decimal import ROUND_HALF_EVEN, Decimal, getcontext
import nats

getcontext().prec, getcontext().rounding = 60, ROUND_HALF_EVEN
USER = os.environ.get("NATS_USER")
ACCOUNT = {"user": USER, "password": os.environ["NATS_PASSWORD"], "inbox_prefix": f"_INBOX_{USER}"} if USER else {}


def total(leg):
    return sum(Decimal(price) * Decimal(size) for price, size in leg["levels"])


async def main(sequence=None):
    connection = await nats.connect(os.environ.get("NATS_URL", "nats://127.0.0.1:4222"), **ACCOUNT)
    stream = connection.jetstream(domain="arbedge") if USER else connection.jetstream()
    wanted = {"seq": int(sequence)} if sequence else {"subject": "opp.v1.cross_exchange.>"}
    told = json.loads((await stream.get_msg("OPP", **wanted)).data)
    await connection.close()
    buy, sell = (next(leg for leg in told["legs"] if leg["side"] == side) for side in ("buy", "sell"))
    # A fee in base is paid by buying more, which the levels show already.
    cost = total(buy) * (1 + (Decimal(buy["feeRate"]) if buy["feeCurrency"] == told["currency"] else 0))
    net = total(sell) * (1 - Decimal(sell["feeRate"])) - cost
    profit, bps = net.quantize(Decimal("1e-8")).normalize(), (net / cost * 10000).quantize(Decimal("1e-4")).normalize()
    print(f"{told['id']}: told {told['netProfit']} {told['currency']}, {told['netBps']} bps")
    print(f"recomputed {profit:f} {told['currency']}, {bps:f} bps")


asyncio.run(main(*sys.argv[1:]))
