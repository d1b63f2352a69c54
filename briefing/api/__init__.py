"""JSON for programs: `/api/v1/`, described by OpenAPI at `/api/v1/docs`."""
