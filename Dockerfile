# ArbEdge as an image. In: the checkout. Out: `arbedge` as the entry point, run as a user without rights.
# Nothing here is needed to try it (`npx -y deno@2.9.6 task demo`); it is for running it beside NATS and Postgres.
FROM denoland/deno:2.9.6

WORKDIR /app

# Dependencies are a layer of their own: they change less often than the sources. The lock file decides, or it fails.
COPY deno.json deno.lock package.json ./
RUN deno install --frozen

COPY src ./src
RUN deno cache src/main.ts \
  && mkdir -p /app/.arbedge \
  && chown deno:deno /app/.arbedge

# The embedded store keeps its data here where no Postgres is configured.
VOLUME /app/.arbedge

USER deno
ENTRYPOINT ["deno", "run", "-A", "--cached-only", "src/main.ts"]
CMD ["run"]

# doctor exits 3 when something it was told to use does not answer.
HEALTHCHECK --interval=60s --timeout=20s --start-period=60s --retries=3 \
  CMD ["deno", "run", "-A", "--cached-only", "src/main.ts", "doctor", "--json"]
