"""Who runs jobs? The job process of a home, and any number of workers beside it."""
