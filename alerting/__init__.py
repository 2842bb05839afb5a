"""What rings when a break-glass account is used, as data: queries and schedules."""
