# /help.
help-intro = <b>ArbEdge</b> finds arbitrage opportunities between crypto exchanges that could really be executed.
help-session = All but /start and /help need a session, which /start opens.
