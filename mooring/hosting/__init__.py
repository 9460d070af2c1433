"""Who puts everything together, and which of its parts answers for what?"""
