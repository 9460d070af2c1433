"""Which webhooks does the connector answer? One module for each."""
