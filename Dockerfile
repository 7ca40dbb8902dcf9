# koalarize serve, on Mesa's software driver: needs no GPU. See docs/serve.md.
FROM node:22-trixie-slim AS package
WORKDIR /source
# With .npmrc, by which packages run no scripts: one would download 300 MB.
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
RUN npm run build && npm pack --pack-destination /tmp

FROM node:22-trixie-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends libvulkan1 mesa-vulkan-drivers \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /app
# Dependencies as they are locked, then the files of the package.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force
RUN --mount=type=bind,from=package,source=/tmp,target=/package \
  tar -xzf /package/koalarize-*.tgz --strip-components=1 --no-same-owner
ENV NODE_ENV=production XDG_RUNTIME_DIR=/tmp
USER node
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Listening for others, it demands KOALARIZE_TOKEN.
ENTRYPOINT ["node", "dist/cli.js", "serve", "--host", "0.0.0.0"]
