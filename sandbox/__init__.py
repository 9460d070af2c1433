"""Local Optimizely and Brevo over one consistent account, for the demo and the tests.

Knows nothing of the host or of the connector: it only speaks the services' own HTTP.
"""
