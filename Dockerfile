# The same content as `npm run image` writes without a builder: Node, the bundle, nothing else.
# Build with: npm run build && docker build -t localhost/taskgrant:0.1.0 .
FROM gcr.io/distroless/nodejs24-debian12:nonroot
COPY dist/app /app
USER 65532:65532
ENV NODE_ENV=production HOME=/tmp MALLOC_ARENA_MAX=2
ENTRYPOINT ["/nodejs/bin/node", "/app/taskgrant.js"]
