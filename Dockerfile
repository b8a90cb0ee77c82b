# The gate as an image: built in one stage, run in another without compilers, as nobody, on a read-only root.
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements.txt ./
RUN python -m venv /opt/wicketgate && /opt/wicketgate/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt
COPY pyproject.toml README.md ./
COPY proxy proxy
COPY admin admin
COPY data data
RUN /opt/wicketgate/bin/pip install --no-cache-dir --no-deps . && /opt/wicketgate/bin/pip uninstall -y pip

FROM python:3.13-slim
COPY --from=build /opt/wicketgate /opt/wicketgate
RUN mkdir -m 0700 /data /keys && chown 65534:65534 /data /keys
# The places of keys, not keys.
# hadolint ignore=DL3064
ENV PATH=/opt/wicketgate/bin:$PATH PYTHONDONTWRITEBYTECODE=1 \
    WICKETGATE_DATA_DIR=/data WICKETGATE_SECRET_KEY_FILE=/keys/secret-key WICKETGATE_AUDIT_KEY=/keys/audit-ed25519.pem \
    WICKETGATE_HOST=0.0.0.0
USER 65534:65534
# Two volumes: a copy of the data does not open what is sealed with one key, nor sign what the other signs.
VOLUME ["/data", "/keys"]
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/readyz', timeout=2)"]
ENTRYPOINT ["wicketgate"]
CMD ["serve"]
