"""smalti: raw customer data in, a plan for every single customer out."""
