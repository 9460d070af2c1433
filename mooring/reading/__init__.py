"""From files to typed values with positions; the only place for yaml and jsonschema."""
