"""django-tenants' PostgreSQL backend, which names the schema only to a server that is in another one."""
