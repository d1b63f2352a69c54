# One image for every process of a copy: web, workers, beat, and manage.py.
FROM python:3.12-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore UV_PYTHON_DOWNLOADS=never
WORKDIR /opt/briefing
COPY requirements-bootstrap.lock requirements.lock ./
RUN python -m venv .venv \
    && .venv/bin/python -m pip install --quiet --no-cache-dir --require-hashes -r requirements-bootstrap.lock \
    && .venv/bin/uv pip install --quiet --no-cache --python .venv/bin/python --require-hashes -r requirements.lock \
    && .venv/bin/uv pip uninstall --quiet --python .venv/bin/python uv

FROM python:3.12-slim-bookworm
ENV PATH=/opt/briefing/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LOCAL_DIR=/var/lib/briefing
RUN useradd --system --uid 10001 --home-dir /var/lib/briefing --create-home briefing
WORKDIR /opt/briefing
COPY --from=build /opt/briefing/.venv .venv
COPY manage.py pyproject.toml ./
COPY briefing briefing
COPY subscribers subscribers
COPY templates templates
COPY seeds seeds
USER briefing
VOLUME /var/lib/briefing
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "1", "--no-ws", "briefing.wsgi:application"]
