"""Day before month, as every page has it, and each moment with its zone: staff looks into several of them."""

DATE_FORMAT = "j M Y"
DATETIME_FORMAT = "j M Y, H:i T"
