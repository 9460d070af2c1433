"""Everything that the sandbox knows: one account, seen through Optimizely's and Brevo's eyes."""
