"""What rings when a break-glass account is used or tampered with, as data, and what it costs."""
