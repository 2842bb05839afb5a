"""The chapters of `breakglass up`, one a file; each does one thing and tells of it."""
