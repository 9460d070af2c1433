"""What does the Optimizely Connector consist of?

Functions, jobs and the lifecycle are what the host calls; ``core`` decides, ``clients`` speak.
"""
