"""How fast the simulated tenant is, measured beside what it promises (`make bench`)."""
