"""A SCIM service of other hands, in process: it takes bulk requests and answers them. Test support."""

from __future__ import annotations

from typing import Any

from scim2_models import BulkRequest, Context, EnterpriseUser, ScimProvider, User
from scim2_server.applications.wsgi import WSGIApplication
from scim2_server.memory import InMemoryStorage
from scim2_server.utils import (
    load_default_resource_types,
    load_default_schemas,
    load_default_service_provider_config,
)
from werkzeug.test import Client


class ScimService:
    """One empty service with the schemas of RFC 7643."""

    def __init__(self) -> None:
        provider = ScimProvider.from_discovery(
            load_default_schemas().values(), load_default_resource_types().values(),
            config=load_default_service_provider_config(),
        )  # fmt: skip
        self._client = Client(WSGIApplication(InMemoryStorage(), provider))

    def bulk(self, document: dict[str, Any]) -> dict[str, Any]:
        """Answer a bulk request."""
        answer = self._client.post("/v2/Bulk", json=document, content_type="application/scim+json")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json
        return found

    def users(self) -> dict[str, dict[str, Any]]:
        """externalId -> user."""
        answer = self._client.get("/v2/Users?count=1000")
        return {one["externalId"]: one for one in answer.json["Resources"]}


def assert_valid(document: dict[str, Any]) -> None:
    """The models of RFC 7643 and 7644 take the request, and every operation of it."""
    request = BulkRequest[User[EnterpriseUser]].model_validate(document, scim_ctx=Context.BULK_REQUEST)
    for operation in request.operations or []:
        assert operation.response is None, operation.response
