"""Logs, the queries over them, alerts and the messages that they send."""
