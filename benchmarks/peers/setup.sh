#!/bin/sh
# Installs what benchmarks/search.py compares with: PostgreSQL and PostGIS of Debian (as root),
# pgstac and stac-fastapi-pgstac in a virtual environment of their own, .venv-pgstac.
set -eu
cd "$(dirname "$0")/../.."
PYTHON="${PYTHON:-python3.11}"
if ! ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
  || ! ls /usr/share/postgresql/*/extension/postgis.control >/dev/null 2>&1; then
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    postgresql postgresql-postgis
fi
[ -x .venv-pgstac/bin/python ] || "$PYTHON" -m venv .venv-pgstac
.venv-pgstac/bin/pip install --quiet 'pypgstac[psycopg]==0.10.0' 'stac-fastapi-pgstac==7.2.0' uvicorn
.venv-pgstac/bin/pip list 2>/dev/null | grep -E '^(pypgstac|stac-fastapi-pgstac|uvicorn) '
