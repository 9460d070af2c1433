"""What does the connector do when it is installed, configured and removed?"""
