from mooring.testing.plugin import app_context, invocation, memory_app, run_job

__all__ = ["app_context", "invocation", "memory_app", "run_job"]
