"""How the connector talks to Optimizely and Brevo: one module for each service."""
