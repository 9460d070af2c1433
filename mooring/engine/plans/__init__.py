"""What would a job write, and does it later write exactly that? A plan: made, compared, applied."""
