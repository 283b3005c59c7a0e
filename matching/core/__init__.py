"""Decides which invoices a receipt settles. Plain values in, plain values out: no database, no clock, no network."""

from matching.core.compiled import prefer_compiled

prefer_compiled(__path__)
