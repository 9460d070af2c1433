from mooring.testing.plugin import app_context, invocation, memory_app

__all__ = ["app_context", "invocation", "memory_app"]
