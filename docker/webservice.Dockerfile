# The webservice: the HTTP API. Build from the repository root:
#   docker build -f docker/webservice.Dockerfile -t taskrunner-webservice .
# BASE: any Debian-like image with Node below /usr; 24 is recommended, 20.19 the oldest that is tested. docker/local-base.sh makes one from this machine, without a registry.
ARG BASE=docker.io/library/node:24-slim
# NPM_FLAGS: for example --offline, together with a mounted npm cache.
ARG NPM_FLAGS=

FROM ${BASE} AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY libs/core/package.json libs/core/
COPY libs/infrastructure/package.json libs/infrastructure/
COPY libs/client/package.json libs/client/
COPY apps/webservice/package.json apps/webservice/
COPY apps/worker/package.json apps/worker/
COPY apps/cli/package.json apps/cli/
COPY apps/console/package.json apps/console/
COPY apps/webservice-e2e/package.json apps/webservice-e2e/

FROM manifests AS built
ARG NPM_FLAGS
RUN npm ci --ignore-scripts ${NPM_FLAGS}
COPY tsconfig.base.json ./
COPY libs libs
COPY apps/webservice apps/webservice
COPY apps/console apps/console
RUN find libs apps -name '*.tsbuildinfo' -delete && node node_modules/typescript-native/bin/tsc -b apps/webservice/tsconfig.build.json libs/client/tsconfig.build.json \
  && npm run bundle --workspace libs/core && npm run bundle --workspace libs/client \
  && npm run bundle --workspace apps/console \
  # Of the sources the statements alone: they lie beside the adapters that send them.
  && find libs/infrastructure/src -type f ! -name '*.sql' -delete && find libs/infrastructure/src -type d -empty -delete

FROM manifests AS modules
ARG NPM_FLAGS
RUN npm ci --ignore-scripts --omit=dev --omit=optional --workspace apps/webservice ${NPM_FLAGS}

FROM ${BASE}
# Numbers, so that Kubernetes can tell that this is not root.
RUN install -d -o 10001 -g 10001 /var/lib/taskrunner /var/lib/taskrunner/objects
WORKDIR /app
ENV NODE_ENV=production
COPY --from=modules /app ./
COPY --from=built /app/libs/core/dist libs/core/dist
COPY --from=built /app/libs/infrastructure/dist libs/infrastructure/dist
COPY --from=built /app/apps/webservice/dist apps/webservice/dist
COPY --from=built /app/apps/console/dist apps/console/dist
COPY --from=built /app/libs/infrastructure/src libs/infrastructure/src
COPY docker/database.cjs docker/database.cjs
USER 10001:10001
EXPOSE 8080 8081
CMD ["node", "apps/webservice/dist/main.js"]
