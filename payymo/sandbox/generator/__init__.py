"""Generators of the invented hosts: clients, invoices, transfers, card payments and what WHMCS has booked of them."""
