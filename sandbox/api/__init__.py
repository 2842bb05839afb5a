"""The HTTP faces of the simulated tenant: login, Graph, ARM, control. No rules live here."""
