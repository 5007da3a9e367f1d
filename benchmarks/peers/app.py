"""stac-fastapi-pgstac with search only, as uvicorn takes it: ``uvicorn app:app``."""

from stac_fastapi.pgstac.app import create_app

app = create_app()
