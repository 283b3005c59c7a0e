"""Decides which invoices a receipt settles. Plain values in, plain values out: no database, no clock, no network."""
