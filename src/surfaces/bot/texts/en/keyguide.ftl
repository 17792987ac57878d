# How a safe key is made on each exchange.
keyguide-title = 🔑 <b>How to connect an exchange</b>
    A key lets me see your balance there. I keep it sealed and never show it to anybody. Which exchange?
keyguide-venue = 🔑 <b>A key of { $venue }</b>
keyguide-steps =
    .binance =
        1. Profile › API Management › Create API, “System generated”.
        2. Leave only “Enable Reading” ticked.
        3. “Restrict access to trusted IPs only”: the address of the server I run on. Without it Binance takes trading rights away again.
    .bybit =
        1. Profile › API › Create New Key, “System-generated API Keys”.
        2. Choose “Read-Only”.
        3. “Only IPs with permissions granted”: the address of the server I run on. Without it the key ends after three months.
    .okx =
        1. Profile › API › Create API key, purpose “API trading”.
        2. Make up a passphrase: I will ask for it too.
        3. Leave only “Read” ticked, and enter the address of the server I run on.
    .kraken =
        1. Settings › API › Create API key.
        2. Tick “Query” under Funds, and nothing of Deposit, Withdraw or Earn.
        3. “IP address restriction”: the address of the server I run on.
    .coinbase =
        1. Coinbase Exchange › API › New API Key.
        2. Tick “View” only, and make up a passphrase: I will ask for it too.
        3. “IP whitelist”: the address of the server I run on.
    .other =
        1. Find “API” or “API keys” in your account there, and make a new key.
        2. Let it read only.
        3. Restrict it to the address of the server I run on.
keyguide-rules = 🛡 Begin with a key that only reads. Never allow withdrawals: I refuse such keys. The operator of this bot knows the server's address.
keyguide-page = 🔗 The exchange's page
keyguide-add = ➕ I have a key
