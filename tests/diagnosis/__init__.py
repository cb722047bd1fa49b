"""What `oneroster diagnose` tells."""
