"""Local stand-ins of GoCardless Bank Account Data, Stripe and WHMCS that speak the providers' real wire formats.

`python -m payymo.sandbox --home DIR --port N` serves all three on one loopback port. The product never knows: it is
given a base URL. Nothing here imports Django or the product.
"""
