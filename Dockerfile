# The image of arc-gam: Node, the compiled CLI, its SQL and migrations, production dependencies, nothing else.
# The base is pinned by digest, so that two builds of one commit are alike; it gets no fixes by itself. To renew it:
#   docker buildx imagetools inspect node:22-bookworm-slim --format '{{.Manifest.Digest}}'
# To try another one: docker build --build-arg NODE_IMAGE=node:22-bookworm-slim .
ARG NODE_IMAGE=node:22.23.3-bookworm-slim@sha256:43ac6c60b8f89723f746e8a92ce91abd5017e627ce1ddfe4238355d3a30b772c

FROM ${NODE_IMAGE} AS build
WORKDIR /app
ENV NODE_ENV=development
COPY package.json package-lock.json ./
# Without scripts: `prepare` builds, and the sources are not here yet; no dependency of ours compiles anything.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
# Without the optional packages, too: they are the embedded Postgres of `arc-gam demo`, 60 MB.
RUN npm run build && npm prune --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
ARG VERSION=1.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="arc-gam" \
      org.opencontainers.image.description="Exact rollups of community gamification on PostgreSQL" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY bin bin
COPY sql sql
COPY migrations migrations
COPY page page
# A number, so that a platform that demands a non-root user can see that it is one. Nothing is written to the file system.
USER 65532:65532
# Node itself: a shell or npm in between would keep SIGTERM for itself.
ENTRYPOINT ["node", "/app/bin/arc-gam.js"]
CMD ["etl"]
