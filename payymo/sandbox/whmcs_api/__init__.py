"""The WHMCS stand-in: `includes/api.php` of each site, and a plain page of an invoice for the eye."""
