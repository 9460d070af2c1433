"""Secret values behind one port: the OS keychain, or ciphertext in the host's database."""
