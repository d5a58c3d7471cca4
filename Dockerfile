# Both images can be replaced by ones made locally: --build-arg BUILD_IMAGE=… --build-arg RUNTIME_IMAGE=…
ARG BUILD_IMAGE=rust:1-bookworm
ARG RUNTIME_IMAGE=debian:bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY . .
RUN cargo build --profile dist --locked -p unionhall-gateway -p unionhall-simulator

FROM ${RUNTIME_IMAGE}
# Copied instead of installed, so that the runtime image needs no package manager and no network.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/target/dist/unionhall /src/target/dist/unionhall-sim /usr/local/bin/
# A number: Kubernetes' runAsNonRoot cannot judge a name, and mounted secrets are given to an id.
USER 10001:10001
WORKDIR /
ENV UNIONHALL_LISTEN=0.0.0.0:8080 UNIONHALL_INTERNAL_LISTEN=0.0.0.0:9080
EXPOSE 8080 9080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["/usr/local/bin/unionhall", "healthcheck", "--url", "http://127.0.0.1:8080/readyz"]
ENTRYPOINT ["/usr/local/bin/unionhall"]
CMD ["serve"]
