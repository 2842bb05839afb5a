"""Our program, watched while it waits for the tenant."""
