# One image with every program; docker-compose.yml says which one a container runs.
FROM node:22-bookworm-slim AS node

FROM rust:1.95-bookworm AS build
# Node builds the playground, which is part of the router.
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
ENV ROOKERY_PLAYGROUND=required
WORKDIR /src
COPY . .
# The caches belong to the builder and are not part of the image, so the programs are copied out in the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    --mount=type=cache,target=/root/.npm,sharing=locked \
    cargo build --release --locked \
        --package users --package posts --package messaging --package router --package migrations \
        --package registry --bins \
    && mkdir /out \
    && cp target/release/users target/release/posts target/release/messaging \
        target/release/router target/release/migrate \
        target/release/rookery-schema target/release/rookery-plan /out/

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="Rookery" \
      org.opencontainers.image.description="Social-network back end: users, posts, messaging, router, migrate, rookery-schema" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /out/ /usr/local/bin/
# Without any roots the HTTP clients do not even start.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
# For a volume, which takes its rights over: whoever the programs run as can write to it.
RUN install --directory --mode=1777 /var/lib/rookery/avatars
# A number, so that a cluster can see that it is not root. The programs write nothing but pictures.
USER 10001:10001
STOPSIGNAL SIGTERM
CMD ["router"]
