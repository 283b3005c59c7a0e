"""The launcher behind `make demo` and `make test`: PostgreSQL, Valkey and Payymo's own processes on one machine.

It knows the product only by its command lines; nothing here imports Django.
"""
