"""A tenant's own rules: frozen values in, a verdict out. No code comes from a tenant, only data."""
