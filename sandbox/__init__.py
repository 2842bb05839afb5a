"""A simulated Microsoft 365 tenant over real HTTP: to try the product and to prove it."""
