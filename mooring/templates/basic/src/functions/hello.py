"""Greet whoever is named in the request."""

from mooring.sdk import Function, Response, storage


class Hello(Function):
    """POST {"name": "Ada"} answers {"greeting": "Hello Ada", "count": 1}."""

    def perform(self) -> Response:
        """Greet, and count the greetings of the day."""
        name = (self.request.body_json or {}).get("name", "world")
        salutation = storage.settings.get("greeting").get("salutation", "Hello")
        count = storage.kv_store.increment("greetings", "count")
        return Response(200, {"greeting": f"{salutation} {name}", "count": count})
