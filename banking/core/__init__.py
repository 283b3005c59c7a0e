"""Plain Python about bank statements: values in, answers out."""
