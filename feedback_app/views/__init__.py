"""One module for each thing people do; each is a blueprint."""
